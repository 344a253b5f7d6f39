//! One incident: its state, its people, its facts, what was said, its scopes and campaigns.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use askama::Template;
use chrono::{NaiveDate, NaiveTime};
use serde::Deserialize;

use super::around::{self, account, incident_at, log, on_to, out_of_date, template_names};
use super::{Account, Choice, Deed, Done};
use crate::app::App;
use crate::campaign::{self, Campaign};
use crate::db::Conn;
use crate::incident::steer::{self, SteerError};
use crate::incident::{Incident, IncidentState, UpdateKind, store};
use crate::notice::NoticeStatus;
use crate::scope;
use crate::staff::Right;
use crate::staff::right::{SeeIncidents, SteerIncident};
use crate::web::figures::filters;
use crate::web::form::Form;
use crate::web::page::{self, Area, Desk, Faults, Moment};
use crate::web::problem::{Answer, Problem};
use crate::web::public::{Fact, Update};
use crate::web::who::{Allowed, Signed};

/// `/console/incidents/{slug}`
#[derive(Template)]
#[template(path = "console/incident.html")]
pub struct IncidentPage {
    /// The frame.
    pub desk: Desk,
    /// Its address.
    pub slug: String,
    /// Its title.
    pub title: String,
    /// Its state.
    pub state: String,
    /// What the fact sheet's form was made from.
    pub version: i32,
    /// The states it may move to; `name` is the state.
    pub next: Vec<Deed>,
    /// Its figures; none before the first scope is active.
    pub account: Option<Account>,
    /// The fact sheet. Two empty pairs are added below for new facts.
    pub facts: Vec<Fact>,
    /// Why the fact sheet was refused; field `facts`.
    pub facts_faults: Faults,
    /// What was published, the latest first.
    pub updates: Vec<Update>,
    /// The form for the next statement; none for whoever may not publish.
    pub publish: Option<Publish>,
    /// All scope versions, the latest first.
    pub scopes: Vec<ScopeRow>,
    /// All campaigns, the latest first.
    pub campaigns: Vec<CampaignRow>,
    /// The latest deeds.
    pub log: Vec<Done>,
    /// Whether this person may change the incident.
    pub may_edit: bool,
    /// The form that forgets its people; none unless it is over and this person may.
    pub farewell: Option<Farewell>,
    /// When its people were forgotten.
    pub forgotten: Option<Moment>,
}

/// The form for a statement, as typed.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the fields of the form")]
pub struct Publish {
    pub kind: String,
    pub text: String,
    pub next_on: String,
    pub faults: Faults,
}

impl Publish {
    /// The kinds of statement.
    pub fn kinds(&self) -> Vec<Choice> {
        let kinds = [
            ("known", "Known"),
            ("being_checked", "Being checked"),
            ("corrected", "Corrected"),
        ];
        kinds
            .map(|(value, words)| Choice {
                value: value.into(),
                words: words.into(),
            })
            .into()
    }
}

/// One import of the affected list.
#[derive(Debug, Clone)]
pub struct ScopeRow {
    /// 1, 2 …
    pub version: i64,
    /// `draft`, `active`, `superseded` or `discarded`.
    pub status: String,
    /// Rows taken.
    pub accepted: i64,
    /// Rows refused.
    pub rejected: i64,
    /// When it was imported.
    pub at: Moment,
}

/// One campaign in a list.
#[derive(Debug, Clone)]
pub struct CampaignRow {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its incident's title.
    pub incident: String,
    /// `initial`, `supplement` or `correction`.
    pub kind: String,
    /// Its state.
    pub status: String,
    /// Notices sent.
    pub sent: i64,
    /// Notices in all, or people in the audience before it is launched.
    pub total: i64,
}

impl IncidentPage {
    /// The facts and two empty pairs for new ones, so that the form needs no script.
    fn fact_rows(&self) -> Vec<Fact> {
        let empty = || Fact {
            key: String::new(),
            value: String::new(),
        };
        self.facts
            .iter()
            .cloned()
            .chain([empty(), empty()])
            .collect()
    }

    /// Where a form of this page posts to.
    fn to(&self, what: &str) -> String {
        format!("/console/incidents/{}/{what}", self.slug)
    }
}

/// The form that forgets its people, as typed.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the fields of the form")]
pub struct Farewell {
    pub repeated: String,
    pub faults: Faults,
}

