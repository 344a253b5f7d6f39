//! The page of one incident: its state, its people, its campaigns and lists, its fact sheet, its public updates.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use askama::Template;
use chrono::{DateTime, Utc};

use super::forget_form::ForgetForm;
use super::incident_at;
use super::state_buttons::{button, moved};
use super::unsaved::Unsaved;
use crate::app::App;
use crate::campaign;
use crate::db::Conn;
use crate::incident::change::changes;
use crate::incident::open::Untold;
use crate::incident::steer;
use crate::incident::{Facts, Incident, IncidentState, UpdateKind, store};
use crate::scope::{self, ScopeStatus};
use crate::staff::Right;
use crate::staff::right::SeeIncidents;
use crate::web::caller::{Allowed, Signed};
use crate::web::console::answer::{self, message, redirect};
use crate::web::console::campaign::row::{CampaignRow, rows};
use crate::web::console::history::history;
use crate::web::console::tasks::{self, Figures, Task};
use crate::web::console::{Account, Button, Choice, HistoryLine};
use crate::web::figures::filters;
use crate::web::form::resubmit::accepted;
use crate::web::page::{self, Area, ConsoleFrame, Faults, Flash, Moment, ShownScope, span};
use crate::web::problem::{Answer, Problem};
use crate::web::public::{Fact, Update};

/// How many updates and campaigns the page shows.
const LATEST: i64 = 50;

/// The beginning of the line in an update that promises the next one.
pub const PROMISE: &str = "Next update: ";

/// `/console/incidents/{slug}`
#[derive(Template)]
#[template(path = "console/incident/page.html")]
pub struct IncidentPage {
    /// The frame.
    pub desk: ConsoleFrame,
    /// Its address.
    pub slug: String,
    /// Its title.
    pub title: String,
    /// Its state.
    pub state: IncidentState,
    /// The version of the incident; the forms carry it.
    pub version: i32,
    /// The buttons for the next states; `name` is the state.
    pub next: Vec<Button>,
    /// Its figures; `None` before a list is active.
    pub account: Option<Account>,
    /// The fact sheet.
    pub facts: Vec<Fact>,
    /// Why the fact sheet or a change of state was refused; field `facts` or `state`.
    pub facts_faults: Faults,
    /// The published updates, the latest first.
    pub updates: Vec<Update>,
    /// The form for the next update; `None` without the right to publish.
    pub publish: Option<Publish>,
    /// All versions of the affected list, the latest first.
    pub scopes: Vec<ScopeRow>,
    /// All campaigns, the latest first.
    pub campaigns: Vec<CampaignRow>,
    /// The latest actions.
    pub log: Vec<HistoryLine>,
    /// Whether there are older actions.
    pub has_older_acts: bool,
    /// Whether the reader may change the incident.
    pub may_edit: bool,
    /// Whether a campaign may be drafted from here: a list is in force, and the incident is not over.
    pub may_draft: bool,
    /// The form that forgets its people; `None` before the incident is over, and without the right.
    pub forget: Option<ForgetForm>,
    /// When its people were forgotten.
    pub forgotten: Option<Moment>,
    /// Whether its page is public.
    pub is_public: bool,
    /// The sentence about facts that are not public.
    pub publication: String,
    /// The people who are not told; a change to monitoring asks to confirm their numbers.
    pub untold: Untold,
    /// The tasks about people who are not told by e-mail, and about untold people of a closed incident.
    pub tasks: Vec<Task>,
}

/// The form for an update, as typed.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the fields of the form")]
pub struct Publish {
    pub kind: String,
    pub text: String,
    pub next_on: String,
    pub faults: Faults,
    /// The update as it would be published; empty unless a preview was asked for.
    pub preview: Vec<Update>,
}

impl Publish {
    /// The kinds of update.
    pub fn kinds(&self) -> Vec<Choice> {
        let words = |kind: UpdateKind| match kind {
            UpdateKind::Known => "Known",
            UpdateKind::BeingChecked => "Being checked",
            UpdateKind::Corrected => "Corrected",
        };
        let choice = |kind: &UpdateKind| Choice {
            value: kind.to_string(),
            words: words(*kind).to_owned(),
        };
        UpdateKind::ALL.iter().map(choice).collect()
    }
}

/// One version of the affected list.
#[derive(Debug, Clone)]
pub struct ScopeRow {
    /// 1, 2 …
    pub version: i64,
    /// Its state.
    pub status: ShownScope,
    /// Rows taken.
    pub accepted: i64,
    /// Rows refused.
    pub rejected: i64,
    /// When it was imported.
    pub at: Moment,
}

impl IncidentPage {
    /// The page with what was typed and is not saved.
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

    /// The facts, and two empty pairs for new facts, so that the form works without script.
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

    /// The advice about people who were not told rightly: `action` unless the incident is over.
    fn advice(&self, action: &str) -> String {
        use IncidentState::{Closed, Dismissed};
        let over = self.forgotten.is_some() || matches!(self.state, Closed | Dismissed);
        match over {
            true => "when the incident ended".to_owned(),
            false => format!("notified people; {action}"),
        }
    }

    /// The address that a form of the page posts to.
    fn to(&self, action: &str) -> String {
        format!("/console/incidents/{}/{action}", self.slug)
    }
}

/// `GET /console/incidents/{slug}`.
///
/// # Errors
/// 404.
pub(crate) async fn show(
    who: Allowed<SeeIncidents>,
    req: HttpRequest,
    app: Data<App>,
    slug: Path<String>,
) -> Answer {
    let mut conn = app.db.get().await?;
    let incident = incident_at(&mut conn, &slug).await?;
    let page = load(&app, &mut conn, &req, &who, incident).await?;
    Ok(page::show(StatusCode::OK, &page)?)
}

