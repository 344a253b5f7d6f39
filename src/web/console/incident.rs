//! One incident: its state, its people, its facts, what was said, its scopes and campaigns.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use askama::Template;
use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::around::{self, account, incident_at, log, on_to, out_of_date, said};
use super::campaign_rows::{CampaignRow, rows};
use super::moves::deed;
use super::needs::{self, Need};
use super::unsaved::Unsaved;
use super::{Account, Choice, Deed, Done};
use crate::app::App;
use crate::campaign;
use crate::db::Conn;
use crate::incident::change::changes;
use crate::incident::open::{Open, Untold};
use crate::incident::steer::{self, SteerError, Step};
use crate::incident::{Incident, IncidentState, store};
use crate::scope::{self, ScopeStatus};
use crate::staff::Right;
use crate::staff::right::{SeeIncidents, SteerIncident};
use crate::web::caller::{Allowed, Signed};
use crate::web::figures::filters;
use crate::web::form::Form;
use crate::web::form::resubmit::accepted;
use crate::web::page::{self, Area, Desk, Fault, Faults, Flash, Moment, span};
use crate::web::problem::{Answer, Kind, Problem};
use crate::web::public::{Fact, Update};

/// How the line of an update begins that promises the next one.
pub const PROMISE: &str = "Next update: ";

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
    /// Why the fact sheet was refused, or a move; field `facts` or `state`.
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
    /// Whether there are older acts than those.
    pub has_older_acts: bool,
    /// Whether this person may change the incident.
    pub may_edit: bool,
    /// Whether a campaign may be drafted from here: the incident is not over.
    pub may_draft: bool,
    /// The form that forgets its people; none unless it is over and this person may.
    pub farewell: Option<Farewell>,
    /// When its people were forgotten.
    pub forgotten: Option<Moment>,
    /// Whether anybody may read its page.
    pub is_public: bool,
    /// What of the fact sheet is not public, a sentence.
    pub publication: String,
    /// The people not told yet; moving on to monitoring asks for a yes to their number.
    pub untold: Untold,
    /// What waits of people whom no e-mail tells, and that people of a closed incident are not told.
    pub waits: Vec<Need>,
}

/// The form for a statement, as typed.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the fields of the form")]
pub struct Publish {
    pub kind: String,
    pub text: String,
    pub next_on: String,
    pub faults: Faults,
    /// The update as it would be published, if a preview was asked for; else none.
    pub preview: Vec<Update>,
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

/// The state of an import that no process is at work on any more.
pub const DIED: &str = "import died";

/// One import of the affected list.
#[derive(Debug, Clone)]
pub struct ScopeRow {
    /// 1, 2 …
    pub version: i64,
    /// `draft`, `active`, `superseded` or `discarded`; [`DIED`].
    pub status: String,
    /// Rows taken.
    pub accepted: i64,
    /// Rows refused.
    pub rejected: i64,
    /// When it was imported.
    pub at: Moment,
}

impl IncidentPage {
    /// With what was typed on it and is not saved.
    #[must_use]
    pub fn with(self, unsaved: Unsaved) -> Self {
        let publish = self.publish.map(|empty| match unsaved.statement {
            Some(typed) => Publish {
                kind: typed.kind,
                text: typed.text,
                next_on: typed.next_on,
                ..empty
            },
            None => empty,
        });
        Self {
            facts: unsaved.facts.unwrap_or(self.facts),
            publish,
            ..self
        }
    }

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

