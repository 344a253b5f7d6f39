//! Why a decision about an older copy is refused.

use super::relay_span::Uncovered;
use crate::db;

/// Why nothing was decided.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The database is not in doubt.
    #[error(
        "this database is in use and not in doubt: there is nothing to decide. If it is an older copy all the same, \
         say so first: `candor db doubt`"
    )]
    NoDoubt,
    /// The log is of something else.
    #[error(
        "the log names no message of Candor's: it must be that of the relay, in Postfix's format, with the \
         message-id lines of cleanup"
    )]
    NotALog,
    /// A part of it is missing.
    #[error(transparent)]
    Uncovered(#[from] Uncovered),
    /// It does not know what the relay surely took.
    #[error(
        "the copy knows of {known} messages that relay {relay} took last, and none of them is in the log: give the \
         log of that relay too, or decide without a log"
    )]
    OtherRelay {
        /// The relay.
        relay: String,
        /// How many.
        known: usize,
    },
    /// The database failed.
    #[error(transparent)]
    Db(#[from] db::Error),
}