/// The empty form, for whoever may forget an incident that is over.
fn farewell(who: &Signed, of: &Incident) -> Option<Farewell> {
    let over = matches!(of.state, IncidentState::Closed | IncidentState::Dismissed);
    let can = over && of.forgotten_at.is_none() && who.may(Right::ForgetIncident);
    can.then(Farewell::default)
}

/// `GET /console/incidents/{slug}`.
///
/// # Errors
/// 404.
pub async fn show(
    who: Allowed<SeeIncidents>,
    req: HttpRequest,
    app: Data<App>,
    slug: Path<String>,
) -> Answer {
    let mut conn = app.db.get().await?;
    let incident = incident_at(&mut conn, &slug).await?;
    let page = filled(&app, &mut conn, &req, &who, incident).await?;
    Ok(page::show(StatusCode::OK, &page)?)
}

/// The page as this person sees it.
///
/// # Errors
/// The database's.
pub async fn filled(
    app: &App,
    conn: &mut Conn,
    req: &HttpRequest,
    who: &Signed,
    of: Incident,
) -> Result<IncidentPage, Problem> {
    let now = app.now();
    let may_edit = who.may(Right::SteerIncident);
    let update = |one: crate::incident::Update| Update {
        kind: one.kind.to_string(),
        at: Moment::exact(one.published_at),
        text: one.body,
    };
    let version = |one: scope::Version| ScopeRow {
        version: one.version.into(),
        status: one.status.to_string(),
        accepted: one.accepted,
        rejected: one.rejected,
        at: Moment::ago(one.created_at, now),
    };
    let campaigns = campaign::store::list(conn, Some(of.id), None, 50).await?;
    Ok(IncidentPage {
        farewell: farewell(who, &of),
        forgotten: of.forgotten_at.map(Moment::exact),
        desk: around::desk(app, conn, req, who, Area::Incidents).await?,
        account: account(conn, &of, now).await?,
        updates: store::list_updates(conn, of.id, 50)
            .await?
            .into_iter()
            .map(update)
            .collect(),
        scopes: scope::store::list(conn, of.id)
            .await?
            .into_iter()
            .map(version)
            .collect(),
        campaigns: rows(conn, campaigns, &of.title).await?,
        log: log(conn, of.id, now).await?,
        next: of.state.after().iter().map(|to| step(*to)).collect(),
        facts: of
            .facts
            .into_iter()
            .map(|(key, value)| Fact { key, value })
            .collect(),
        state: of.state.to_string(),
        version: of.version,
        slug: of.slug,
        title: of.title,
        facts_faults: Faults::default(),
        publish: may_edit.then(Publish::default),
        may_edit,
    })
}

/// Campaigns of one incident as lists show them.
///
/// # Errors
/// The database's.
pub async fn rows(
    conn: &mut Conn,
    campaigns: Vec<Campaign>,
    incident: &str,
) -> Result<Vec<CampaignRow>, Problem> {
    let names = template_names(conn).await?;
    let mut rows = Vec::new();
    for one in campaigns {
        let progress = campaign::store::progress(conn, one.id).await?;
        rows.push(CampaignRow {
            id: one.id.to_string(),
            name: names.get(&one.template).cloned().unwrap_or_default(),
            incident: incident.to_owned(),
            kind: one.kind.to_string(),
            status: one.status.to_string(),
            sent: progress.of(NoticeStatus::Sent),
            total: progress.total(),
        });
    }
    Ok(rows)
}

fn step(to: IncidentState) -> Deed {
    let (words, look, sure) = match to {
        IncidentState::Suspected => ("Suspect", "quiet", ""),
        IncidentState::Confirmed => ("Confirm", "", ""),
        IncidentState::Scoping => ("Start scoping", "", ""),
        IncidentState::Notifying => ("Start notifying", "", ""),
        IncidentState::Monitoring => ("Everybody is told: monitor", "", ""),
        IncidentState::Closed => (
            "Close",
            "",
            "The incident is over. It can be opened again for a new scope.",
        ),
        IncidentState::Dismissed => (
            "Dismiss",
            "danger",
            "It was no breach. This cannot be taken back.",
        ),
    };
    Deed {
        name: to.to_string(),
        words: words.to_owned(),
        look,
        sure: sure.to_owned(),
        blocked: String::new(),
    }
}

/// What the state's buttons send.
#[derive(Deserialize)]
pub struct To {
    to: IncidentState,
}

