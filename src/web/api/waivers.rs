//! The findings of a submitted campaign, and their waivers.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Json, seen_version, versioned};
use crate::app::App;
use crate::campaign::launch::Seen;
use crate::campaign::{store, waiver};
use crate::id::{CampaignId, StaffId};
use crate::incident;
use crate::staff::right::{ApproveCampaign, SeeCampaigns};
use crate::template::rules::Remark;
use crate::web::caller::Allowed;
use crate::web::console::findings::opened;
use crate::web::problem::{Answer, Problem};

/// A finding with its waiver, in the JSON of the API.
#[derive(Debug, Serialize)]
struct FoundView {
    #[serde(flatten)]
    remark: Remark,
    waiver: Option<WaiverView>,
}

#[derive(Debug, Serialize)]
struct WaiverView {
    by: StaffId,
    at: DateTime<Utc>,
    /// Empty once the incident is forgotten.
    reason: String,
}

#[derive(Debug, Serialize)]
struct Waivers {
    findings: Vec<FoundView>,
    /// Blocking findings that no approver waived.
    open: usize,
    /// Whether a waiver was added or withdrawn since the approval, which is void then.
    changed: bool,
}

async fn shown(app: &App, id: CampaignId) -> Answer {
    let mut conn = app.db.get().await?;
    let of = store::overview(&mut conn, id).await?;
    let incident = incident::store::find(&mut conn, of.campaign.incident).await?;
    drop(conn);
    let key = incident.key(&app.keys).ok().flatten();
    let waivers = of.judged.waivers;
    let view = |remark: Remark| {
        let waiver = waivers.iter().find(|one| one.finding == remark.finding);
        FoundView {
            waiver: waiver.map(|one| WaiverView {
                by: one.by,
                at: one.at,
                reason: opened(key.as_ref(), id, &one.reason_sealed),
            }),
            remark,
        }
    };
    let findings: Vec<FoundView> = of.judged.remarks.into_iter().map(view).collect();
    let is_open = |one: &&FoundView| one.remark.blocking && one.waiver.is_none();
    let view = Waivers {
        open: findings.iter().filter(is_open).count(),
        findings,
        changed: of.waivers_changed,
    };
    Ok(versioned(HttpResponse::Ok(), of.campaign.version, &view))
}

/// `GET /campaigns/{id}/waivers`: what rules found when it was submitted, and who waived what.
///
/// # Errors
/// 404.
pub(crate) async fn show(_: Allowed<SeeCampaigns>, app: Data<App>, id: Path<CampaignId>) -> Answer {
    shown(&app, *id).await
}

/// The body of [`waive`] and [`withdraw`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Of {
    finding: String,
    #[serde(default)]
    reason: String,
    version: Option<i32>,
}

fn seen(req: &HttpRequest, id: CampaignId, of: &Of) -> Result<Seen, Problem> {
    Ok(Seen::at(id, Some(seen_version(req, of.version)?)))
}

/// `POST /campaigns/{id}/waivers` `{finding, reason, version}`.
///
/// # Errors
/// 403 for its author, 409 for another version.
pub(crate) async fn waive(
    who: Allowed<ApproveCampaign>,
    req: HttpRequest,
    app: Data<App>,
    id: Path<CampaignId>,
    of: Json<Of>,
) -> Answer {
    let of = of.0;
    waiver::waive(&app, who.id, seen(&req, *id, &of)?, &of.finding, &of.reason).await?;
    shown(&app, *id).await
}

/// `POST /campaigns/{id}/waivers/withdraw` `{finding, version}`.
///
/// # Errors
/// As [`waive`].
pub(crate) async fn withdraw(
    who: Allowed<ApproveCampaign>,
    req: HttpRequest,
    app: Data<App>,
    id: Path<CampaignId>,
    of: Json<Of>,
) -> Answer {
    let of = of.0;
    waiver::withdraw(&app, who.id, seen(&req, *id, &of)?, &of.finding).await?;
    shown(&app, *id).await
}