    /// What to do about people who were not told rightly; `act` while something can be done.
    fn advice(&self, act: &str) -> String {
        let over =
            self.forgotten.is_some() || matches!(self.state.as_str(), "closed" | "dismissed");
        match over {
            true => "when the incident ended".to_owned(),
            false => format!("notified people; {act}"),
        }
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
    /// What must be over first, each with its number.
    pub reasons: Vec<String>,
}

/// The empty form, for a member of staff who may forget an incident that is over.
fn farewell(who: &Signed, of: &Incident, open: &Open) -> Option<Farewell> {
    let over = matches!(of.state, IncidentState::Closed | IncidentState::Dismissed);
    let can = over && of.forgotten_at.is_none() && who.may(Right::ForgetIncident);
    can.then(|| Farewell {
        reasons: open.before_forgetting(of.state == IncidentState::Dismissed),
        ..Farewell::default()
    })
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
    let may_edit = who.may(Right::SteerIncident) && of.forgotten_at.is_none();
    let may_draft = may_edit && !of.is_over();
    let open = steer::still_open(conn, of.id).await?;
    let has_spoken = store::has_spoken(conn, of.id).await?;
    let update = |one: crate::incident::Update| Update {
        kind: one.kind.to_string(),
        at: Moment::exact(one.published_at),
        text: one.body,
    };
    let versions = scope::store::list(conn, of.id).await?;
    let reads = |one: &scope::Version| one.status == ScopeStatus::Importing;
    let died = versions.iter().any(reads) && !scope::store::is_at_work(conn, of.id).await?;
    let version = |one: scope::Version| ScopeRow {
        version: one.version.into(),
        status: match died && reads(&one) {
            true => DIED.to_owned(),
            false => one.status.to_string(),
        },
        accepted: one.accepted,
        rejected: one.rejected,
        at: Moment::ago(one.created_at, now),
    };
    let updates = store::list_updates(conn, of.id, 50).await?;
    let latest = updates.first();
    let promises = latest.is_some_and(|one| one.body.contains(PROMISE));
    let campaigns = campaign::store::list(conn, Some(of.id), None, 50).await?;
    let void = campaign::approval::void(app, conn, &campaigns).await?;
    let (log, has_older_acts) = log(conn, of.id, now).await?;
    let mut waits = Vec::new();
    if of.state == IncidentState::Closed && of.forgotten_at.is_none() {
        let it = "This incident is";
        waits.extend(needs::of_closed(it, &of, &open.untold(), who));
    }
    waits.extend(needs::of_paper(conn, &of, who).await?);
    Ok(IncidentPage {
        waits,
        farewell: farewell(who, &of, &open),
        forgotten: of.forgotten_at.map(Moment::exact),
        is_public: of.is_public(has_spoken),
        publication: publication(&of, now),
        untold: open.untold(),
        desk: around::desk(app, conn, req, who, Area::Incidents).await?,
        account: account(conn, &of, now).await?,
        updates: updates.into_iter().map(update).collect(),
        scopes: versions.into_iter().map(version).collect(),
        campaigns: rows(conn, campaigns, (of.id, &of.title), &void).await?,
        log,
        has_older_acts,
        next: of
            .state
            .after()
            .iter()
            .map(|to| deed(*to, &open, promises))
            .collect(),
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
        may_draft,
        may_edit,
    })
}

/// What a button of the page is answered with once its act is done: the page, with what was typed beside it and is not
/// saved.
///
/// # Errors
/// The database's.
pub async fn done(
    app: &App,
    req: &HttpRequest,
    who: &Signed,
    slug: &str,
    (act, unsaved): (&str, Unsaved),
) -> Answer {
    if unsaved.is_empty() {
        return Ok(on_to(&format!("/console/incidents/{slug}"), act));
    }
    let mut conn = app.db.get().await?;
    let incident = incident_at(&mut conn, slug).await?;
    let mut page = filled(app, &mut conn, req, who, incident).await?;
    page.desk.flash = said(act).map(|flash| Flash {
        text: flash.text + unsaved.in_words(),
        ..flash
    });
    let shown = page::show(StatusCode::OK, &page.with(unsaved))?;
    Ok(accepted(shown))
}

/// What of the fact sheet is not public, in a sentence.
fn publication(of: &Incident, now: DateTime<Utc>) -> String {
    let Some(published) = &of.published else {
        return "No fact is public: none was published yet.".to_owned();
    };
    let differ =
        changes(&published.facts, &of.facts).len() + usize::from(of.public_title() != of.title);
    let when = span(now - published.at);
    match differ {
        0 => format!("All of it is public, published {when} ago."),
        1 => format!("1 change is not public. Last published {when} ago."),
        n => format!("{n} changes are not public. Last published {when} ago."),
    }
}

/// What the state's buttons send.
#[derive(Deserialize)]
pub struct To {
    to: IncidentState,
    version: i32,
    /// Ticked: yes to the numbers below.
    #[serde(default)]
    confirm: Option<String>,
    #[serde(default)]
    in_progress: i64,
    #[serde(default)]
    needs_letter: i64,
    #[serde(default)]
    told_too_little: i64,
    #[serde(default)]
    told_too_much: i64,
}

/// `POST /console/incidents/{slug}/state`.
///
/// # Errors
/// 404 without the incident. The page is shown again, as it is now, after an illegal move, one for which something is open or people are not
/// told, or if the incident was changed since the page was loaded.
pub async fn move_to(
    who: Allowed<SteerIncident>,
    req: HttpRequest,
    app: Data<App>,
    slug: Path<String>,
    form: Form<To>,
) -> Answer {
    let incident = incident_at(&mut *app.db.get().await?, &slug).await?;
    let unsaved = Unsaved::of(&req, &incident.facts);
    let untold = Untold {
        in_progress: form.in_progress,
        needs_letter: form.needs_letter,
        told_too_little: form.told_too_little,
        told_too_much: form.told_too_much,
    };
    let step = Step {
        version: form.version,
        to: form.to,
        agreed: form.confirm.as_ref().map(|_| untold),
    };
    let problem = match steer::step(&app, who.id, incident.id, step).await {
        Ok(()) => return done(&app, &req, &who, &slug, ("moved", unsaved)).await,
        Err(SteerError::Changed) => out_of_date(),
        Err(error) => Problem::from(error),
    };
    if !matches!(
        problem.kind(),
        Kind::InTheWay | Kind::IllegalMove | Kind::Changed
    ) {
        return Err(problem);
    }
    let mut conn = app.db.get().await?;
    let incident = incident_at(&mut conn, &slug).await?;
    let page = filled(&app, &mut conn, &req, &who, incident).await?;
    let mut page = page.with(unsaved);
    page.facts_faults.0.push(Fault {
        field: "state".to_owned(),
        text: problem.sentence(),
    });
    Ok(page::show(StatusCode::UNPROCESSABLE_ENTITY, &page)?)
}
