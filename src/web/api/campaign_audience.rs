//! Whom a campaign goes to and which text they read, and every refusal of a campaign as a problem.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use serde::Serialize;

use super::templates::{FindingView, bad_text};
use crate::app::App;
use crate::campaign::approval;
use crate::campaign::check::{self, Naming, Readers, Review, ToAcknowledge, Unfillable};
use crate::campaign::error::CampaignError;
use crate::campaign::store;
use crate::id::CampaignId;
use crate::person::AudienceCount;
use crate::staff::right::SeeCampaigns;
use crate::template::lint::Finding;
use crate::web::audience_counts::AudienceCounts;
use crate::web::problem::{Answer, Kind, Problem};
use crate::web::who::Allowed;

/// An audience and how the texts suit it, as we promise it.
#[derive(Debug, Serialize)]
struct AudienceView {
    #[serde(flatten)]
    count: AudienceCount,
    readers: Vec<Readers>,
    unnamed: Vec<Naming>,
    not_theirs: Vec<Naming>,
    unfillable: Vec<Unfillable>,
    findings: Vec<FindingView>,
    acknowledge: Vec<ToAcknowledge>,
}

/// `GET /campaigns/{id}/audience`: how many people a campaign that was not launched goes to, which text each gets,
/// and what stands against its submission.
///
/// # Errors
/// 404, no active scope, texts that do not compile. 503 if the audience cannot be counted in time.
pub async fn show(
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
        .complete(&app, &campaign, Some(content.scope))
        .await;
    let counted = counted
        .ok_or_else(|| Problem::new(Kind::Away).because("the audience could not be counted"))?;
    let review = check::review(&content, &counted.classes).map_err(CampaignError::Text)?;
    Ok(HttpResponse::Ok().json(AudienceView {
        count: counted.count,
        findings: shown_findings(&review),
        readers: review.readers,
        unnamed: review.unnamed,
        not_theirs: review.not_theirs,
        unfillable: review.unfillable,
        acknowledge: review.acknowledge,
    }))
}

fn shown_findings(review: &Review) -> Vec<FindingView> {
    let shown = |(locale, finding): &(String, Finding)| FindingView::of(locale, finding.clone());
    review.findings.iter().map(shown).collect()
}

fn kind(error: &CampaignError) -> Kind {
    match error {
        CampaignError::Missing => Kind::NotFound,
        CampaignError::IllegalMove { .. } => Kind::IllegalMove,
        CampaignError::NotADraft
        | CampaignError::NoScope
        | CampaignError::ApprovalVoid(_)
        | CampaignError::OtherScope { .. }
        | CampaignError::Nobody(_)
        | CampaignError::State(_)
        | CampaignError::Forgotten
        | CampaignError::Unpublished(_)
        | CampaignError::InDoubt(_)
        | CampaignError::Activating(_) => Kind::InTheWay,
        CampaignError::Changed | CampaignError::OtherContent => Kind::Changed,
        CampaignError::SamePerson => Kind::OwnWork,
        CampaignError::NotReady(..) => Kind::NotReady,
        CampaignError::Audience(_)
        | CampaignError::Late
        | CampaignError::Text(_)
        | CampaignError::Db(_) => Kind::NotAccepted,
    }
}

impl From<CampaignError> for Problem {
    fn from(error: CampaignError) -> Self {
        let problem = Self::new(kind(&error)).because(&error);
        match error {
            CampaignError::Db(error) => error.into(),
            CampaignError::Text(wrong) => {
                bad_text(wrong.iter().map(|(locale, e)| (Some(locale.as_str()), e)))
            }
            CampaignError::IllegalMove { from, to } => problem.with("from", from).with("to", to),
            CampaignError::ApprovalVoid(changed) => problem.with("changed", changed),
            CampaignError::Nobody(count) => problem.with("audience", count),
            CampaignError::State(state) => problem.with("state", state),
            CampaignError::Unpublished(facts) => problem.with("unpublished", facts),
            CampaignError::Activating(version) => problem.with("scope", version),
            CampaignError::Audience(wrong) => problem.with("audiences", wrong.kind.audiences()),
            CampaignError::NotReady(review, said) => problem
                .with("unnamed", &review.unnamed)
                .with("not_theirs", &review.not_theirs)
                .with("unfillable", &review.unfillable)
                .with("findings", shown_findings(&review))
                .with("acknowledge", review.open(&said)),
            _ => problem,
        }
    }
}
