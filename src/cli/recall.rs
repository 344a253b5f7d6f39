//! `candor recall`: the actions of the console on texts that were sent and are wrong, for an account.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Subcommand;
use serde_json::json;

use super::lookup::{incident_named, people};
use super::{Settings, account, say, say_json};
use crate::app::App;
use crate::id::{RecallId, TemplateId};
use crate::recall::readers::{self, Count};
use crate::recall::steer::{self, Seen};
use crate::recall::{self, Corrections, Named, draft, store};
use crate::staff::Right;

/// The most recalls that a list prints.
const LATEST: i64 = 200;
/// People that are read at a time.
const CHUNK: i64 = 1_000;

/// List recalls, propose, publish, withdraw and discard them, print who was sent a wrong text, and draft a correction to
/// these people
#[derive(Debug, Subcommand)]
pub(crate) enum Recall {
    /// List the newest 200 recalls of an incident, newest first
    #[command(after_help = "Example:\n  candor recall list --incident carrier-2021")]
    List {
        /// The incident's name in URLs
        #[arg(long)]
        incident: String,
    },
    /// Show one recall, and count the people who were sent the wrong text
    #[command(after_help = "Example:\n  candor recall show rcl_0192…")]
    Show {
        /// Its id
        id: RecallId,
        /// Print it as JSON
        #[arg(long)]
        json: bool,
    },
    /// Print the people who were sent the wrong text, as CSV
    #[command(after_help = "Example:\n  candor recall people rcl_0192… > people.csv")]
    People {
        /// Its id
        id: RecallId,
    },
    /// Propose a recall; prints its id
    #[command(
        after_help = "Example:\n  candor recall propose --incident carrier-2021 --words '5 May' --correction en=correction.txt"
    )]
    Propose(Propose),
    /// Publish a correction that another account proposed
    #[command(after_help = "Example:\n  candor recall publish rcl_0192… --as approver@example.org")]
    Publish(Act),
    /// Take a correction off the status pages
    #[command(after_help = "Example:\n  candor recall withdraw rcl_0192… --as comms@example.org")]
    Withdraw(Act),
    /// Discard a proposal
    #[command(after_help = "Example:\n  candor recall discard rcl_0192… --as comms@example.org")]
    Discard(Act),
    /// Draft a correction to the people who were sent the wrong text; prints its id
    #[command(
        after_help = "Example:\n  candor recall draft rcl_0192… --template tpl_0192… --as comms@example.org"
    )]
    Draft(Draft),
}

/// The texts of the correction.
#[derive(Debug, clap::Args)]
pub(crate) struct Draft {
    /// The id of the recall
    id: RecallId,
    /// The template with the right text
    #[arg(long)]
    template: TemplateId,
    /// Its version; the newest if left out
    #[arg(long)]
    template_version: Option<i32>,
    /// Who does it: the e-mail address of an account. Not needed if only one may
    #[arg(long = "as")]
    by: Option<String>,
}

/// What is proposed.
#[derive(Debug, clap::Args)]
pub(crate) struct Propose {
    /// The incident's name in URLs
    #[arg(long)]
    incident: String,
    /// The template of the wrong text
    #[arg(long, requires = "template_version")]
    template: Option<TemplateId>,
    /// The version of the template
    #[arg(long, requires = "template")]
    template_version: Option<i32>,
    /// Words of the wrong text
    #[arg(long)]
    words: Option<String>,
    /// A language, and the file with the correction in it: en=correction.txt; may be repeated
    #[arg(long, required = true, value_parser = language_and_file)]
    correction: Vec<(String, PathBuf)>,
    /// Who does it: the e-mail address of an account. Not needed if only one may
    #[arg(long = "as")]
    by: Option<String>,
}

/// A recall, and the account that acts.
#[derive(Debug, clap::Args)]
pub(crate) struct Act {
    /// Its id
    id: RecallId,
    /// Who does it: the e-mail address of an account. Not needed if only one may
    #[arg(long = "as")]
    by: Option<String>,
}

fn language_and_file(typed: &str) -> Result<(String, PathBuf), &'static str> {
    let (language, file) = typed
        .split_once('=')
        .ok_or("write a language and a file, such as en=correction.txt")?;
    Ok((language.to_owned(), PathBuf::from(file)))
}

