//! Forgetting the people of an incident that is over: a form on its page, in which its slug is typed to confirm.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use serde::Deserialize;

use super::forget_form::ForgetForm;
use super::incident_at;
use super::page::{IncidentPage, load};
use super::unsaved::Unsaved;
use crate::app::App;
use crate::erasure::{self, ForgetError};
use crate::staff::right::ForgetIncident;
use crate::web::caller::Allowed;
use crate::web::console::answer::redirect;
use crate::web::form::Form;
use crate::web::page;
use crate::web::problem::Answer;

/// The form.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Typed {
    repeated: String,
}

/// `POST /console/incidents/{slug}/forget`.
///
/// # Errors
/// 404, or an incident with work that is not over. Another slug shows the page again.
pub(crate) async fn forget(
    who: Allowed<ForgetIncident>,
    req: HttpRequest,
    app: Data<App>,
    slug: Path<String>,
    mut form: Form<Typed>,
) -> Answer {
    let incident = incident_at(&mut *app.db.get().await?, &slug).await?;
    let unsaved = Unsaved::of(&req, &incident.facts);
    let repeated = std::mem::take(&mut form.typed.repeated);
    match erasure::forget(&app, who.id, incident.id, &repeated).await {
        Ok(()) => Ok(redirect(&format!("/console/incidents/{slug}"), "forgotten")),
        Err(ForgetError::NotConfirmed) => {
            let why = "Type it exactly as in the address: what is forgotten cannot be restored.";
            form.fault("repeated", why);
            let faults = form.faults;
            let page = load(&app, &mut *app.db.get().await?, &req, &who, incident).await?;
            let page = IncidentPage {
                forget: Some(ForgetForm {
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
