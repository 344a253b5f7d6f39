//! The form that changes the state of an incident.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use serde::Deserialize;

use super::incident_at;
use super::page::{done, load};
use super::unsaved::Unsaved;
use crate::app::App;
use crate::incident::IncidentState;
use crate::incident::open::Untold;
use crate::incident::steer::{self, SteerError, Step};
use crate::staff::right::SteerIncident;
use crate::web::caller::Allowed;
use crate::web::console::changed::out_of_date;
use crate::web::form::Form;
use crate::web::page::{self, Fault};
use crate::web::problem::{Answer, Kind, Problem};

/// The form of the buttons.
#[derive(Deserialize)]
pub(crate) struct To {
    to: IncidentState,
    version: i32,
    /// Present if the box that confirms the numbers below is ticked.
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

impl To {
    fn step(&self) -> Step {
        let untold = Untold {
            in_progress: self.in_progress,
            needs_letter: self.needs_letter,
            told_too_little: self.told_too_little,
            told_too_much: self.told_too_much,
        };
        Step {
            version: self.version,
            to: self.to,
            agreed: self.confirm.as_ref().map(|_| untold),
        }
    }
}

/// `POST /console/incidents/{slug}/state`.
///
/// # Errors
/// 404 without the incident. The page shows why a change is refused: an illegal transition, open work, people who are not
/// told, or an incident that changed since the page was loaded.
pub(crate) async fn change(
    who: Allowed<SteerIncident>,
    req: HttpRequest,
    app: Data<App>,
    slug: Path<String>,
    form: Form<To>,
) -> Answer {
    let incident = incident_at(&mut *app.db.get().await?, &slug).await?;
    let unsaved = Unsaved::of(&req, &incident.facts);
    let problem = match steer::step(&app, who.id, incident.id, form.step()).await {
        Ok(()) => return done(&app, &req, &who, &slug, ("moved", unsaved)).await,
        Err(SteerError::Changed(changed)) => out_of_date(&app, &changed).await,
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
    let page = load(&app, &mut conn, &req, &who, incident).await?;
    let mut page = page.with(unsaved);
    page.facts_faults.0.push(Fault {
        field: "state".to_owned(),
        text: problem.sentence(),
    });
    let status = match problem.kind() {
        Kind::Changed => StatusCode::CONFLICT,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    Ok(page::show(status, &page)?)
}
