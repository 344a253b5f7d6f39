//! The delivery of a ticket's e-mails in words for agents, and how the person can be reached instead.

use super::person::Found;
use crate::outbox::{CONNECTION_LOST, Delivery, EXPIRED, LetterStatus, LetterWithheld};
use crate::person::flags::WithheldReason;
use crate::postal::{Item, PostalKind, PostalStatus};
use crate::seal::IncidentKey;
use crate::ticket::Ticket;
use crate::web::console::campaign::outcomes::reason_words;
use crate::web::problem::Problem;

/// How a reply reaches the person of a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ReplyChannel {
    /// No person is connected to the ticket.
    Nobody,
    /// By e-mail with a link to the page.
    Email,
    /// No e-mail; the code in a letter opens the page.
    LetterCode,
    /// No e-mail, and no letter with a code that opens the page.
    Unread,
    /// A flag forbids to write to the person, and closes the page.
    Forbidden {
        /// The reason of the flag.
        why: WithheldReason,
        /// How the person, or a person who acts for them, was told: `through a shelter on 3 December 2026`; empty if that
        /// is not on record.
        told: String,
    },
}

impl ReplyChannel {
    /// As the flags, the address and the postal items of the person allow. `key` is the one of their incident.
    ///
    /// # Errors
    /// 500 for an item that does not open.
    pub(crate) fn of(key: Option<&IncidentKey>, found: Option<&Found>) -> Result<Self, Problem> {
        let Some(Found { known, items }) = found else {
            return Ok(Self::Nobody);
        };
        let person = &known.person;
        if let Some(why) = person.flags.withheld_reason() {
            let told = told(items, why, key)?;
            return Ok(Self::Forbidden { why, told });
        }
        if person.may_be_mailed() {
            return Ok(Self::Email);
        }
        Ok(match items.iter().any(|item| item.opens(items)) {
            true => Self::LetterCode,
            false => Self::Unread,
        })
    }

    /// Where a reply goes, in words.
    pub(crate) fn goes_to(&self) -> String {
        match self {
            Self::Nobody => "nobody: no person is connected to this ticket".to_owned(),
            // The caller adds the address.
            Self::Email => "e-mail".to_owned(),
            Self::LetterCode => {
                "the customer's page only, which the code in our letter opens: there is no e-mail \
                 address that we may use"
                    .to_owned()
            }
            Self::Unread => format!("nobody: {UNREAD}. Call, or write a letter"),
            Self::Forbidden { why, .. } => format!(
                "nobody: {}. {}",
                forbidden(*why),
                self.instead().unwrap_or_default().trim_end_matches('.')
            ),
        }
    }

    /// What to do if a flag forbids to write and call; `None` without such a flag.
    fn instead(&self) -> Option<String> {
        let Self::Forbidden { why, told } = self else {
            return None;
        };
        let (through, unknown) = match why {
            WithheldReason::LegalHold => {
                return Some("Tell the person nothing before your lead has agreed.".to_owned());
            }
            WithheldReason::Deceased => (
                "Answer the next of kin, who were told",
                "Answer the next of kin. That they were told is not on record: the list “Next of kin” on the page \
                 Letters is for that.",
            ),
            WithheldReason::ProtectedAddress
            | WithheldReason::Changed
            | WithheldReason::NoAddress
            | WithheldReason::NotAffected
            | WithheldReason::AlreadyTold => (
                "Answer through the safe channel by which they were told:",
                "Answer through a safe channel only. None is on record: the list “People at a protected address” on \
                 the page Letters is for that. Ask your lead.",
            ),
        };
        Some(match told.is_empty() {
            true => unknown.to_owned(),
            false => format!("{through} {told}."),
        })
    }

    /// What to do if an e-mail does not arrive.
    fn otherwise(&self) -> String {
        self.instead()
            .unwrap_or_else(|| "Call, or write a letter".to_owned())
            .trim_end_matches('.')
            .to_owned()
    }
}

const UNREAD: &str = "no e-mail address of theirs may be used, and no letter with a code that opens their page was \
     sent";

/// Why the flag forbids an e-mail and closes the page.
fn forbidden(why: WithheldReason) -> &'static str {
    match why {
        WithheldReason::LegalHold => "a legal hold forbids to write to them, and closes their page",
        WithheldReason::Deceased => "they have died, and their page is closed",
        // The rest are reasons of notices; flags never give them.
        WithheldReason::ProtectedAddress
        | WithheldReason::Changed
        | WithheldReason::NoAddress
        | WithheldReason::NotAffected
        | WithheldReason::AlreadyTold => {
            "their address is protected, so that nothing is sent, and their page is closed"
        }
    }
}

/// How the people who act for the person were last told.
fn told(items: &[Item], why: WithheldReason, key: Option<&IncidentKey>) -> Result<String, Problem> {
    let kind = match why {
        WithheldReason::Deceased => PostalKind::Kin,
        WithheldReason::LegalHold
        | WithheldReason::ProtectedAddress
        | WithheldReason::Changed
        | WithheldReason::NoAddress
        | WithheldReason::NotAffected
        | WithheldReason::AlreadyTold => PostalKind::Safe,
    };
    let last = items
        .iter()
        .rev()
        .find(|item| item.batch.kind == kind && item.status == PostalStatus::Posted);
    let Some((item, on)) = last.and_then(|item| Some((item, item.batch.posted_on?))) else {
        return Ok(String::new());
    };
    let telling = match key {
        Some(key) => item.telling(key).map_err(Problem::broken)?,
        None => None,
    };
    let how = telling.map(|telling| telling.how.in_words());
    Ok(how.map_or_else(String::new, |how| {
        format!("{how} on {}", on.format("%-d %B %Y"))
    }))
}

