//! Why a version was not put in force or thrown away.

use crate::db;
use crate::db::retry::Collision;
use crate::deployment::Doubt;
use crate::incident::IncidentState;
use crate::scope::ScopeStatus;
use crate::scope::consent::Question;

/// Why a version was not put in force or thrown away.
#[derive(Debug, thiserror::Error)]
pub enum ActivateError {
    /// There is no such incident or version.
    #[error("there is no such version of this incident's scope")]
    Missing,
    /// The incident's key was destroyed.
    #[error("this incident was forgotten: nobody can be added to it")]
    Forgotten,
    /// The incident is closed or dismissed.
    #[error("this incident is {0}: it takes no list. {next}", next = over(*.0))]
    Over(IncidentState),
    /// Another import or activation is at work.
    #[error("another import or activation of this incident is running: wait until it is done")]
    Busy,
    /// It is no draft.
    #[error("version {version} is {status}: only a draft can be activated or discarded")]
    NotADraft {
        /// Which.
        version: i32,
        /// What it is.
        status: ScopeStatus,
    },
    /// No row of it was accepted; a full list would retract all people.
    #[error("every row of version {0} was refused: correct the file and import it again")]
    Empty(i32),
    /// An earlier release read it, and did not keep what is asked now.
    #[error(
        "version {0} was read by an earlier release, which did not keep all that is asked now: import the list again with the word that it replaces the draft"
    )]
    Outdated(i32),
    /// A file was added to it since it was seen.
    #[error(
        "version {version} has changed since you looked at it: a file was added, and it has {accepted} accepted and {rejected} refused rows now. Nothing was done: look at it again"
    )]
    Changed {
        /// Which.
        version: i32,
        /// Accepted rows that it has now.
        accepted: i64,
        /// Refused rows that it has now.
        rejected: i64,
    },
    /// Something must be confirmed, each with its number; or was confirmed with a number that no longer fits.
    #[error("version {version} is not in force yet: {}", asked(.questions))]
    Unconfirmed {
        /// Which.
        version: i32,
        /// What is to be confirmed.
        questions: Vec<Question>,
    },
    /// The database may be an older copy: a person decides what was sent before the list changes.
    #[error("{0}")]
    InDoubt(Box<Doubt>),
    /// The database failed.
    #[error(transparent)]
    Db(db::Error),
}

impl Collision for ActivateError {
    fn is_collision(&self) -> bool {
        matches!(self, Self::Db(error) if error.is_collision())
    }
}

impl db::Trouble for ActivateError {
    fn is_outage(&self) -> bool {
        matches!(self, Self::Db(error) if error.is_outage())
    }
}

/// What to do about a list of an incident that is over.
pub(in crate::scope) fn over(state: IncidentState) -> &'static str {
    match state {
        IncidentState::Closed => "Move it back to scoping first, then import and activate the list",
        _ => "Open another incident for the list",
    }
}

fn asked(questions: &[Question]) -> String {
    let each: Vec<_> = questions.iter().map(ToString::to_string).collect();
    format!("confirm with its number: {}", each.join(" "))
}

impl From<db::Error> for ActivateError {
    fn from(error: db::Error) -> Self {
        match error {
            db::Error::Missing => Self::Missing,
            other => Self::Db(other),
        }
    }
}
