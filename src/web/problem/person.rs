//! Problems of looking people up.

use super::Problem;
use crate::person::find::FindError;

impl From<FindError> for Problem {
    fn from(error: FindError) -> Self {
        match error {
            FindError::Db(error) => error.into(),
            FindError::Missing => Self::not_found(),
            FindError::Key(broken) => Self::broken(broken),
        }
    }
}
