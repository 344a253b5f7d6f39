//! All incidents, and the form that opens one.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use askama::Template;
use serde::Deserialize;

use super::around::{self, account, on_to};
use crate::app::App;
use crate::incident::steer::{self, SteerError};
use crate::incident::{BadText, Facts, store};
use crate::staff::Right;
use crate::staff::right::{SeeIncidents, SteerIncident};
use crate::web::caller::{Allowed, Signed};
use crate::web::figures::filters;
use crate::web::form::Form;
use crate::web::page::{self, Area, Desk, Faults, Moment};
use crate::web::problem::Answer;

/// `/console/incidents`
#[derive(Template)]
#[template(path = "console/incidents.html")]
pub struct Incidents {
    /// The frame.
    pub desk: Desk,
    /// All, the latest first.
    pub incidents: Vec<IncidentRow>,
    /// The form; none for whoever may not open one.
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
    pub state: String,
    /// People in its active scope.
    pub people: i64,
    /// Of them, notified.
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
/// The database's.
pub async fn list(who: Allowed<SeeIncidents>, req: HttpRequest, app: Data<App>) -> Answer {
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
    let mut incidents = Vec::new();
    for one in store::list(&mut conn).await? {
        let account = account(&mut conn, &one, app.now()).await?;
        incidents.push(IncidentRow {
            slug: one.slug,
            title: one.title,
            state: one.state.to_string(),
            people: account.as_ref().map_or(0, |account| account.people),
            notified: account.as_ref().map_or(0, |account| account.notified),
            opened_at: Moment::day(one.created_at),
        });
    }
    let desk = around::desk(app, &mut conn, req, who, Area::Incidents).await?;
    Ok(page::show(
        status,
        &Incidents {
            desk,
            incidents,
            new,
        },
    )?)
}

/// What the form sends.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Typed {
    title: String,
    slug: String,
    what_happened: String,
}

/// `POST /console/incidents`.
///
/// # Errors
/// A form that is not ours, or the database's; a bad text shows the page again.
pub async fn open(
    who: Allowed<SteerIncident>,
    req: HttpRequest,
    app: Data<App>,
    mut form: Form<Typed>,
) -> Answer {
    let what = form.what_happened.trim().to_owned();
    let facts: Facts = Some(("what_happened".to_owned(), what))
        .filter(|fact| !fact.1.is_empty())
        .into_iter()
        .collect();
    let error = match steer::open(&app, who.id, form.slug.trim(), form.title.trim(), &facts).await {
        Ok(incident) => {
            return Ok(on_to(
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
    shown(
        &app,
        &req,
        &who,
        StatusCode::UNPROCESSABLE_ENTITY,
        Some(new),
    )
    .await
}
