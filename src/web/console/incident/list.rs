//! All incidents, and the form that opens one.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use askama::Template;
use serde::Deserialize;

use crate::account;
use crate::app::App;
use crate::incident::IncidentState;
use crate::incident::steer::{self, SteerError};
use crate::incident::{BadText, Facts, Incident, store};
use crate::staff::Right;
use crate::staff::right::{SeeIncidents, SteerIncident};
use crate::web::caller::{Allowed, Signed};
use crate::web::console::answer::{self, redirect};
use crate::web::figures::filters;
use crate::web::form::Form;
use crate::web::page::{self, Area, ConsoleFrame, Faults, Moment};
use crate::web::problem::Answer;

/// `/console/incidents`
#[derive(Template)]
#[template(path = "console/incident/list.html")]
pub struct Incidents {
    /// The frame.
    pub desk: ConsoleFrame,
    /// The incidents, the latest first.
    pub incidents: Vec<IncidentRow>,
    /// The form; `None` without the right to open an incident.
    pub new: Option<NewIncident>,
}

/// One incident in the list.
#[derive(Debug, Clone)]
pub struct IncidentRow {
    /// Its address.
    pub slug: String,
    /// Its title.
    pub title: String,
    /// Its state.
    pub state: IncidentState,
    /// People in the active scope.
    pub people: i64,
    /// Notified people.
    pub notified: i64,
    /// When it was opened.
    pub opened_at: Moment,
}

/// The form, as typed.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the fields of the form")]
pub struct NewIncident {
    pub title: String,
    pub slug: String,
    pub what_happened: String,
    pub faults: Faults,
}

/// `GET /console/incidents`.
///
/// # Errors
/// Database errors.
pub(crate) async fn list(who: Allowed<SeeIncidents>, req: HttpRequest, app: Data<App>) -> Answer {
    let new = who.may(Right::SteerIncident).then(NewIncident::default);
    shown(&app, &req, &who, StatusCode::OK, new).await
}

async fn shown(
    app: &App,
    req: &HttpRequest,
    who: &Signed,
    status: StatusCode,
    new: Option<NewIncident>,
) -> Answer {
    let mut conn = app.db.get().await?;
    let found = store::list(&mut conn).await?;
    let listed = found.iter().filter(|one| one.active_scope.is_some());
    let listed: Vec<_> = listed.map(|one| one.id).collect();
    let accounts = account::accounts(&mut conn, &listed).await?;
    let row = |one: Incident| {
        let account = accounts.get(&one.id);
        IncidentRow {
            slug: one.slug,
            title: one.title,
            state: one.state,
            people: account.map_or(0, |account| account.people),
            notified: account.map_or(0, |account| account.notified),
            opened_at: Moment::day(one.created_at),
        }
    };
    let incidents = found.into_iter().map(row).collect();
    let desk = answer::frame(app, &mut conn, req, who, Area::Incidents).await?;
    Ok(page::show(
        status,
        &Incidents {
            desk,
            incidents,
            new,
        },
    )?)
}

/// The form.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Typed {
    title: String,
    slug: String,
    what_happened: String,
}

impl Typed {
    fn facts(&self) -> Facts {
        let what = self.what_happened.trim();
        let fact = ("what_happened".to_owned(), what.to_owned());
        Some(fact)
            .filter(|_| !what.is_empty())
            .into_iter()
            .collect()
    }
}

/// `POST /console/incidents`.
///
/// # Errors
/// A form without our token; database errors. A bad text shows the page again.
pub(crate) async fn open(
    who: Allowed<SteerIncident>,
    req: HttpRequest,
    app: Data<App>,
    mut form: Form<Typed>,
) -> Answer {
    let facts = form.facts();
    let error = match steer::open(&app, who.id, form.slug.trim(), form.title.trim(), &facts).await {
        Ok(incident) => {
            return Ok(redirect(
                &format!("/console/incidents/{}", incident.slug),
                "opened",
            ));
        }
        Err(error) => error,
    };
    let field = match &error {
        SteerError::Text(BadText::Title) => "title",
        SteerError::Text(BadText::Slug) | SteerError::SlugTaken => "slug",
        SteerError::Text(BadText::Fact) => "what_happened",
        _ => return Err(error.into()),
    };
    form.fault(field, error);
    let Typed {
        title,
        slug,
        what_happened,
    } = form.typed;
    let new = NewIncident {
        title,
        slug,
        what_happened,
        faults: form.faults,
    };
    let refused = StatusCode::UNPROCESSABLE_ENTITY;
    shown(&app, &req, &who, refused, Some(new)).await
}
