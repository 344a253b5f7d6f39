//! Problems of accounts and of attempts.

use super::{Kind, Problem};
use crate::staff::manage::ManageError;
use crate::staff::wrong_code::TryError;

impl From<ManageError> for Problem {
    fn from(error: ManageError) -> Self {
        let kind = match error {
            ManageError::Db(error) => return error.into(),
            ManageError::Missing | ManageError::NoKey => Kind::NotFound,
            ManageError::EmailTaken => Kind::Taken,
            ManageError::Name(_)
            | ManageError::NoRole
            | ManageError::Yourself
            | ManageError::WrongPassword
            | ManageError::HasMailbox
            | ManageError::NoMailbox => Kind::NotAccepted,
        };
        Self::new(kind).because(error)
    }
}

impl From<TryError> for Problem {
    fn from(error: TryError) -> Self {
        match error {
            TryError::TooMany(seconds) => Self::too_many(seconds),
            TryError::Db(error) => error.into(),
        }
    }
}
