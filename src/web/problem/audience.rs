//! Problems of lists of references.

use super::{Kind, Problem};
use crate::campaign::reference_list::ListError;

impl From<ListError> for Problem {
    fn from(error: ListError) -> Self {
        match error {
            ListError::Missing => Self::not_found(),
            ListError::Key(broken) => Self::broken(broken),
            ListError::Db(error) => error.into(),
            ListError::Forgotten => Self::new(Kind::InTheWay).because(error),
            ListError::TooLong => Self::new(Kind::TooLarge).because(error),
            ListError::Empty | ListError::NotAReference { .. } => {
                Self::new(Kind::NotAccepted).because(error)
            }
        }
    }
}
