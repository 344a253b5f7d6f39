//! What can go wrong in the database, told apart by SQLSTATE, whatever language the server speaks.

use diesel::ConnectionError;
use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind, Error as Diesel};
use diesel_async::pooled_connection::PoolError as Opening;
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
    /// The database URL, or a file that it names, is bad.
    #[error("configuration: database.url: {0}")]
    Url(String),
    /// No connection, or it broke: the same call may succeed later.
    #[error("the database cannot be reached: {0}")]
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

    /// The reason without what kind of failure it is.
    pub(super) fn why(self) -> String {
        match self {
            Self::Unavailable(why) => why,
            other => other.to_string(),
        }
    }

    /// By the SQLSTATE (Postgres documentation, appendix A).
    fn of_code(code: &str, constraint: Option<&str>, message: &str) -> Self {
        let message = || message.to_owned();
        match code {
            "23505" | "23503" | "23514" | "23P01" | "23001" => {
                Self::Conflict(constraint.unwrap_or_default().to_owned())
            }
            "40001" | "40P01" => Self::Retry,
            // It ends, has crashed, is not yet there, or has ended the session.
            "57P01" | "57P02" | "57P03" | "57P05" | "25P03" => Self::Unavailable(message()),
            _ if code.starts_with("08") => Self::Unavailable(message()),
            "57014" | "55P03" => Self::Late(message()),
            _ => Self::Statement(message()),
        }
    }

    /// An error of the server as diesel passes it on.
    fn of_diesel(kind: DatabaseErrorKind, info: &dyn DatabaseErrorInformation) -> Self {
        // Our connections put the SQLSTATE there: `connect/sqlstate`.
        if let Some(code) = info.column_name() {
            return Self::of_code(code, info.constraint_name(), info.message());
        }
        // Without one it is not the server's.
        match kind {
            DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand => {
                Self::Unavailable(info.message().to_owned())
            }
            _ => Self::Statement(info.message().to_owned()),
        }
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
            Diesel::DatabaseError(kind, info) => Self::of_diesel(kind, &*info),
            // It is rolled back: the connection is dropped.
            Diesel::RollbackErrorOnCommit { commit_error, .. } => (*commit_error).into(),
            Diesel::BrokenTransactionManager => {
                Self::Unavailable("the connection broke inside a transaction".to_owned())
            }
            other => Self::Statement(other.to_string()),
        }
    }
}

impl From<PoolError> for Error {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Backend(Opening::ConnectionError(error)) => error.into(),
            PoolError::Backend(Opening::QueryError(error)) => error.into(),
            other => Self::Unavailable(other.to_string()),
        }
    }
}

impl From<ConnectionError> for Error {
    fn from(error: ConnectionError) -> Self {
        match error {
            // What `pool` was told.
            ConnectionError::BadConnection(why) => Self::Unavailable(why),
            ConnectionError::CouldntSetupConfiguration(error) => error.into(),
            other => Self::Unavailable(other.to_string()),
        }
    }
}

impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Self {
        match error.as_db_error() {
            None => Self::Unavailable(error.to_string()),
            Some(said) => Self::of_code(said.code().code(), said.constraint(), said.message()),
        }
    }
}
