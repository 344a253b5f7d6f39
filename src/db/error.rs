//! What can go wrong in the database, told apart by SQLSTATE so that it also holds when errors come
//! from another node, where constraint names are lost.

use diesel::result::{DatabaseErrorKind, Error as Diesel};
use diesel_async::pooled_connection::deadpool::PoolError;

/// A result of the database layer.
pub type Result<T> = std::result::Result<T, Error>;

/// A failure of the database layer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The row asked for does not exist.
    #[error("no such row")]
    Missing,
    /// A constraint refused the write; its name, empty if the database did not say.
    #[error("refused by constraint {0:?}")]
    Conflict(String),
    /// Rows contradict each other or the program: an operator must look.
    #[error("inconsistent row in {table}: {row}")]
    Inconsistent {
        /// The table.
        table: &'static str,
        /// Which row, by id; never its contents.
        row: String,
    },
    /// No connection, or it broke: the same call may succeed later.
    #[error("the database is away: {0}")]
    Unavailable(String),
    /// A statement took longer than it may, or waited longer for a lock (57014, 55P03): the same call may succeed later.
    #[error("the database took too long: {0}")]
    Late(String),
    /// Two transactions got in each other's way (40001, 40P01): the same call may succeed at once.
    #[error("the database asks to try the transaction again")]
    Retry,
    /// Anything else: a bug, or a limit of the database.
    #[error("the database refused a statement: {0}")]
    Statement(String),
}

impl Error {
    /// An [`Error::Inconsistent`] for a row.
    pub fn inconsistent(table: &'static str, row: impl std::fmt::Display) -> Self {
        Self::Inconsistent {
            table,
            row: row.to_string(),
        }
    }

    /// Whether this is a refusal by the named constraint.
    pub fn is_conflict(&self, constraint: &str) -> bool {
        matches!(self, Self::Conflict(name) if name == constraint)
    }

    /// Whether the database was away or took too long: nothing is wrong with what was asked.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Late(_))
    }
}

impl From<Diesel> for Error {
    fn from(error: Diesel) -> Self {
        match error {
            Diesel::NotFound => Self::Missing,
            Diesel::DatabaseError(kind, info) => match kind {
                DatabaseErrorKind::UniqueViolation
                | DatabaseErrorKind::ForeignKeyViolation
                | DatabaseErrorKind::CheckViolation
                | DatabaseErrorKind::ExclusionViolation
                | DatabaseErrorKind::RestrictViolation => {
                    Self::Conflict(info.constraint_name().unwrap_or_default().to_owned())
                }
                DatabaseErrorKind::SerializationFailure => Self::Retry,
                DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand => {
                    Self::Unavailable(info.message().to_owned())
                }
                // Of the rest diesel does not tell the SQLSTATE: this is the one place that reads the words.
                _ if info.message().contains("deadlock detected") => Self::Retry,
                _ if late(info.message()) => Self::Late(info.message().to_owned()),
                _ if lost(info.message()) => Self::Unavailable(info.message().to_owned()),
                _ => Self::Statement(info.message().to_owned()),
            },
            Diesel::BrokenTransactionManager => {
                Self::Unavailable("the connection broke inside a transaction".to_owned())
            }
            other => Self::Statement(other.to_string()),
        }
    }
}

/// Messages of statements that took longer than their limit, or waited longer for a lock (57014, 55P03).
fn late(message: &str) -> bool {
    [
        "canceling statement due to statement timeout",
        "canceling statement due to lock timeout",
    ]
    .contains(&message)
}

/// Messages of a server that is going, gone or not yet there (57P01..57P03, 08xxx), which diesel
/// does not tell apart.
fn lost(message: &str) -> bool {
    [
        "connection closed",
        "terminating connection",
        "shutting down",
        "starting up",
        "recovery mode",
        "error communicating with the server",
        "Broken pipe",
        "Connection re",
    ]
    .iter()
    .any(|sign| message.contains(sign))
}

impl From<PoolError> for Error {
    fn from(error: PoolError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl From<diesel::ConnectionError> for Error {
    fn from(error: diesel::ConnectionError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Self {
        match error.as_db_error() {
            None => Self::Unavailable(error.to_string()),
            Some(db) => match db.code().code() {
                "23505" | "23503" | "23514" | "23P01" | "23001" => {
                    Self::Conflict(db.constraint().unwrap_or_default().to_owned())
                }
                "40001" | "40P01" => Self::Retry,
                "57P01" | "57P02" | "57P03" => Self::Unavailable(db.message().to_owned()),
                "57014" | "55P03" => Self::Late(db.message().to_owned()),
                _ => Self::Statement(db.message().to_owned()),
            },
        }
    }
}
