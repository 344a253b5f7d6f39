//! Problems of campaigns.

use super::template::{FindingView, bad_text};
use super::{Kind, Problem};
use crate::campaign::check::Review;
use crate::campaign::error::CampaignError;
use crate::template::lint::Finding;

/// The findings of a review, in the JSON of the API.
pub(in crate::web) fn shown_findings(review: &Review) -> Vec<FindingView> {
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
        | CampaignError::Content(_)
        | CampaignError::OtherScope { .. }
        | CampaignError::Nobody(_)
        | CampaignError::State(_)
        | CampaignError::Forgotten
        | CampaignError::Unpublished(_)
        | CampaignError::TooEarly(_)
        | CampaignError::OtherTime(_)
        | CampaignError::NoLongerMay
        | CampaignError::InDoubt(_)
        | CampaignError::Unwaived(_)
        | CampaignError::NotToWaive(_)
        | CampaignError::Waived
        | CampaignError::NotInReview(_)
        | CampaignError::NotUnderWay(_)
        | CampaignError::Activating(_) => Kind::InTheWay,
        CampaignError::Changed(_) | CampaignError::OtherContent => Kind::Changed,
        CampaignError::SamePerson => Kind::OwnWork,
        CampaignError::NoApprover => Kind::NotAllowed,
        CampaignError::NotReady(..) => Kind::NotReady,
        CampaignError::Rules(_) => Kind::Broken,
        CampaignError::Audience(_)
        | CampaignError::WaiverReason
        | CampaignError::NoFinding
        | CampaignError::Comment
        | CampaignError::AudiencePart(_)
        | CampaignError::Late
        | CampaignError::Past
        | CampaignError::TooFar
        | CampaignError::AfterDeadline
        | CampaignError::NeverLeaves
        | CampaignError::Test(_)
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
            CampaignError::Changed(ref changed) => Self::changed(&error, changed),
            CampaignError::IllegalMove { from, to } => problem.with("from", from).with("to", to),
            CampaignError::ApprovalVoid(changed) => problem.with("changed", changed),
            CampaignError::Rules(error) => Self::broken(error),
            CampaignError::Unwaived(findings) => problem.with("findings", findings),
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
