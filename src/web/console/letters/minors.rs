//! How the minors of an incident are told.

use actix_web::HttpRequest;
use actix_web::web::{Data, Path};
use serde::Deserialize;

use super::actions::{done, refuse};
use crate::app::App;
use crate::postal::{self, MinorsRule};
use crate::staff::right::SteerIncident;
use crate::web::caller::Allowed;
use crate::web::console::incident::incident_at;
use crate::web::form::Form;
use crate::web::problem::Answer;

/// The form.
#[derive(Debug, Deserialize)]
pub(crate) struct Rule {
    rule: MinorsRule,
}

/// `POST /console/incidents/{slug}/minors`.
///
/// # Errors
/// 404. While a campaign is running, the page says that the rule cannot change.
pub(crate) async fn choose(
    who: Allowed<SteerIncident>,
    req: HttpRequest,
    app: Data<App>,
    slug: Path<String>,
    form: Form<Rule>,
) -> Answer {
    let of = incident_at(&mut *app.db.get().await?, &slug).await?;
    match postal::minors::choose(&app, who.id, of.id, form.rule).await {
        Ok(()) => Ok(done(&of, "minors")),
        Err(why) => refuse(&app, &req, &who, of, ("rule", why)).await,
    }
}
