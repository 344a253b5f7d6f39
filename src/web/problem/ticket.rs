//! Problems of tickets.

use super::{Kind, Problem};
use crate::ticket::desk::DeskError;
use crate::ticket::guard::Refusal;

impl From<DeskError> for Problem {
    fn from(error: DeskError) -> Self {
        let kind = match &error {
            DeskError::Db(_) | DeskError::Missing => Kind::NotFound,
            DeskError::NoSuchAgent
            | DeskError::Words(_)
            | DeskError::Refused(Refusal::Needs(_)) => Kind::NotAccepted,
            DeskError::Refused(_) => Kind::IllegalMove,
            DeskError::HeldBy(_) => Kind::InTheWay,
            DeskError::Conflict(_) => Kind::Changed,
        };
        let problem = Self::new(kind).because(&error);
        match error {
            DeskError::Db(error) => error.into(),
            DeskError::Refused(
                Refusal::IllegalMove { from, to } | Refusal::NotByHand { from, to },
            ) => problem.with("from", from).with("to", to),
            DeskError::Conflict(ref conflict) => Self::changed(&error, &conflict.changed),
            _ => problem,
        }
    }
}
