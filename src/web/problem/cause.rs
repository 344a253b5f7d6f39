//! Why a request found no database, for the log.

use std::fmt;

use crate::db::retry::Collision;
use crate::db::{self, Trouble};

/// The error of the database, for the log.
#[derive(Debug, Clone, Default)]
pub struct Cause {
    words: String,
    is_outage: bool,
    /// Whether its transaction collided with another one and was rolled back.
    may_run_again: bool,
}

impl Cause {
    /// Keeps what the log needs of an error.
    pub fn of(error: &db::Error) -> Self {
        Self {
            words: error.to_string(),
            is_outage: error.is_outage(),
            may_run_again: error.is_collision(),
        }
    }

    /// Whether the same request may succeed if it is run again at once.
    pub fn may_run_again(&self) -> bool {
        self.may_run_again
    }

    /// Whether the database is not the cause.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

impl Trouble for Cause {
    fn is_outage(&self) -> bool {
        self.is_outage
    }
}
