//! Forgetting the people of an incident that is over: a form on its page for whoever may, in which its
//! name is typed again.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use serde::Deserialize;

use super::around::{incident_at, on_to};
use super::incident::{Farewell, IncidentPage, filled};
use super::unsaved::Unsaved;
use crate::app::App;
use crate::person::forget::{self, ForgetError};
use crate::staff::right::ForgetIncident;
use crate::web::caller::Allowed;
use crate::web::form::Form;
use crate::web::page;
use crate::web::problem::Answer;

/// What the form sends.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Typed {
    repeated: String,
}

/// `POST /console/incidents/{slug}/forget`.
///
/// # Errors
/// 404, or an incident of which something is not over; another name than its own shows the page again.
pub async fn forget(
    who: Allowed<ForgetIncident>,
    req: HttpRequest,
    app: Data<App>,
    slug: Path<String>,
    mut form: Form<Typed>,
) -> Answer {
    let incident = incident_at(&mut *app.db.get().await?, &slug).await?;
    let unsaved = Unsaved::of(&req, &incident.facts);
    let repeated = std::mem::take(&mut form.typed.repeated);
    match forget::forget(&app, who.id, incident.id, &repeated).await {
        Ok(()) => Ok(on_to(&format!("/console/incidents/{slug}"), "forgotten")),
        Err(ForgetError::NotConfirmed) => {
            let why =
                "Type it exactly as it stands in the address: what is forgotten never comes back.";
            form.fault("repeated", why);
            let faults = form.faults;
            let page = filled(&app, &mut *app.db.get().await?, &req, &who, incident).await?;
            let page = IncidentPage {
                farewell: Some(Farewell {
                    repeated,
                    faults,
                    reasons: Vec::new(),
                }),
                ..page.with(unsaved)
            };
            Ok(page::show(StatusCode::UNPROCESSABLE_ENTITY, &page)?)
        }
        Err(error) => Err(error.into()),
    }
}