/// Reads the page for its reader.
///
/// # Errors
/// Database errors.
pub async fn load(
    app: &App,
    conn: &mut Conn,
    req: &HttpRequest,
    who: &Signed,
    of: Incident,
) -> Result<IncidentPage, Problem> {
    let now = app.now();
    let may_edit = who.may(Right::SteerIncident) && of.forgotten_at.is_none();
    let (open, is_at_work) = steer::open_for_page(conn, of.id).await?;
    let (updates, has_spoken) = store::updates_and_spoken(conn, of.id, LATEST).await?;
    let latest = updates.first();
    let promises = latest.is_some_and(|one| one.body.contains(PROMISE));
    let campaigns = campaign::store::overviews(conn, Some(of.id), None, LATEST).await?;
    let known = std::slice::from_ref(&of);
    let void = campaign::approval::void(app, &campaigns, known);
    let campaigns = rows(&campaigns, known, &void);
    let figures = Figures::load(conn, &[&of], who).await?;
    let account = figures.of(of.id).filter(|_| of.active_scope.is_some());
    let (log, has_older_acts) = history(conn, of.id, now).await?;
    let desk = answer::frame(app, conn, req, who, Area::Incidents).await?;
    Ok(IncidentPage {
        tasks: tasks_of(&figures, &of, &open.untold(), (who, now)),
        forget: ForgetForm::offered(who, &of, &open),
        forgotten: of.forgotten_at.map(Moment::exact),
        is_public: of.is_public(has_spoken),
        publication: publication(&of, now),
        untold: open.untold(),
        desk: moved(desk, of.state),
        account: account.map(|of| Account::of(&of.account, now)),
        updates: updates.into_iter().map(update).collect(),
        scopes: load_versions(conn, &of, is_at_work, now).await?,
        campaigns,
        log,
        has_older_acts,
        next: {
            let next = of.state.after().iter();
            next.map(|to| button(*to, &open, promises)).collect()
        },
        may_draft: may_edit && !of.is_over() && of.active_scope.is_some(),
        may_edit,
        publish: may_edit.then(Publish::default),
        facts_faults: Faults::default(),
        state: of.state,
        version: of.version,
        facts: facts(of.facts),
        slug: of.slug,
        title: of.title,
    })
}

fn facts(of: Facts) -> Vec<Fact> {
    let facts = of.into_iter();
    facts.map(|(key, value)| Fact { key, value }).collect()
}

fn update(one: crate::incident::Update) -> Update {
    Update {
        kind: one.kind,
        at: Moment::exact(one.published_at),
        text: one.body,
    }
}

fn tasks_of(
    figures: &Figures,
    of: &Incident,
    untold: &Untold,
    (who, now): (&Signed, DateTime<Utc>),
) -> Vec<Task> {
    let mut all = Vec::new();
    let account = figures.of(of.id).filter(|_| of.active_scope.is_some());
    if let Some(summary) = account.filter(|_| of.may_notify() && who.may(Right::DraftCampaign)) {
        all.extend(tasks::owed(of, &Account::of(&summary.account, now)));
    }
    if of.state == IncidentState::Closed && of.forgotten_at.is_none() {
        all.extend(tasks::of_closed("This incident is", of, untold, who));
    }
    all.extend(figures.of_letters(of));
    all
}

async fn load_versions(
    conn: &mut Conn,
    of: &Incident,
    is_at_work: bool,
    now: DateTime<Utc>,
) -> Result<Vec<ScopeRow>, Problem> {
    let versions = scope::store::list(conn, of.id).await?;
    let is_importing = |one: &scope::Version| one.status == ScopeStatus::Importing;
    let died = versions.iter().any(is_importing) && !is_at_work;
    let row = |one: scope::Version| ScopeRow {
        version: one.version.into(),
        status: match died && is_importing(&one) {
            true => ShownScope::ImportDied,
            false => ShownScope::Status(one.status),
        },
        accepted: one.accepted,
        rejected: one.rejected,
        at: Moment::ago(one.created_at, now),
    };
    Ok(versions.into_iter().map(row).collect())
}

/// The answer to a form of the page after its action: a redirect, or the page with what was typed in other forms and is
/// not saved.
///
/// # Errors
/// Database errors.
pub async fn done(
    app: &App,
    req: &HttpRequest,
    who: &Signed,
    slug: &str,
    (action, unsaved): (&str, Unsaved),
) -> Answer {
    if unsaved.is_empty() {
        return Ok(redirect(&format!("/console/incidents/{slug}"), action));
    }
    let mut conn = app.db.get().await?;
    let incident = incident_at(&mut conn, slug).await?;
    let state = incident.state;
    let page = load(app, &mut conn, req, who, incident).await?;
    let flash = message(action);
    let mut desk = moved(ConsoleFrame { flash, ..page.desk }, state);
    desk.flash = desk.flash.map(|flash| Flash {
        text: flash.text + unsaved.in_words(),
        ..flash
    });
    let page = IncidentPage { desk, ..page };
    let shown = page::show(StatusCode::OK, &page.with(unsaved))?;
    Ok(accepted(shown))
}

/// The sentence about facts that are not public.
pub(super) fn publication(of: &Incident, now: DateTime<Utc>) -> String {
    let Some(published) = &of.published else {
        return "No fact is public: none was published yet.".to_owned();
    };
    let differ =
        changes(&published.facts, &of.facts).len() + usize::from(of.public_title() != of.title);
    let when = span(now - published.at);
    match differ {
        0 => format!("All facts are public, published {when} ago."),
        1 => format!("1 change is not public. Last published {when} ago."),
        n => format!("{n} changes are not public. Last published {when} ago."),
    }
}
