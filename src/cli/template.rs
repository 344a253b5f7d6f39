//! `candor template`: the texts of notices, their versions, and the starting texts.

use anyhow::{Context, Result, bail};
use clap::Subcommand;
use serde_json::json;

use super::{Settings, account, say, say_json};
use crate::app::App;
use crate::id::TemplateId;
use crate::staff::Right;
use crate::template::diff::{self, Fate, Piece};
use crate::template::edit::EditError;
use crate::template::{Variant, manage, starting_text, store};

/// Templates: find them, read and compare their versions, begin, copy and delete them
#[derive(Debug, Subcommand)]
pub(crate) enum Template {
    /// List the templates, or those with all of these words in their name or newest texts
    #[command(after_help = "Example:\n  candor template list --find \"credit freeze\"")]
    List {
        /// Words to look for
        #[arg(long, default_value = "")]
        find: String,
        /// Print them as JSON
        #[arg(long)]
        json: bool,
    },
    /// Show the texts of a version
    #[command(after_help = "Example:\n  candor template show tpl_0192… --version 2 --json")]
    Show {
        /// Its id
        id: TemplateId,
        /// The version; the newest if none is given
        #[arg(long)]
        version: Option<i32>,
        /// Print it as JSON
        #[arg(long)]
        json: bool,
    },
    /// List the versions: who wrote which when, and the campaigns that use them
    #[command(after_help = "Example:\n  candor template versions tpl_0192…")]
    Versions {
        /// Its id
        id: TemplateId,
        /// Print them as JSON
        #[arg(long)]
        json: bool,
    },
    /// Compare two versions: [-removed-] and {+added+} words
    #[command(after_help = "Example:\n  candor template diff tpl_0192… --from 1 --to 3")]
    Diff {
        /// Its id
        id: TemplateId,
        /// The older version
        #[arg(long)]
        from: i32,
        /// The newer version; the newest of all if none is given
        #[arg(long)]
        to: Option<i32>,
    },
    /// List the starting texts, their languages and the facts that they quote
    #[command(after_help = "Example:\n  candor template texts")]
    Texts {
        /// Print them as JSON, with their texts
        #[arg(long)]
        json: bool,
    },
    /// Begin a template with a starting text; prints its id
    #[command(
        after_help = "Example:\n  candor template new --text first_notice --locale en --locale es --name \"First notice\" --as comms@example.org"
    )]
    New {
        /// The name of the template, for staff
        #[arg(long)]
        name: String,
        /// The key of the starting text
        #[arg(long)]
        text: String,
        /// A language of it; may be repeated; all of them if none is given
        #[arg(long = "locale")]
        locales: Vec<String>,
        #[command(flatten)]
        by: By,
    },
    /// Copy a version into a new template; prints its id
    #[command(
        after_help = "Example:\n  candor template copy tpl_0192… --name \"Second notice\" --as comms@example.org"
    )]
    Copy {
        /// Its id
        id: TemplateId,
        /// The version; the newest if none is given
        #[arg(long)]
        version: Option<i32>,
        /// The name of the copy
        #[arg(long)]
        name: String,
        #[command(flatten)]
        by: By,
    },
    /// Delete a template that no campaign ever used
    #[command(after_help = "Example:\n  candor template delete tpl_0192… --as comms@example.org")]
    Delete {
        /// Its id
        id: TemplateId,
        #[command(flatten)]
        by: By,
    },
}

/// The account that acts.
#[derive(Debug, clap::Args)]
pub(crate) struct By {
    /// The e-mail address of an account with the right; needed if several have it
    #[arg(long = "as", value_name = "ADDRESS")]
    address: Option<String>,
}

impl Template {
    pub(crate) async fn run(self, settings: &Settings) -> Result<()> {
        if let Self::Texts { json } = self {
            return texts(json);
        }
        // Texts are not sealed: no command needs a key.
        let app = &settings.without_keys()?;
        match self {
            Self::List { find, json } => list(app, &find, json).await,
            Self::Show { id, version, json } => show(app, (id, version), json).await,
            Self::Versions { id, json } => versions(app, id, json).await,
            Self::Diff { id, from, to } => compare(app, id, from, to).await,
            Self::Texts { .. } => Ok(()),
            Self::New {
                name,
                text,
                locales,
                by,
            } => {
                let by = account(app, Right::EditTemplate, by.address.as_deref()).await?;
                let text = starting_text::find(&text).ok_or(EditError::NoSuchStart)?;
                say(manage::begin(app, by, &name, text, &locales).await?)
            }
            Self::Copy {
                id,
                version,
                name,
                by,
            } => {
                let by = account(app, Right::EditTemplate, by.address.as_deref()).await?;
                say(manage::copy(app, by, (id, version), &name).await?)
            }
            Self::Delete { id, by } => {
                let by = account(app, Right::EditTemplate, by.address.as_deref()).await?;
                manage::delete(app, by, id, None).await?;
                say(format!("deleted {id}"))
            }
        }
    }
}

