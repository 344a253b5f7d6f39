//! The versions of a template: who wrote which when, the campaigns that use them, and what differs between two.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use askama::Template;
use serde::Deserialize;

use super::compare::{Compared, compared, languages};
use super::language::own_name;
use super::page::Variant;
use crate::app::App;
use crate::db::Conn;
use crate::id::TemplateId;
use crate::staff::Right;
use crate::staff::right::SeeTemplates;
use crate::template::store::{self, Use, Version};
use crate::template::{Variants, pick};
use crate::web::caller::{Allowed, Signed};
use crate::web::console::Choice;
use crate::web::console::answer;
use crate::web::console::names::Names;
use crate::web::figures::filters;
use crate::web::form::Query;
use crate::web::page::{self, Area, ConsoleFrame, Faults, Moment};
use crate::web::problem::{Answer, Problem};

/// `/console/templates/{id}/history`
#[derive(Template)]
#[template(path = "console/template/history.html")]
pub struct History {
    /// The frame.
    pub desk: ConsoleFrame,
    /// Its id.
    pub id: String,
    /// Its name, for staff.
    pub name: String,
    /// The number of the newest version.
    pub newest: i64,
    /// The same as the form that deletes carries it.
    pub version_text: String,
    /// Where that form goes.
    pub delete_path: String,
    /// What the button that copies says.
    pub copy_words: String,
    /// All versions, the newest first.
    pub versions: Vec<Line>,
    /// The versions to choose from.
    pub choices: Vec<Choice>,
    /// What is shown below the list.
    pub shown: Shown,
    /// The name of the copy, as typed or as proposed.
    pub copy: String,
    /// Why the template cannot be deleted; empty if it can.
    pub kept: String,
    /// What is wrong with what was typed.
    pub faults: Faults,
    /// Whether the reader may copy and delete it.
    pub may_edit: bool,
}

/// One version in the list.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the columns of the table")]
pub struct Line {
    pub version: i64,
    pub by: String,
    pub at: Moment,
    pub changed: String,
    /// The campaigns that use it, with their words.
    pub campaigns: Vec<(String, String)>,
}

/// A version, or what differs between two.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    /// The version.
    pub version: i64,
    /// The same as text.
    pub to: String,
    /// The older version of a comparison; empty without one.
    pub from: String,
    /// The language.
    pub locale: String,
    /// The languages of the versions.
    pub languages: Vec<Tab>,
    /// The text of that language.
    pub text: Option<Variant>,
    /// What differs in that language.
    pub compared: Option<Compared>,
    /// The elements that the texts name in their own words.
    pub names: String,
}

/// A language to choose.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the parts of the tab")]
pub struct Tab {
    pub locale: String,
    pub language: String,
    pub differs: bool,
}

/// The query.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    pub(super) version: Option<i32>,
    pub(super) from: Option<i32>,
    pub(super) locale: String,
}

/// `GET /console/templates/{id}/history`.
///
/// # Errors
/// 404, also for a version that is not there.
pub(crate) async fn show(
    who: Allowed<SeeTemplates>,
    req: HttpRequest,
    app: Data<App>,
    id: Path<TemplateId>,
    asked: Query<Asked>,
) -> Answer {
    let page = load(&app, &req, &who, *id, &asked).await?;
    Ok(page::show(StatusCode::OK, &page)?)
}

/// Reads the page.
pub(super) async fn load(
    app: &App,
    req: &HttpRequest,
    who: &Signed,
    id: TemplateId,
    asked: &Asked,
) -> Result<History, Problem> {
    let mut conn = app.db.get().await?;
    let versions = store::versions(&mut conn, id).await?;
    let newest = versions.first().map_or(0, |one| one.version);
    let (shown, name) = shown(&mut conn, id, asked, newest).await?;
    let uses = store::uses(&mut conn, id).await?;
    let names = Names::load(&mut conn).await?;
    let line = |one: &Version| line(one, &uses, &names, app);
    Ok(History {
        desk: answer::frame(app, &mut conn, req, who, Area::Templates).await?,
        id: id.to_string(),
        copy: copy_of(&name),
        name,
        newest: newest.into(),
        version_text: newest.to_string(),
        delete_path: format!("/console/templates/{id}/delete"),
        copy_words: format!("Copy version {}", shown.version),
        choices: versions.iter().map(choice).collect(),
        versions: versions.iter().map(line).collect(),
        shown,
        kept: kept(&uses),
        faults: Faults::default(),
        may_edit: who.may(Right::EditTemplate),
    })
}

