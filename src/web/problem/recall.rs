//! Problems of recalls.

use super::{Kind, Problem};
use crate::recall::steer::RecallError;

impl From<RecallError> for Problem {
    fn from(error: RecallError) -> Self {
        match error {
            RecallError::Db(error) => error.into(),
            RecallError::Missing => Self::not_found(),
            RecallError::Changed(ref changed) => Self::changed(&error, changed),
            RecallError::IllegalMove { from, to } => Self::new(Kind::IllegalMove)
                .because(&error)
                .with("from", from)
                .with("to", to),
            RecallError::SamePerson => Self::new(Kind::OwnWork).because(error),
            RecallError::Bad(_) | RecallError::NoText => {
                Self::new(Kind::NotAccepted).because(error)
            }
            RecallError::OtherTexts
            | RecallError::Forgotten
            | RecallError::NotPublished(_)
            | RecallError::Nobody => Self::new(Kind::InTheWay).because(error),
            RecallError::Drafted(campaign) => Self::new(Kind::InTheWay)
                .because(&error)
                .with("campaign", campaign),
            RecallError::Campaign(error) => (*error).into(),
        }
    }
}
