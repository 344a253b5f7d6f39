//! Problems of tickets.

use super::{Kind, Problem};
use crate::ticket::agent::AgentError;
use crate::ticket::move_check::Refusal;

impl From<AgentError> for Problem {
    fn from(error: AgentError) -> Self {
        let kind = match &error {
            AgentError::Db(_) | AgentError::Missing => Kind::NotFound,
            AgentError::NoSuchAgent
            | AgentError::Words(_)
            | AgentError::Refused(Refusal::Needs(_)) => Kind::NotAccepted,
            AgentError::Refused(_) => Kind::IllegalMove,
            AgentError::HeldBy(_) => Kind::InTheWay,
            AgentError::Conflict(_) => Kind::Changed,
        };
        let problem = Self::new(kind).because(&error);
        match error {
            AgentError::Db(error) => error.into(),
            AgentError::Refused(
                Refusal::IllegalMove { from, to } | Refusal::NotByHand { from, to },
            ) => problem.with("from", from).with("to", to),
            AgentError::Conflict(ref conflict) => Self::changed(&error, &conflict.changed),
            _ => problem,
        }
    }
}