/// `POST /console/incidents/{slug}/state`.
///
/// # Errors
/// 404, an illegal move.
pub async fn move_to(
    who: Allowed<SteerIncident>,
    app: Data<App>,
    slug: Path<String>,
    form: Form<To>,
) -> Answer {
    let incident = incident_at(&mut *app.db.get().await?, &slug).await?;
    steer::move_to(&app, who.id, incident.id, incident.version, form.to).await?;
    Ok(on_to(&format!("/console/incidents/{slug}"), "moved"))
}

/// What the fact sheet's form sends.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct FactSheet {
    version: i32,
    key: Vec<String>,
    value: Vec<String>,
}

/// `POST /console/incidents/{slug}/facts`.
///
/// # Errors
/// 404, or a fact sheet that somebody changed meanwhile; a bad fact shows the page again.
pub async fn save_facts(
    who: Allowed<SteerIncident>,
    req: HttpRequest,
    app: Data<App>,
    slug: Path<String>,
    mut form: Form<FactSheet>,
) -> Answer {
    let incident = incident_at(&mut *app.db.get().await?, &slug).await?;
    let typed = std::mem::take(&mut form.typed);
    let pairs = typed
        .key
        .into_iter()
        .map(|key| key.trim().to_owned())
        .zip(typed.value);
    let facts = pairs.filter(|(key, _)| !key.is_empty()).collect();
    let saved = steer::edit_facts(
        &app,
        who.id,
        incident.id,
        typed.version,
        &incident.title,
        &facts,
    )
    .await;
    match saved {
        Ok(()) => return Ok(on_to(&format!("/console/incidents/{slug}"), "facts")),
        Err(SteerError::Text(why)) => form.fault("facts", why),
        Err(SteerError::Changed) => {
            let typed = facts.values().cloned().collect::<Vec<_>>().join("\n\n");
            return Err(out_of_date().typed(typed));
        }
        Err(error) => return Err(error.into()),
    }
    let page = filled(&app, &mut *app.db.get().await?, &req, &who, incident).await?;
    let facts = facts
        .into_iter()
        .map(|(key, value)| Fact { key, value })
        .collect();
    let page = IncidentPage {
        facts,
        version: typed.version,
        facts_faults: form.faults,
        ..page
    };
    Ok(page::show(StatusCode::UNPROCESSABLE_ENTITY, &page)?)
}

/// What the form for an update sends.
#[derive(Deserialize)]
pub struct Statement {
    kind: UpdateKind,
    #[serde(default)]
    text: String,
    #[serde(default)]
    next_on: String,
}

/// `POST /console/incidents/{slug}/updates`.
///
/// # Errors
/// 404; a bad text or day shows the page again.
pub async fn publish(
    who: Allowed<SteerIncident>,
    req: HttpRequest,
    app: Data<App>,
    slug: Path<String>,
    mut form: Form<Statement>,
) -> Answer {
    let incident = incident_at(&mut *app.db.get().await?, &slug).await?;
    let typed = &form.typed;
    let error = match promise(&typed.next_on, app.now().date_naive()) {
        Err(why) => ("next_on", why.to_owned()),
        Ok(promise) => {
            let body = format!("{}{promise}", typed.text);
            match steer::publish(&app, who.id, incident.id, typed.kind, &body, None).await {
                Ok(_) => return Ok(on_to(&format!("/console/incidents/{slug}"), "published")),
                Err(SteerError::Text(why)) => ("text", why.to_string()),
                Err(error) => return Err(error.into()),
            }
        }
    };
    form.fault(error.0, error.1);
    let Statement {
        kind,
        text,
        next_on,
    } = form.typed;
    let publish = Publish {
        kind: kind.to_string(),
        text,
        next_on,
        faults: form.faults,
    };
    let page = filled(&app, &mut *app.db.get().await?, &req, &who, incident).await?;
    let page = IncidentPage {
        publish: Some(publish),
        ..page
    };
    Ok(page::show(StatusCode::UNPROCESSABLE_ENTITY, &page)?)
}

/// The line that promises the next update, for a day that is not past.
fn promise(day: &str, today: NaiveDate) -> Result<String, &'static str> {
    if day.is_empty() {
        return Ok(String::new());
    }
    let day = day.parse::<NaiveDate>().ok().filter(|day| *day >= today);
    let day = day.ok_or("Enter a day that is not past, such as 2026-12-24.")?;
    let moment = day.and_time(NaiveTime::MIN).and_utc();
    Ok(format!(
        "\n\nNext update: {}.",
        moment.format("%A %-d %B %Y")
    ))
}