/// The version that is asked for, or the comparison, and the name of the template.
async fn shown(
    conn: &mut Conn,
    id: TemplateId,
    asked: &Asked,
    newest: i32,
) -> Result<(Shown, String), Problem> {
    let version = asked.version.unwrap_or(newest);
    let from = asked.from.filter(|from| *from != version);
    let wanted: Vec<_> = [Some(version), from].into_iter().flatten().collect();
    let wanted: Vec<_> = wanted.into_iter().map(|one| (id, one)).collect();
    let mut both = store::find_many(conn, &wanted).await?;
    if both.len() != wanted.len() {
        return Err(Problem::not_found());
    }
    both.sort_by_key(|one| one.version == version);
    let of = both.pop().ok_or_else(Problem::not_found)?;
    let older = both.pop();
    let tabs = match &older {
        Some(older) => languages(&older.variants, &of.variants),
        None => languages(&of.variants, &of.variants),
    };
    let locale = chosen(&asked.locale, &tabs, &of.variants);
    let tab = |(locale, differs): (String, bool)| Tab {
        language: own_name(&locale),
        locale,
        differs,
    };
    let text = of.variants.get(&locale).cloned();
    let shown = Shown {
        version: version.into(),
        to: version.to_string(),
        from: from.map(|from| from.to_string()).unwrap_or_default(),
        text: text.map(|text| Variant::from((locale.clone(), text))),
        compared: older.map(|older| compared(&locale, &older.variants, &of.variants)),
        languages: tabs.into_iter().map(tab).collect(),
        locale,
        names: of.names.to_string(),
    };
    Ok((shown, of.name))
}

/// The language to show: the one asked for, else the first that differs, else the one that English readers get.
fn chosen(asked: &str, tabs: &[(String, bool)], of: &Variants) -> String {
    let there = tabs.iter().find(|(locale, _)| locale == asked);
    let differing = || tabs.iter().find(|(_, differs)| *differs);
    let found = there.or_else(differing).map(|(locale, _)| locale.clone());
    found
        .or_else(|| pick(of, "en").map(|(locale, _)| locale.to_owned()))
        .unwrap_or_default()
}

fn line(one: &Version, uses: &[Use], names: &Names, app: &App) -> Line {
    let campaigns = uses.iter().filter(|of| of.version == one.version);
    let changed = match one.version {
        1 => format!("{} (first)", one.locales.join(", ")),
        _ if one.changed.is_empty() => "none".to_owned(),
        _ => one.changed.join(", "),
    };
    Line {
        version: one.version.into(),
        by: names.of(one.by),
        at: Moment::ago(one.at, app.now()),
        changed,
        campaigns: campaigns
            .map(|of| (of.campaign.to_string(), of.to_string()))
            .collect(),
    }
}

fn choice(one: &Version) -> Choice {
    Choice {
        value: one.version.to_string(),
        words: format!("Version {}", one.version),
    }
}

/// A name for a copy that is not too long.
fn copy_of(name: &str) -> String {
    let name: String = name.chars().take(90).collect();
    format!("Copy of {name}")
}

/// Why a template that campaigns use is not deleted.
fn kept(uses: &[Use]) -> String {
    match uses {
        [] => String::new(),
        [one] => format!("The campaign “{one}” uses version {}.", one.version),
        [one, ..] => format!(
            "{} campaigns use it, the newest is “{one}” with version {}.",
            uses.len(),
            one.version
        ),
    }
}