impl Recall {
    pub(crate) async fn run(self, settings: &Settings) -> Result<()> {
        match self {
            Self::List { incident } => list(&settings.without_keys()?, &incident).await,
            Self::Show { id, json } => show(&settings.without_keys()?, id, json).await,
            Self::People { id } => print_people(&settings.without_keys()?, id).await,
            Self::Propose(new) => new.run(&settings.ready().await?).await,
            Self::Publish(act) => {
                let app = settings.ready().await?;
                let by = account(&app, Right::ApproveCampaign, act.by.as_deref()).await?;
                Ok(steer::publish(&app, by, Seen::at(act.id, None)).await?)
            }
            Self::Withdraw(act) => {
                let app = settings.ready().await?;
                let by = account(&app, Right::DraftCampaign, act.by.as_deref()).await?;
                Ok(steer::withdraw(&app, by, Seen::at(act.id, None)).await?)
            }
            Self::Discard(act) => {
                let app = settings.ready().await?;
                let by = account(&app, Right::DraftCampaign, act.by.as_deref()).await?;
                Ok(steer::discard(&app, by, Seen::at(act.id, None)).await?)
            }
            Self::Draft(new) => {
                let app = settings.ready().await?;
                let by = account(&app, Right::DraftCampaign, new.by.as_deref()).await?;
                let template = (new.template, new.template_version);
                say(draft::draft(&app, by, new.id, template).await?)
            }
        }
    }
}

impl Propose {
    async fn run(self, app: &App) -> Result<()> {
        let by = account(app, Right::DraftCampaign, self.by.as_deref()).await?;
        let of = incident_named(app, &self.incident).await?;
        let mut corrections = Corrections::new();
        for (language, file) in self.correction {
            let text = std::fs::read_to_string(&file)
                .with_context(|| format!("the file {} cannot be read", file.display()))?;
            if corrections.insert(language.clone(), text).is_some() {
                bail!("{language} has two corrections");
            }
        }
        let named = Named {
            template: self.template.zip(self.template_version),
            words: self.words,
        };
        say(steer::propose(app, by, of, (named, corrections)).await?)
    }
}

async fn list(app: &App, slug: &str) -> Result<()> {
    let of = incident_named(app, slug).await?;
    let found = store::list(&mut *app.db.get().await?, of, None, LATEST).await?;
    found.iter().try_for_each(|one| {
        let at = one.proposed.1.format("%F %T UTC");
        say(format!("{}  {:<9}  {at}", one.id, one.status.as_str()))
    })
}

async fn show(app: &App, id: RecallId, json: bool) -> Result<()> {
    let mut conn = app.db.patient().get().await?;
    let recall = store::find(&mut conn, id).await?;
    let count = readers::count(&mut conn, &recall).await?;
    if json {
        return say_json(&as_json(&recall, count));
    }
    say(format!("{id}  {}", recall.status))?;
    for texts in &recall.texts {
        say(format!("{}  {}", texts.campaign, texts.locales.join(", ")))?;
    }
    say(format!("{} were sent it", people(count.sent)))?;
    say(format!("{} may have been sent it", people(count.perhaps)))?;
    let used = people(count.used);
    say(format!("{used} used their page since"))
}

fn as_json(of: &recall::Recall, count: Count) -> serde_json::Value {
    let texts = of.texts.iter();
    let texts = texts.map(|one| json!({ "campaign": one.campaign, "locales": one.locales }));
    json!({
        "id": of.id, "incident": of.incident, "status": of.status, "version": of.version,
        "texts": texts.collect::<Vec<_>>(), "corrections": of.corrections,
        "people": { "sent": count.sent, "perhaps": count.perhaps, "used_page_since": count.used },
    })
}

async fn print_people(app: &App, id: RecallId) -> Result<()> {
    let mut conn = app.db.patient().get().await?;
    let recall = store::find(&mut conn, id).await?;
    say("person,notice,certain,at,used_page_since")?;
    let mut after = None;
    loop {
        let found = readers::page(&mut conn, &recall, after, CHUNK).await?;
        let Some(last) = found.last() else {
            return Ok(());
        };
        after = Some(last.person);
        for one in &found {
            let at = one.at.to_rfc3339();
            say(format!(
                "{},{},{},{at},{}",
                one.person, one.notice, one.certain, one.used
            ))?;
        }
    }
}
