//! Why a list was not imported.

use super::list::Refused;
use crate::csv_file::{HeaderError, ReadError};
use crate::db;
use crate::incident::IncidentState;
use crate::scope::activate::{ActivateError, over};
use crate::seal::Broken;

/// Why a list was not imported. Nothing of it is left then.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// There is no such incident.
    #[error("there is no such incident")]
    Missing,
    /// The incident's key was destroyed.
    #[error("this incident was forgotten: nobody can be added to it")]
    Forgotten,
    /// The incident is closed or dismissed.
    #[error("this incident is {0}: it takes no list. {next}", next = over(*.0))]
    Over(IncidentState),
    /// Another import or an activation is at work.
    #[error("another import or activation of this incident is running: wait until it is done")]
    Busy,
    /// A draft waits, and the import does not say what becomes of it.
    #[error(
        "version {version} waits as a draft, with {accepted} rows accepted and {rejected} refused, and would be lost: \
         add the rows of this list to it, or say that this list replaces it"
    )]
    DraftWaits {
        /// Which.
        version: i32,
        /// Rows taken.
        accepted: i64,
        /// Rows refused.
        rejected: i64,
    },
    /// No draft waits to which the rows could be added.
    #[error(
        "no draft waits to which the rows could be added; it was put in force or discarded: look at the scope \
         versions of the incident, and import the list as a version of its own if it is one"
    )]
    NoDraft,
    /// More files were added to the draft than can be counted.
    #[error("too many files were added to this draft: put it in force or replace it")]
    TooManyFiles,
    /// The first line is wrong; everything that is wrong with it.
    #[error("{}", all(.0))]
    Header(Vec<HeaderError>),
    /// The list has no rows.
    #[error("The file has no row below its first line.")]
    NoRows,
    /// The file could not be read to its end.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Not all of an upload is here.
    #[error("{received} of {size} octets are here: add the rest, then import it")]
    Incomplete {
        /// How many are here.
        received: i64,
        /// How many there are.
        size: i64,
    },
    /// The master key is not the one under which the incident was opened.
    #[error(transparent)]
    Key(#[from] Broken),
    /// The program is stopping.
    #[error("the import was stopped")]
    Stopped,
    /// The database failed.
    #[error(transparent)]
    Db(db::Error),
}

impl ImportError {
    /// Whether the list itself is why: the same file would be refused again.
    pub fn is_of_the_list(&self) -> bool {
        match self {
            Self::Read(error) => !matches!(error, ReadError::Io(_)),
            other => matches!(other, Self::Header(_) | Self::NoRows),
        }
    }
}

fn all(errors: &[HeaderError]) -> String {
    let each: Vec<_> = errors.iter().map(ToString::to_string).collect();
    each.join(" ")
}

impl From<db::Error> for ImportError {
    fn from(error: db::Error) -> Self {
        match error {
            db::Error::Missing => Self::Missing,
            other => Self::Db(other),
        }
    }
}

impl From<tokio_postgres::Error> for ImportError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Db(error.into())
    }
}

impl From<ActivateError> for ImportError {
    fn from(error: ActivateError) -> Self {
        match error {
            ActivateError::Db(error) => Self::Db(error),
            ActivateError::Missing => Self::Missing,
            ActivateError::Forgotten => Self::Forgotten,
            ActivateError::Over(state) => Self::Over(state),
            // What is being resumed was a draft with rows, and was consented to.
            ActivateError::Busy
            | ActivateError::NotADraft { .. }
            | ActivateError::Empty(_)
            | ActivateError::Outdated(_)
            | ActivateError::InDoubt(_)
            | ActivateError::Changed { .. }
            | ActivateError::Unconfirmed { .. } => Self::Busy,
        }
    }
}

impl From<Refused> for ImportError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Read(error) => Self::Read(error),
            Refused::Header(errors) => Self::Header(errors),
            Refused::NoRows => Self::NoRows,
        }
    }
}
