//! Publishing a public update: the form on the incident's page, and its preview.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use chrono::{NaiveDate, NaiveTime};
use serde::Deserialize;

use super::incident_at;
use super::page::{IncidentPage, PROMISE, Publish, done, load};
use super::unsaved::Unsaved;
use crate::app::App;
use crate::id::{IncidentId, StaffId};
use crate::incident::UpdateKind;
use crate::incident::steer::{self, SteerError};
use crate::staff::right::SteerIncident;
use crate::web::caller::Allowed;
use crate::web::form::Form;
use crate::web::page::{self, Moment};
use crate::web::problem::Answer;
use crate::web::public::Update;

/// The form of an update.
#[derive(Deserialize)]
pub(crate) struct Statement {
    kind: UpdateKind,
    #[serde(default)]
    text: String,
    #[serde(default)]
    next_on: String,
    /// `preview`: show it and publish nothing.
    #[serde(default)]
    act: String,
}

/// `POST /console/incidents/{slug}/updates`.
///
/// # Errors
/// 404; a bad text or day shows the page again.
pub(crate) async fn publish(
    who: Allowed<SteerIncident>,
    req: HttpRequest,
    app: Data<App>,
    slug: Path<String>,
    mut form: Form<Statement>,
) -> Answer {
    let incident = incident_at(&mut *app.db.get().await?, &slug).await?;
    let unsaved = Unsaved::of(&req, &incident.facts).but_statement();
    let mut preview = Vec::new();
    match promise(&form.next_on, app.now().date_naive()) {
        Err(why) => form.fault("next_on", why),
        Ok(promise) => {
            let body = format!("{}{promise}", form.text);
            match publish_or_preview(&app, who.id, incident.id, &form.typed, &body).await {
                Ok(None) => return done(&app, &req, &who, &slug, ("published", unsaved)).await,
                Ok(shown) => preview.extend(shown),
                Err(SteerError::Text(why)) => form.fault("text", why),
                Err(error) => return Err(error.into()),
            }
        }
    }
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
    let page = load(&app, &mut *app.db.get().await?, &req, &who, incident).await?;
    let page = IncidentPage {
        publish: Some(publish),
        ..page.with(unsaved)
    };
    Ok(page::show(status, &page)?)
}

/// Publishes the update; or returns its preview if the form asks for it.
async fn publish_or_preview(
    app: &App,
    by: StaffId,
    of: IncidentId,
    typed: &Statement,
    body: &str,
) -> Result<Option<Update>, SteerError> {
    if typed.act == "preview" {
        steer::check_update(body)?;
        return Ok(Some(as_published(app, typed.kind, body)));
    }
    steer::publish(app, by, of, typed.kind, body, None).await?;
    Ok(None)
}

fn as_published(app: &App, kind: UpdateKind, body: &str) -> Update {
    Update {
        kind,
        at: Moment::exact(app.now()),
        text: body.to_owned(),
    }
}

/// The line that promises the next update; empty without a day. The day must not be past.
fn promise(day: &str, today: NaiveDate) -> Result<String, &'static str> {
    if day.is_empty() {
        return Ok(String::new());
    }
    let day = day.parse::<NaiveDate>().ok().filter(|day| *day >= today);
    let day = day.ok_or("Enter a day that is not past, such as 2026-12-24.")?;
    let moment = day.and_time(NaiveTime::MIN).and_utc();
    Ok(format!("\n\n{PROMISE}{}.", moment.format("%A %-d %B %Y")))
}
