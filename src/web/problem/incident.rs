//! Problems of incidents.

use super::{Kind, Problem};
use crate::erasure::ForgetError;
use crate::incident::steer::SteerError;

impl From<ForgetError> for Problem {
    fn from(error: ForgetError) -> Self {
        match error {
            ForgetError::Db(error) => error.into(),
            ForgetError::Missing => Self::not_found(),
            ForgetError::NotConfirmed => Self::new(Kind::NotAccepted).because(error),
            ForgetError::Already | ForgetError::NotOver(_) => {
                Self::new(Kind::InTheWay).because(error)
            }
            ForgetError::StillOpen {
                ref reasons,
                ref open,
            } => Self::new(Kind::InTheWay)
                .because(&error)
                .with("reasons", reasons)
                .with("open", open),
        }
    }
}

impl From<SteerError> for Problem {
    fn from(error: SteerError) -> Self {
        let kind = match &error {
            SteerError::Db(_) | SteerError::Key(_) => Kind::Broken,
            SteerError::Missing => Kind::NotFound,
            SteerError::SlugTaken => Kind::Taken,
            SteerError::Text(_) => Kind::NotAccepted,
            SteerError::IllegalMove { .. } => Kind::IllegalMove,
            SteerError::Changed(_) => Kind::Changed,
            SteerError::StillOpen { .. }
            | SteerError::NotTold(_)
            | SteerError::Forgotten
            | SteerError::NothingNew => Kind::InTheWay,
        };
        match error {
            SteerError::Db(error) => error.into(),
            SteerError::Key(error) => Self::broken(error),
            SteerError::IllegalMove { from, to } => Self::new(kind)
                .because(&error)
                .with("from", from)
                .with("to", to),
            SteerError::StillOpen {
                ref reasons,
                ref open,
                ..
            } => Self::new(kind)
                .because(&error)
                .with("reasons", reasons)
                .with("open", open),
            SteerError::Changed(ref changed) => Self::changed(&error, changed),
            SteerError::NotTold(untold) => Self::new(kind).because(&error).with("confirm", untold),
            error => Self::new(kind).because(error),
        }
    }
}