async fn list(app: &App, find: &str, json: bool) -> Result<()> {
    let found = store::search(&mut *app.db.get().await?, find).await?;
    if json {
        let rows: Vec<_> = found
            .iter()
            .map(|one| {
                json!({ "id": one.id, "name": one.name, "version": one.version, "locales": one.locales,
                    "created_at": one.created_at })
            })
            .collect();
        return say_json(&rows);
    }
    found.iter().try_for_each(|one| {
        let (id, version, locales) = (one.id, one.version, one.locales.join(","));
        say(format!("{id}  v{version:<3}  {locales:<20}  {}", one.name))
    })
}

async fn show(app: &App, (id, version): (TemplateId, Option<i32>), json: bool) -> Result<()> {
    let of = store::find(&mut *app.db.get().await?, id, version).await;
    let of = of.context("there is no such template or version")?;
    if json {
        return say_json(
            &json!({ "id": of.id, "name": of.name, "version": of.version,
            "variants": of.variants, "names": of.names }),
        );
    }
    say(format!("{}, version {}", of.name, of.version))?;
    of.variants.iter().try_for_each(|(locale, text)| {
        say(format!(
            "\n[{locale}] {}\n\n{}",
            text.subject,
            text.body.trim_end()
        ))
    })
}

async fn versions(app: &App, id: TemplateId, json: bool) -> Result<()> {
    let mut conn = app.db.get().await?;
    let versions = store::versions(&mut conn, id).await?;
    if versions.is_empty() {
        bail!("there is no template {id}: `candor template list` names them");
    }
    let uses = store::uses(&mut conn, id).await?;
    let of = |version: i32| uses.iter().filter(move |one| one.version == version);
    if json {
        let rows: Vec<_> = versions
            .iter()
            .map(|one| {
                let campaigns: Vec<_> = of(one.version).map(|one| one.campaign).collect();
                json!({ "version": one.version, "created_by": one.by, "created_at": one.at,
                    "locales": one.locales, "changed": one.changed, "campaigns": campaigns })
            })
            .collect();
        return say_json(&rows);
    }
    for one in &versions {
        let changed = one.changed.join(",");
        let at = one.at.format("%Y-%m-%d %H:%M UTC");
        say(format!(
            "v{:<3}  {at}  {}  changed: {changed}",
            one.version, one.by
        ))?;
        of(one.version).try_for_each(|one| say(format!("      {} {one}", one.campaign)))?;
    }
    Ok(())
}

async fn compare(app: &App, id: TemplateId, from: i32, to: Option<i32>) -> Result<()> {
    let mut conn = app.db.get().await?;
    let missing = "there is no such template or version";
    let older = store::find(&mut conn, id, Some(from))
        .await
        .context(missing)?;
    let newer = store::find(&mut conn, id, to).await.context(missing)?;
    let mut locales: Vec<_> = older.variants.keys().chain(newer.variants.keys()).collect();
    locales.sort_unstable();
    locales.dedup();
    for locale in locales {
        let (was, is) = (older.variants.get(locale), newer.variants.get(locale));
        if was == is {
            continue;
        }
        let part = |text: Option<&Variant>| {
            text.map_or_else(String::new, |text| {
                format!("{}\n\n{}", text.subject, text.body)
            })
        };
        let pieces = diff::words(&part(was), &part(is));
        say(format!("[{locale}] {}\n", marked(&pieces).trim_end()))?;
    }
    Ok(())
}

/// As `git diff --word-diff` marks words.
fn marked(pieces: &[Piece]) -> String {
    let mark = |piece: &Piece| match piece.fate {
        Fate::Same => piece.text.clone(),
        Fate::Removed => format!("[-{}-]", piece.text),
        Fate::Added => format!("{{+{}+}}", piece.text),
    };
    pieces.iter().map(mark).collect()
}

fn texts(json: bool) -> Result<()> {
    let all = starting_text::all();
    if json {
        let rows: Vec<_> = all
            .iter()
            .map(|one| {
                json!({ "key": one.key, "title": one.title, "about": one.about, "facts": one.facts,
                    "variants": one.variants })
            })
            .collect();
        return say_json(&rows);
    }
    all.iter().try_for_each(|one| {
        let (languages, facts) = (one.languages(), one.facts.join(", "));
        say(format!(
            "{}  {}\n    {languages}\n    facts: {facts}",
            one.key, one.title
        ))
    })
}
