//! Confirmations before a list takes effect: by options of the command, or asked on the terminal.

use std::io::Write;

use clap::Args;

use crate::scope::activate::ActivateError;
use crate::scope::consent::{Confirmed, Lifted, Question, yes_to};

/// Changes that are confirmed with their number. On a terminal the command asks for the others.
#[derive(Debug, Args)]
pub(super) struct Confirmations {
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
    /// This many references seem to name another person: each names the same person as before.
    #[arg(long, requires = "activate", value_name = "REFERENCES")]
    yes_identity_changes: Option<i64>,
    /// This many references seem to name another person, and do: the former people keep their questions, answers and
    /// links and leave the scope; the new ones were told nothing so far.
    #[arg(
        long,
        requires = "activate",
        value_name = "REFERENCES",
        conflicts_with = "yes_identity_changes"
    )]
    yes_another_person: Option<i64>,
    /// Activate although rows of added files replaced this many accepted rows by other ones.
    #[arg(long, requires = "activate", value_name = "ROWS")]
    yes_replaced: Option<i64>,
    /// Activate although this many people lose their e-mail address.
    #[arg(long, requires = "activate", value_name = "PEOPLE")]
    yes_emails_lost: Option<i64>,
    /// Activate although this many people lose their postal address.
    #[arg(long, requires = "activate", value_name = "PEOPLE")]
    yes_addresses_lost: Option<i64>,
    /// Activate although this many people were told of data that the list takes back.
    #[arg(long, requires = "activate", value_name = "PEOPLE")]
    yes_told_too_much: Option<i64>,
    /// Activate although this many campaigns end, since their audience is not complete.
    #[arg(long, requires = "activate", value_name = "CAMPAIGNS")]
    yes_campaigns_ended: Option<i64>,
}

fn flag(text: &str) -> Result<(String, i64), String> {
    let both = text.split_once('=');
    let read = both.and_then(|(flag, people)| Some((flag.to_owned(), people.parse().ok()?)));
    read.ok_or_else(|| "name the flag and the number of people: hold=3".to_owned())
}

impl Confirmations {
    pub(super) fn given(&self) -> Confirmed {
        let flags = self.yes_flags_lifted.iter().cloned().collect();
        Confirmed {
            any_rejected: self.confirm_rejects,
            rejected: self.yes_rejected,
            flags_lifted: (!self.yes_flags_lifted.is_empty()).then_some(Lifted::ByFlag(flags)),
            retracted: self.yes_retracted,
            identity_changes: self.yes_identity_changes,
            another_person: self.yes_another_person,
            replaced: self.yes_replaced,
            emails_lost: self.yes_emails_lost,
            addresses_lost: self.yes_addresses_lost,
            told_too_much: self.yes_told_too_much,
            campaigns_ended: self.yes_campaigns_ended,
            revision: None,
        }
    }
}

/// Asks on the terminal; `None` if a question was not confirmed.
pub(super) fn ask(questions: &[Question]) -> Option<Confirmed> {
    let mut given = yes_to(questions);
    for question in questions {
        match question.otherwise() {
            None => {
                let answer = typed(&format!("{question} Type yes to confirm: "))?;
                answer.eq_ignore_ascii_case("yes").then_some(())?;
            }
            Some(other) => {
                let yes = question.yes();
                let answer = typed(&format!(
                    "{question}\n  same     {yes}\n  another  {other}\nType same or another; anything else leaves the draft: "
                ))?;
                match answer.to_ascii_lowercase().as_str() {
                    "same" => {}
                    "another" => {
                        given.identity_changes = None;
                        given.another_person = Some(question.number());
                    }
                    _ => return None,
                }
            }
        }
    }
    Some(given)
}

fn typed(asked: &str) -> Option<String> {
    let _ = write!(std::io::stderr(), "{asked}");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).ok()?;
    Some(line.trim().to_owned())
}

/// Adds the options of this command that confirm the questions.
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
        Question::Replaced { number } => format!("--yes-replaced {number}"),
        Question::EmailsLost { number } => format!("--yes-emails-lost {number}"),
        Question::AddressesLost { number } => format!("--yes-addresses-lost {number}"),
        Question::ToldTooMuch { number } => format!("--yes-told-too-much {number}"),
        Question::CampaignsEnd { number, .. } => format!("--yes-campaigns-ended {number}"),
        Question::IdentityChanges { number, .. } => format!(
            "--yes-identity-changes {number} (the same people) or --yes-another-person {number}"
        ),
    }
}
