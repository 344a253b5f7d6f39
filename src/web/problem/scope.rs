//! Problems of affected lists: uploads, imports, activations.

use super::{Kind, Problem};
use crate::scope::activate::ActivateError;
use crate::scope::consent::{Confirmed, yes_to};
use crate::scope::import::ImportError;
use crate::scope::upload::UploadError;

impl From<UploadError> for Problem {
    fn from(error: UploadError) -> Self {
        let kind = match error {
            UploadError::Db(error) => return error.into(),
            UploadError::Key(broken) => return Self::broken(broken),
            UploadError::Draft(error) => return (*error).into(),
            UploadError::Missing => Kind::NotFound,
            UploadError::Forgotten | UploadError::Busy | UploadError::NotNext { .. } => {
                Kind::InTheWay
            }
            UploadError::NotASize | UploadError::TooMuch => Kind::NotAccepted,
        };
        let problem = Self::new(kind).because(&error);
        match error {
            UploadError::NotNext { received } => problem.with("received", received),
            _ => problem,
        }
    }
}

impl From<ImportError> for Problem {
    fn from(error: ImportError) -> Self {
        let kind = match error {
            ImportError::Db(error) => return error.into(),
            ImportError::Key(broken) => return Self::broken(broken),
            ImportError::Missing => Kind::NotFound,
            ImportError::Forgotten
            | ImportError::Over(_)
            | ImportError::Busy
            | ImportError::DraftWaits { .. }
            | ImportError::NoDraft
            | ImportError::TooManyFiles
            | ImportError::Incomplete { .. } => Kind::InTheWay,
            ImportError::Header(_) | ImportError::NoRows | ImportError::Read(_) => {
                Kind::NotAccepted
            }
            ImportError::Stopped => Kind::Away,
        };
        let problem = Self::new(kind).because(&error);
        match error {
            ImportError::Header(wrong) => problem.with(
                "errors",
                wrong.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ),
            ImportError::Incomplete { received, .. } => problem.with("received", received),
            ImportError::DraftWaits { version, .. } => problem
                .because(format!("{error}: send draft=add or draft=replace"))
                .with("version", version)
                .with("draft", ["add", "replace"]),
            _ => problem,
        }
    }
}

impl From<ActivateError> for Problem {
    fn from(error: ActivateError) -> Self {
        let kind = match error {
            ActivateError::Db(error) => return error.into(),
            ActivateError::Missing => Kind::NotFound,
            ActivateError::Forgotten
            | ActivateError::Over(_)
            | ActivateError::Busy
            | ActivateError::Empty(_)
            | ActivateError::Outdated(_)
            | ActivateError::InDoubt(_)
            | ActivateError::Changed { .. }
            | ActivateError::Unconfirmed { .. } => Kind::InTheWay,
            ActivateError::NotADraft { .. } => Kind::IllegalMove,
        };
        let problem = Self::new(kind).because(&error);
        match error {
            ActivateError::Unconfirmed { questions, .. } => problem
                // Whether it is the same person or another one is for the reader of the question to say.
                .with(
                    "confirm",
                    Confirmed {
                        identity_changes: None,
                        ..yes_to(&questions)
                    },
                )
                .with("questions", questions),
            _ => problem,
        }
    }
}
