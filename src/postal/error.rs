//! Why letters were not listed or recorded.

use chrono::NaiveDate;

use super::consent::Question;
use super::{PostalKind, PostalState};
use crate::db;
use crate::deployment::Doubt;
use crate::id::PostalId;
use crate::incident::IncidentState;
use crate::seal::Broken;

/// Why letters were not listed or recorded.
#[derive(Debug, thiserror::Error)]
pub enum PostalError {
    /// There is no such incident, list or person.
    #[error("there is no such incident, list or person")]
    Missing,
    /// The incident's key was destroyed.
    #[error("this incident was forgotten: its addresses are gone")]
    Forgotten,
    /// People of an incident in this state are not told so.
    #[error("this incident is {0}: {next}", next = next(*.0))]
    State(IncidentState),
    /// The database may be an older copy: people may have had their letter.
    #[error("no list is taken, and no file of one written: {0}")]
    InDoubt(Box<Doubt>),
    /// No person belongs on such a list now.
    #[error("nobody belongs on this list now")]
    Nobody,
    /// All people who belong on it are on a list that waits, of this kind or another.
    #[error(
        "everybody who belongs on this list is on one that waits ({waiting}): record that it was posted, discard it, \
         or say that they go on a second list"
    )]
    Waiting {
        /// How many letters wait.
        waiting: i64,
    },
    /// All people who belong on it lack a postal address, or are on a list that waits.
    #[error(
        "nobody{} who belongs on this list has a postal address ({people} without one{}): import their addresses, or \
         record that they were told otherwise",
        if *.waiting > 0 { " else" } else { "" },
        if *.waiting > 0 { format!(", {waiting} on lists that wait") } else { String::new() }
    )]
    NoAddress {
        /// How many lack one.
        people: i64,
        /// How many are on lists that wait.
        waiting: i64,
    },
    /// The links in the letters lead to this machine only.
    #[error(
        "the links in these letters would begin with {url}, which nobody else can open: set http.public_url, or say \
         that the list is for a rehearsal"
    )]
    LinksLeadHome {
        /// `http.public_url`.
        url: String,
    },
    /// The person was not on a list then.
    #[error(
        "this person came into scope on {since} (UTC): nobody can have told them on {on} what the list says"
    )]
    BeforeListed {
        /// The day given.
        on: NaiveDate,
        /// The day on which a list first named them.
        since: NaiveDate,
    },
    /// The incident mails minors.
    #[error(
        "minors of this incident are told by e-mail, which addresses the parent or guardian: choose letters to \
         guardians first"
    )]
    MinorsAreMailed,
    /// Only a list that waits can be recorded or discarded.
    #[error("this list is {state}{}: only one that waits can be recorded or discarded",
        on.map(|on| format!(", recorded for {on}")).unwrap_or_default())]
    NotWaiting {
        /// Where it stands.
        state: PostalState,
        /// The day it was recorded for.
        on: Option<NaiveDate>,
    },
    /// Not of such a list.
    #[error("the letters of a list of kind {0} are recorded as posted, not as told otherwise")]
    IsPosted(PostalKind),
    /// Not of such a list.
    #[error(
        "the people of a list of kind {0} are recorded as told, with who was told and how, not as posted"
    )]
    IsTold(PostalKind),
    /// The day has not come.
    #[error("{on} has not come yet: today is {today} (UTC)")]
    InFuture {
        /// The day given.
        on: NaiveDate,
        /// Today.
        today: NaiveDate,
    },
    /// The list did not exist on that day.
    #[error("the list was taken on {taken} (UTC): its letters cannot have been posted on {on}")]
    BeforeTaken {
        /// The day given.
        on: NaiveDate,
        /// The day on which it was taken.
        taken: NaiveDate,
    },
    /// People of the list must not be told by it any more; or a number that was confirmed no longer fits.
    #[error("the list is not recorded yet: {}", asked(.questions))]
    Unconfirmed {
        /// What is to be confirmed.
        questions: Vec<Question>,
    },
    /// The file of the list would hold people who must not be told by it any more.
    #[error(
        "the file is not written, since people on it must not be told by it any more: {}. Discard the list and take a \
         new one. If it is being used from a file that was written before, record it once that is done",
        facts(.questions)
    )]
    Outdated {
        /// Who they are, by reason.
        questions: Vec<Question>,
    },
    /// Flags and addresses change just now.
    #[error(
        "a list of affected people is being put in force just now: write the file of this list once that is done"
    )]
    BeingActivated,
    /// Who was told is missing.
    #[error(
        "say who was told, such as `the daughter` or `the person`: 1 to 200 characters on one line"
    )]
    Who,
    /// No message may be sent to people under a legal hold.
    #[error("this person is under a legal hold: they are told nothing until it is lifted")]
    Held,
    /// No longer in scope.
    #[error(
        "this person is not in scope, and what they were told last names nothing: there is nothing to tell them"
    )]
    Retracted,
    /// Told of everything.
    #[error("this person was told of everything that was exposed: there is nothing to record")]
    NothingOwed,
    /// A campaign under way was approved for the people that the present choice gives.
    #[error(
        "a campaign of this incident is {0}: its audience was chosen with the present rule. End it, take it back or \
         cancel it first"
    )]
    CampaignUnderWay(String),
    /// A list that is here cannot be put back.
    #[error("list {0} is known here: there is nothing to put back")]
    Known(PostalId),
    /// The master key is not the one under which the incident was opened.
    #[error(transparent)]
    Key(#[from] Broken),
    /// The database failed.
    #[error(transparent)]
    Db(db::Error),
}

impl db::Trouble for PostalError {
    fn is_outage(&self) -> bool {
        matches!(self, Self::Db(error) if error.is_outage())
    }
}

/// What to do about letters of an incident that does not allow them.
fn next(state: IncidentState) -> &'static str {
    match state {
        IncidentState::Suspected => "confirm it before anybody is told",
        IncidentState::Closed => {
            "no letter is taken for it. Move it back to scoping first, then take the list"
        }
        _ => "nobody of it is told",
    }
}

fn asked(questions: &[Question]) -> String {
    let each: Vec<_> = questions.iter().map(ToString::to_string).collect();
    format!("confirm with its number: {}", each.join(" "))
}

fn facts(questions: &[Question]) -> String {
    let each: Vec<_> = questions.iter().map(Question::fact).collect();
    each.join("; ")
}

impl From<db::Error> for PostalError {
    fn from(error: db::Error) -> Self {
        match error {
            db::Error::Missing => Self::Missing,
            other => Self::Db(other),
        }
    }
}
