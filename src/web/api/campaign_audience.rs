//! The audience of a campaign, and which text each person gets.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use serde::Serialize;

use crate::app::App;
use crate::campaign::approval;
use crate::campaign::check::{self, Naming, Readers, ToAcknowledge, Unfillable};
use crate::campaign::error::CampaignError;
use crate::campaign::{findings, store};
use crate::id::CampaignId;
use crate::person::AudienceCount;
use crate::staff::right::SeeCampaigns;
use crate::template::rules::Remark;
use crate::web::audience_counts::{Asked, AudienceCounts};
use crate::web::caller::Allowed;
use crate::web::problem::campaign::shown_findings;
use crate::web::problem::template::FindingView;
use crate::web::problem::{Answer, Kind, Problem};

/// An audience and how the texts fit it, in the JSON of the API.
#[derive(Debug, Serialize)]
struct AudienceView {
    #[serde(flatten)]
    count: AudienceCount,
    readers: Vec<Readers>,
    unnamed: Vec<Naming>,
    not_theirs: Vec<Naming>,
    unfillable: Vec<Unfillable>,
    findings: Vec<FindingView>,
    /// What rules find: it does not prevent the submission, and what blocks must be waived before an approval.
    rules: Vec<Remark>,
    /// Places for which Candor knows no rule.
    unknown_places: Vec<String>,
    acknowledge: Vec<ToAcknowledge>,
}

/// `GET /campaigns/{id}/audience`: how many people a campaign that was not launched goes to, which text each gets,
/// and what prevents its submission.
///
/// # Errors
/// 404, no active scope, texts that do not compile. 503 if the audience cannot be counted in time.
pub(crate) async fn show(
    _: Allowed<SeeCampaigns>,
    app: Data<App>,
    audiences: Data<AudienceCounts>,
    id: Path<CampaignId>,
) -> Answer {
    let mut conn = app.db.get().await?;
    let campaign = store::find(&mut conn, *id).await?;
    let content = approval::present_content(&app, &mut conn, &campaign).await?;
    // Others need it while this one waits.
    drop(conn);
    let counted = audiences
        .complete(&app, Asked::of(&campaign, Some(content.scope)))
        .await;
    let counted = counted
        .ok_or_else(|| Problem::new(Kind::Away).because("the audience could not be counted"))?;
    let review = check::review(&content, &counted.classes).map_err(CampaignError::Text)?;
    let found = findings::of(&app, &content, &counted.classes)?;
    Ok(HttpResponse::Ok().json(AudienceView {
        rules: found.remarks,
        unknown_places: found.unknown,
        count: counted.count(),
        findings: shown_findings(&review),
        readers: review.readers,
        unnamed: review.unnamed,
        not_theirs: review.not_theirs,
        unfillable: review.unfillable,
        acknowledge: review.acknowledge,
    }))
}
