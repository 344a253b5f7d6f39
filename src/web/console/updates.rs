//! Publishing a public update: the form on the incident's page, its preview.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use chrono::{NaiveDate, NaiveTime};
use serde::Deserialize;

use super::around::incident_at;
use super::incident::{IncidentPage, PROMISE, Publish, done as done_with, filled};
use super::unsaved::Unsaved;
use crate::app::App;
use crate::incident::UpdateKind;
use crate::incident::steer::{self, SteerError};
use crate::staff::right::SteerIncident;
use crate::web::caller::Allowed;
use crate::web::form::Form;
use crate::web::page::{self, Moment};
use crate::web::problem::Answer;
use crate::web::public::Update;

/// What the form for an update sends.
#[derive(Deserialize)]
pub struct Statement {
    kind: UpdateKind,
    #[serde(default)]
    text: String,
    #[serde(default)]
    next_on: String,
    /// `preview` to see it first.
    #[serde(default)]
    act: String,
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
    let unsaved = Unsaved::of(&req, &incident.facts).but_statement();
    let typed = &form.typed;
    let mut preview = Vec::new();
    match promise(&typed.next_on, app.now().date_naive()) {
        Err(why) => form.fault("next_on", why),
        Ok(promise) => {
            let body = format!("{}{promise}", typed.text);
            let done = match typed.act.as_str() {
                "preview" => steer::check_update(&body)
                    .map(|()| preview.push(as_published(&app, typed.kind, &body)))
                    .map_err(SteerError::from),
                _ => steer::publish(&app, who.id, incident.id, typed.kind, &body, None)
                    .await
                    .map(|_| ()),
            };
            match done {
                Ok(()) if preview.is_empty() => {
                    return done_with(&app, &req, &who, &slug, ("published", unsaved)).await;
                }
                Ok(()) => {}
                Err(SteerError::Text(why)) => form.fault("text", why),
                Err(error) => return Err(error.into()),
            }
        }
    };
    let status = match preview.is_empty() {
        true => StatusCode::UNPROCESSABLE_ENTITY,
        false => StatusCode::OK,
    };
    let publish = Publish {
        kind: form.typed.kind.to_string(),
        text: form.typed.text,
        next_on: form.typed.next_on,
        faults: form.faults,
        preview,
    };
    let page = filled(&app, &mut *app.db.get().await?, &req, &who, incident).await?;
    let page = IncidentPage {
        publish: Some(publish),
        ..page.with(unsaved)
    };
    Ok(page::show(status, &page)?)
}

fn as_published(app: &App, kind: UpdateKind, body: &str) -> Update {
    Update {
        kind: kind.to_string(),
        at: Moment::exact(app.now()),
        text: body.to_owned(),
    }
}

/// The line that promises the next update, for a day that is not past.
fn promise(day: &str, today: NaiveDate) -> Result<String, &'static str> {
    if day.is_empty() {
        return Ok(String::new());
    }
    let day = day.parse::<NaiveDate>().ok().filter(|day| *day >= today);
    let day = day.ok_or("Enter a day that is not past, such as 2026-12-24.")?;
    let moment = day.and_time(NaiveTime::MIN).and_utc();
    Ok(format!("\n\n{PROMISE}{}.", moment.format("%A %-d %B %Y")))
}
