//! The report of a version of the affected list: its rows, its rejects, what it changes.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use askama::Template;

use super::buttons::buttons;
use super::delta::Delta;
use super::questions::Asked;
use super::rejects::Rejected;
use crate::app::App;
use crate::audit::Action;
use crate::db::Conn;
use crate::incident::Incident;
use crate::scope::{ScopeStatus, Version, activate, store};
use crate::staff::Right;
use crate::staff::right::{ImportScope, SeeIncidents};
use crate::web::caller::{Allowed, Signed};
use crate::web::console::Button;
use crate::web::console::answer;
use crate::web::console::incident::incident_at;
use crate::web::console::names::Names;
use crate::web::figures::{count, filters};
use crate::web::page::{self, Area, ConsoleFrame, Faults, Moment, ShownScope};
use crate::web::problem::{Answer, Problem};
use crate::web::rejects as download;

/// `/console/incidents/{slug}/scopes/{version}`
#[derive(Template)]
#[template(path = "console/scope/report.html")]
pub struct ScopeReport {
    /// The frame.
    pub desk: ConsoleFrame,
    /// The incident's address.
    pub slug: String,
    /// The incident's title.
    pub title: String,
    /// 1, 2 …
    pub version: i64,
    /// Its state.
    pub status: ScopeStatus,
    /// `full` or `delta`.
    pub mode: String,
    /// Who imported it.
    pub by: String,
    /// When.
    pub at: Moment,
    /// Accepted rows.
    pub accepted: i64,
    /// Rejected rows.
    pub rejected: i64,
    /// What must be confirmed before an activation; empty for nothing.
    pub questions: Vec<Asked>,
    /// Whether the process of its import stopped.
    pub died: bool,
    /// What its activation changes or changed.
    pub delta: Delta,
    /// The sum of the lines of the file; empty if they were not counted.
    pub lines: String,
    /// Whether the file's last line has no line break.
    pub ends_open: bool,
    /// The rejected rows; empty without the right to see them.
    pub refused: Rejected,
    /// In how many of the 64 buckets it is active.
    pub done: i64,
    /// The revision of its rows; a form with another one is refused.
    pub revision: String,
    /// The buttons `activate` and `discard`; empty for a version that is not a draft.
    pub buttons: Vec<Button>,
    /// Why the last action was refused.
    pub faults: Faults,
}

impl ScopeReport {
    /// The state that the page shows.
    fn state(&self) -> ShownScope {
        match self.died {
            true => ShownScope::ImportDied,
            false => ShownScope::Status(self.status),
        }
    }

    fn is(&self, status: ScopeStatus) -> bool {
        self.status == status
    }

    /// The text of the tile about references that seem to name another person.
    fn identity_means(&self) -> &'static str {
        match (self.is(ScopeStatus::Draft), self.delta.another_people) {
            (true, _) => "references with a new name and no e-mail address that stays",
            (false, 0) => "references with a new name, confirmed as the same people",
            (false, _) => {
                "references that name another person now; the former people were removed from the scope"
            }
        }
    }

    /// The text of the tile about retracted people.
    fn retracted_means(&self) -> String {
        let told = match self.delta.told_retracted {
            0 => String::new(),
            1 => "; 1 of them was told something".to_owned(),
            n => format!("; {} of them were told something", count(n)),
        };
        format!("were in scope, and are not affected{told}")
    }

    /// The address that a button posts to.
    fn to(&self, action: &str) -> String {
        format!(
            "/console/incidents/{}/scopes/{}/{action}",
            self.slug, self.version
        )
    }
}

/// `GET /console/incidents/{slug}/scopes/{version}`.
///
/// # Errors
/// 404.
pub(crate) async fn show(
    who: Allowed<SeeIncidents>,
    req: HttpRequest,
    app: Data<App>,
    at: Path<(String, i32)>,
) -> Answer {
    let report = load(&app, &req, &who, &at).await?;
    Ok(page::show(StatusCode::OK, &report)?)
}

/// Reads the page.
pub(super) async fn load(
    app: &App,
    req: &HttpRequest,
    who: &Signed,
    at: &(String, i32),
) -> Result<ScopeReport, Problem> {
    let mut conn = app.db.get().await?;
    let (incident, version) = find(&mut conn, at).await?;
    let may_see = who.may(Right::ImportScope);
    let refused = if may_see {
        Rejected::of(app, &mut conn, &incident, &version).await?
    } else {
        Rejected::default()
    };
    if !refused.rows.is_empty() {
        who.saw(app, Action::RejectsRead, incident.id, refused.rows.len());
    }
    let lines = version.lines;
    let delta = version.delta.clone().unwrap_or_default();
    let questions = activate::questions(app, &mut conn, incident.id, &version).await?;
    let told_retracted = match version.status {
        ScopeStatus::Draft => activate::told_retracted(&mut conn, incident.id, &version).await?,
        ScopeStatus::Importing
        | ScopeStatus::Activating
        | ScopeStatus::Active
        | ScopeStatus::Superseded
        | ScopeStatus::Discarded => 0,
    };
    let shown = Delta {
        told_retracted,
        ..Delta::of(&delta)
    };
    Ok(ScopeReport {
        revision: version.revision(),
        desk: answer::frame(app, &mut conn, req, who, Area::Incidents).await?,
        slug: incident.slug,
        title: incident.title,
        version: version.version.into(),
        status: version.status,
        mode: version.mode.to_string(),
        by: Names::load(&mut conn).await?.of(version.created_by),
        at: Moment::exact(version.created_at),
        accepted: version.accepted,
        rejected: version.rejected,
        questions: questions.iter().map(Asked::from).collect(),
        died: version.status == ScopeStatus::Importing
            && !store::is_at_work(&mut conn, incident.id).await?,
        delta: shown,
        lines: lines
            .map(|lines| {
                let replaced = (delta.replaced, delta.refused_again);
                lines.sum(version.accepted, version.rejected, replaced)
            })
            .unwrap_or_default(),
        ends_open: lines.is_some_and(|lines| lines.ends_open),
        refused,
        done: version.buckets_done,
        buttons: buttons(&version, (&delta, told_retracted), may_see),
        faults: Faults::default(),
    })
}

/// Finds the incident and the version of an address.
pub(super) async fn find(
    conn: &mut Conn,
    at: &(String, i32),
) -> Result<(Incident, Version), Problem> {
    let incident = incident_at(conn, &at.0).await?;
    let version = store::find(conn, incident.id, at.1).await?;
    Ok((incident, version))
}

/// `GET /console/incidents/{slug}/scopes/{version}/rejects`.
///
/// # Errors
/// 404.
pub(crate) async fn rejects(
    who: Allowed<ImportScope>,
    app: Data<App>,
    at: Path<(String, i32)>,
) -> Answer {
    let (incident, version) = find(&mut *app.db.get().await?, &at).await?;
    let rows = usize::try_from(version.rejected).unwrap_or_default();
    who.saw(&app, Action::RejectsDownload, incident.id, rows);
    download::download(&app, &incident, &version)
}