/// The delivery of the last answer, for the agent who sent it; `letter` is its e-mail.
pub(crate) fn answer_delivery(
    ticket: &Ticket,
    letter: Option<&Delivery>,
    channel: &ReplyChannel,
) -> String {
    match letter {
        None if ticket.person.is_none() => {
            "Kept on this ticket. No person is connected to it, so that nothing is sent: tell the \
             caller yourself."
                .to_owned()
        }
        None => not_mailed(channel),
        Some(letter) => match letter.status {
            LetterStatus::Queued => {
                "Answered. The e-mail waits to be sent; the answer stands on the customer's \
                 page."
                    .to_owned()
            }
            LetterStatus::Sent
            | LetterStatus::Failed
            | LetterStatus::Withheld
            | LetterStatus::Uncertain => {
                let became = delivery(letter, channel);
                match channel {
                    ReplyChannel::Forbidden { .. } => {
                        format!("Kept on this ticket. By e-mail: {became}.")
                    }
                    ReplyChannel::Nobody
                    | ReplyChannel::Email
                    | ReplyChannel::LetterCode
                    | ReplyChannel::Unread => {
                        format!("Answered on the customer's page. By e-mail: {became}.")
                    }
                }
            }
        },
    }
}

/// The sentence about an answer without an e-mail.
fn not_mailed(channel: &ReplyChannel) -> String {
    match channel {
        ReplyChannel::Nobody => "Kept on this ticket. Nothing is sent.".to_owned(),
        ReplyChannel::Email => "Answered on the customer's page. No e-mail was written.".to_owned(),
        ReplyChannel::LetterCode => "Answered on the customer's page, which the code in our letter opens. No e-mail is sent: \
             there is no address that we may use. Call, or write a letter."
            .to_owned(),
        ReplyChannel::Unread => format!(
            "Kept on this ticket, where nobody but staff can read it: {UNREAD}. Call, or write a letter."
        ),
        ReplyChannel::Forbidden { why, .. } => format!(
            "Kept on this ticket, where nobody but staff can read it: {}. {}",
            forbidden(*why),
            channel.instead().unwrap_or_default()
        ),
    }
}

/// The delivery of an e-mail, and what to do if it did not arrive.
pub(crate) fn delivery(letter: &Delivery, channel: &ReplyChannel) -> String {
    let at = letter
        .settled_at
        .map(|at| at.format(" %-d %b, %H:%M UTC").to_string());
    match letter.status {
        LetterStatus::Queued => "e-mail waits to be sent".to_owned(),
        LetterStatus::Sent => format!("e-mail accepted by the relay{}", at.unwrap_or_default()),
        LetterStatus::Failed => format!("{}. {}", why_failed(letter), channel.otherwise()),
        LetterStatus::Uncertain => {
            let why = match letter.reason.as_deref() {
                Some(CONNECTION_LOST) => "the relay did not answer after the text, four times",
                _ => "the database was restored to an older state",
            };
            let again = "If it matters, answer again".to_owned();
            format!(
                "perhaps sent: {why}. {}",
                channel.instead().unwrap_or(again).trim_end_matches('.')
            )
        }
        LetterStatus::Withheld => format!(
            "the e-mail was not sent{}: {}",
            at.unwrap_or_default(),
            letter
                .withheld
                .map(|why| why_withheld(why, channel))
                .unwrap_or_default()
        ),
    }
}

/// Why an e-mail failed, as far as that is known.
fn why_failed(letter: &Delivery) -> String {
    match letter.reason.as_deref() {
        Some(EXPIRED) => "the e-mail was deferred for three days, and is not sent".to_owned(),
        Some(reason) => format!("the e-mail was refused: {}", reason_words(reason)),
        None => "the e-mail was refused".to_owned(),
    }
}

/// Why an e-mail was withheld, and what an agent can do now.
fn why_withheld(why: LetterWithheld, channel: &ReplyChannel) -> String {
    let (what, then) = match why {
        LetterWithheld::LegalHold => ("a legal hold came first", "Ask your lead"),
        LetterWithheld::Deceased => ("the list now says that the person has died", ""),
        LetterWithheld::ProtectedAddress => ("the address is protected now", "Do not write to it"),
        LetterWithheld::Retracted => (
            "the list now says that the person is not affected",
            "Check the words, and answer again",
        ),
        LetterWithheld::NoAddress => (
            "the list gives no e-mail address any more",
            "Call, or write a letter",
        ),
        LetterWithheld::AddressChanged => ("the address changed", ""),
        LetterWithheld::LinkRevoked => (
            "the links of this person were revoked",
            "Make sure who they are, and answer again",
        ),
        LetterWithheld::Expired => ("it was too old", ""),
        LetterWithheld::UnknownPerson => ("its recipient is unknown", "Answer again"),
        LetterWithheld::Forgotten => ("the incident was forgotten", ""),
        LetterWithheld::AccountDisabled => ("the account is disabled", ""),
    };
    let then = channel.instead().unwrap_or_else(|| then.to_owned());
    match then.trim_end_matches('.') {
        "" => what.to_owned(),
        then => format!("{what}. {then}"),
    }
}
