//! The forms that waive a finding of a campaign, and withdraw a waiver.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use serde::Deserialize;

use super::actions::{ended, refused};
use super::page::load;
use crate::app::App;
use crate::campaign::launch::{CampaignError, Seen};
use crate::campaign::waiver;
use crate::id::CampaignId;
use crate::staff::right::ApproveCampaign;
use crate::web::audience_counts::AudienceCounts;
use crate::web::caller::Allowed;
use crate::web::console::answer::redirect;
use crate::web::form::Form;
use crate::web::page;
use crate::web::problem::Answer;

/// A finding, and why it is waived.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Waive {
    version: i32,
    finding: String,
    reason: String,
}

/// `POST /console/campaigns/{id}/waivers`. If the reason is refused, the page keeps it.
///
/// # Errors
/// The reader wrote or submitted it, or a page that is out of date.
pub(crate) async fn waive(
    who: Allowed<ApproveCampaign>,
    req: HttpRequest,
    app: Data<App>,
    audiences: Data<AudienceCounts>,
    id: Path<CampaignId>,
    mut form: Form<Waive>,
) -> Answer {
    let seen = Seen::at(*id, Some(form.version));
    let error = match waiver::waive(&app, who.id, seen, &form.finding, &form.reason).await {
        Ok(()) => return Ok(redirect(&format!("/console/campaigns/{}", *id), "waived")),
        Err(error @ CampaignError::WaiverReason) => error,
        Err(error) => return Err(refused(&app, error).await),
    };
    let mut page = load(&app, &req, &who, &audiences, *id).await?;
    let mut blocking = page.findings.findings.iter_mut().filter(|one| one.blocking);
    let place = blocking.position(|one| one.key == form.finding);
    let field = page.reason_of(&(place.unwrap_or_default() + 1));
    form.fault(&field, format!("{error}."));
    for one in &mut page.findings.findings {
        if one.key == form.finding {
            one.typed.clone_from(&form.reason);
        }
    }
    page.faults = form.faults;
    Ok(page::show(StatusCode::UNPROCESSABLE_ENTITY, &page)?)
}

/// `POST /console/campaigns/{id}/waivers/withdraw`.
///
/// # Errors
/// As [`waive`].
pub(crate) async fn withdraw(
    who: Allowed<ApproveCampaign>,
    app: Data<App>,
    id: Path<CampaignId>,
    form: Form<Waive>,
) -> Answer {
    let seen = Seen::at(*id, Some(form.version));
    let end = waiver::withdraw(&app, who.id, seen, &form.finding).await;
    ended(&app, *id, "waiver-withdrawn", end).await
}
