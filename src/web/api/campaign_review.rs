//! What else a program does with a campaign: reject it, and retry its deferred messages now.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use super::campaign_view::CampaignView;
use super::campaigns::{Act, seen, shown, view};
use super::{OrNothing, versioned};
use crate::app::App;
use crate::campaign::reject;
use crate::delivery::retry_now::retry_now;
use crate::id::CampaignId;
use crate::staff::right::{ApproveCampaign, LaunchCampaign};
use crate::web::caller::Allowed;
use crate::web::problem::Answer;

/// `POST /campaigns/{id}/reject` `{comment}`, by another account than its author's: to its draft.
///
/// # Errors
/// 403 for the author, 422 for a comment that says too little or too much.
pub(crate) async fn reject(
    who: Allowed<ApproveCampaign>,
    req: HttpRequest,
    app: Data<App>,
    id: Path<CampaignId>,
    act: OrNothing<Act>,
) -> Answer {
    let seen = seen(&req, *id, &act.0)?;
    let comment = act.0.comment.as_deref().unwrap_or_default();
    reject::reject(&app, who.id, seen, comment).await?;
    shown(&app, HttpResponse::Ok(), *id).await
}

/// A campaign, and how many of its deferred notices were made due.
#[derive(Serialize)]
struct Retried {
    #[serde(flatten)]
    campaign: CampaignView,
    made_due: i64,
}

/// `POST /campaigns/{id}/retry`: its deferred notices are due now.
///
/// # Errors
/// 409 if it is not under way.
pub(crate) async fn retry(
    who: Allowed<LaunchCampaign>,
    req: HttpRequest,
    app: Data<App>,
    id: Path<CampaignId>,
    act: OrNothing<Act>,
) -> Answer {
    let seen = seen(&req, *id, &act.0)?;
    let made_due = retry_now(&app, who.id, seen).await?;
    let (version, campaign) = view(&app, *id).await?;
    let retried = Retried { campaign, made_due };
    Ok(versioned(HttpResponse::Ok(), version, &retried))
}
