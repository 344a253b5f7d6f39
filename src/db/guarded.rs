//! The result of a statement with a guard: `update … where id = … and version = …`.

use std::fmt::Display;

use super::{Error, Result};

/// What a statement with a guard did to its row. The compiler warns where it is dropped.
#[must_use = "a statement whose guard did not hold has written nothing"]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guarded {
    /// The guard held, and the row is written.
    Written,
    /// The guard did not hold, or the row is gone: nothing is written.
    Refused,
}

impl Guarded {
    /// From the number of rows of a statement that can match one row at most.
    pub(crate) fn of(rows: usize) -> Self {
        match rows {
            0 => Self::Refused,
            _ => Self::Written,
        }
    }

    /// Whether the row is written.
    pub fn is_written(self) -> bool {
        self == Self::Written
    }

    /// For a row that the caller has locked and compared: its guard must hold.
    ///
    /// # Errors
    /// `Inconsistent` if it does not.
    pub(crate) fn expected(self, table: &'static str, row: impl Display) -> Result<()> {
        match self {
            Self::Written => Ok(()),
            Self::Refused => Err(Error::inconsistent(table, row)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guard_that_did_not_hold_is_an_error_where_it_must_hold() {
        assert!(Guarded::of(1).is_written() && !Guarded::of(0).is_written());
        assert!(Guarded::of(1).expected("ticket", 7).is_ok());
        let refused = Guarded::of(0).expected("ticket", 7);
        assert_eq!(
            refused.map_err(|error| error.to_string()),
            Err("inconsistent row in ticket: 7".to_owned())
        );
    }
}
