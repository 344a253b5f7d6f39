//! Problems of postal letters.

use super::{Kind, Problem};
use crate::postal::PostalError;
use crate::postal::consent::yes_to;
use crate::postal::slips::BadFile;

impl From<PostalError> for Problem {
    fn from(error: PostalError) -> Self {
        let kind = match &error {
            PostalError::Db(_) | PostalError::Key(_) => Kind::Broken,
            PostalError::Missing => Kind::NotFound,
            PostalError::InFuture { .. }
            | PostalError::BeforeTaken { .. }
            | PostalError::BeforeListed { .. }
            | PostalError::Who
            | PostalError::IsPosted(_)
            | PostalError::IsTold(_) => Kind::NotAccepted,
            PostalError::Forgotten
            | PostalError::State(_)
            | PostalError::InDoubt(_)
            | PostalError::Known(_)
            | PostalError::Nobody
            | PostalError::NoAddress { .. }
            | PostalError::Waiting { .. }
            | PostalError::MinorsAreMailed
            | PostalError::LinksLeadHome { .. }
            | PostalError::NotWaiting { .. }
            | PostalError::Held
            | PostalError::Retracted
            | PostalError::NothingOwed
            | PostalError::Unconfirmed { .. }
            | PostalError::Outdated { .. }
            | PostalError::BeingActivated
            | PostalError::CampaignUnderWay(_) => Kind::InTheWay,
        };
        match error {
            PostalError::Db(error) => error.into(),
            PostalError::Key(broken) => Self::broken(broken),
            PostalError::Missing => Self::not_found(),
            PostalError::Unconfirmed { ref questions } => Self::new(kind)
                .because(&error)
                .with("confirm", yes_to(questions))
                .with("questions", questions),
            error => Self::new(kind).because(error),
        }
    }
}

impl From<BadFile> for Problem {
    fn from(error: BadFile) -> Self {
        Self::new(Kind::NotAccepted).because(error)
    }
}
