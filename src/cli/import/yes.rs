//! What must be confirmed before a list takes effect, on the command line: by options, or on the terminal.

use std::io::Write;

use clap::Args;

use crate::scope::activate::ActivateError;
use crate::scope::consent::{Confirmed, Lifted, Question};

/// What the version may change, each with its number; on a terminal it is asked.
#[derive(Debug, Args)]
pub(super) struct Yes {
    /// Activate also if more rows were refused than scope.reject_percent.
    #[arg(long, requires = "activate")]
    confirm_rejects: bool,
    /// Activate although this many rows were refused.
    #[arg(long, requires = "activate", value_name = "ROWS")]
    yes_rejected: Option<i64>,
    /// Activate although this flag is lifted from this many people; once for each flag.
    #[arg(long, requires = "activate", value_name = "FLAG=PEOPLE", value_parser = flag)]
    yes_flags_lifted: Vec<(String, i64)>,
    /// Activate although a full list retracts this many people.
    #[arg(long, requires = "activate", value_name = "PEOPLE")]
    yes_retracted: Option<i64>,
    /// Activate although name and address of this many people told before are new.
    #[arg(long, requires = "activate", value_name = "PEOPLE")]
    yes_identity_changes: Option<i64>,
}

fn flag(text: &str) -> Result<(String, i64), String> {
    let both = text.split_once('=');
    let read = both.and_then(|(flag, people)| Some((flag.to_owned(), people.parse().ok()?)));
    read.ok_or_else(|| "name the flag and the number of people: hold=3".to_owned())
}

impl Yes {
    pub(super) fn given(&self) -> Confirmed {
        let flags = self.yes_flags_lifted.iter().cloned().collect();
        Confirmed {
            any_rejected: self.confirm_rejects,
            rejected: self.yes_rejected,
            flags_lifted: (!self.yes_flags_lifted.is_empty()).then_some(Lifted::ByFlag(flags)),
            retracted: self.yes_retracted,
            identity_changes: self.yes_identity_changes,
        }
    }
}

/// Asks on the terminal; whether everything was answered with yes.
pub(super) fn ask(questions: &[Question]) -> bool {
    questions.iter().all(|question| {
        let _ = write!(std::io::stderr(), "{question} Type yes to confirm: ");
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).is_ok() && line.trim().eq_ignore_ascii_case("yes")
    })
}

/// What to do about it, where that is a word on this command line.
pub(super) fn hinted(error: ActivateError) -> anyhow::Error {
    let words: Vec<String> = match &error {
        ActivateError::Unconfirmed { questions, .. } => questions.iter().map(word).collect(),
        _ => Vec::new(),
    };
    let error = anyhow::Error::new(error);
    match words.is_empty() {
        true => error,
        false => error.context(format!(
            "the version stays a draft; {} puts it in force",
            words.join(" ")
        )),
    }
}

fn word(question: &Question) -> String {
    match question {
        Question::Rejected { number, .. } => format!("--yes-rejected {number}"),
        Question::FlagsLifted { flag, number } => format!("--yes-flags-lifted {flag}={number}"),
        Question::Retracted { number } => format!("--yes-retracted {number}"),
        Question::IdentityChanges { number } => format!("--yes-identity-changes {number}"),
    }
}
