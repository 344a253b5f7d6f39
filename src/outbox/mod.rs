//! Letters that are not notices: answers, receipts, one-time codes. They are put here, sealed, in the
//! transaction of the action they tell of; `worker::courier` sends them.

pub mod again;
pub mod store;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::address::EmailAddress;
use crate::id::{IncidentId, LetterId, PersonId, TicketId};
use crate::pg_enum;

pg_enum! {
    /// What a letter is about.
    pub enum LetterKind: LetterKind {
        /// Your question arrived.
        TicketReceived = "ticket_received",
        /// The answer.
        TicketReply = "ticket_reply",
        /// The code for the second step on the status page.
        OneTimeCode = "one_time_code",
    }
}

pg_enum! {
    /// Where a letter stands.
    pub enum LetterStatus: LetterStatus {
        /// Waits, or is being sent.
        Queued = "queued",
        /// A relay took it.
        Sent = "sent",
        /// No relay will.
        Failed = "failed",
        /// It was not sent: its person must not be written to any more, or not with these words.
        Withheld = "withheld",
        /// Perhaps sent: the database was put back to an older state while it waited.
        Uncertain = "uncertain",
    }
}

pg_enum! {
    /// Why an e-mail that waited was not sent after all.
    pub enum LetterWithheld: LetterWithheld {
        /// Counsel or the police asked us not to write.
        LegalHold = "legal_hold",
        /// The person has died.
        Deceased = "deceased",
        /// Mail may be read by a person who endangers them.
        ProtectedAddress = "protected_address",
        /// It was written before the list said that the person is not affected.
        Retracted = "retracted",
        /// The list gives no e-mail address any more.
        NoAddress = "no_address",
        /// A one-time code for an address that is no longer theirs.
        AddressChanged = "address_changed",
        /// The links in its text were revoked.
        LinkRevoked = "link_revoked",
        /// A one-time code that would be too old on arrival.
        Expired = "expired",
        /// It does not name its recipient.
        UnknownPerson = "unknown_person",
        /// The incident was forgotten.
        Forgotten = "forgotten",
    }
}

/// How long a one-time code is good, in minutes.
pub const CODE_MINUTES: i64 = 10;

/// The recipient of an e-mail, read again before it leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recipient {
    /// The person.
    pub person: PersonId,
    /// The epoch of the status links in its text.
    pub link_epoch: i16,
}

/// What is sealed: the letter with its address.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxLetter {
    /// The address.
    pub to: String,
    /// The recipient's name; may be empty.
    pub to_name: String,
    /// Its subject.
    pub subject: String,
    /// Its text part.
    pub text: String,
    /// Its HTML part, a whole document.
    pub html: Option<String>,
    /// Language tag of the text (RFC 5646).
    pub language: String,
}

impl std::fmt::Debug for OutboxLetter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OutboxLetter(•••, {})", self.language)
    }
}

/// A letter to put in the outbox.
#[derive(Debug)]
pub struct NewLetter<'a> {
    /// Its id; its Message-ID derives from it, the same on every attempt.
    pub id: LetterId,
    /// What it is about.
    pub kind: LetterKind,
    /// The incident; its key seals the letter.
    pub incident: IncidentId,
    /// The recipient.
    pub to: Recipient,
    /// The ticket it belongs to.
    pub ticket: Option<TicketId>,
    /// The message it carries.
    pub message_no: Option<i32>,
    /// The letter.
    pub letter: &'a OutboxLetter,
    /// When it was made; due at once.
    pub at: DateTime<Utc>,
}

/// A letter that one outbox sender has leased. Its fence tells this claim from a later one.
#[derive(Debug)]
pub struct Claimed {
    /// Its id.
    pub id: LetterId,
    /// What it is about.
    pub kind: LetterKind,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// How often it was tried.
    pub attempts: i32,
    /// Grows with every claim.
    pub fence: i32,
    /// The incident; its key seals the letter.
    pub incident: IncidentId,
    /// The recipient; `None` in a row of an older release that belongs to no ticket.
    pub person: Option<PersonId>,
    /// The epoch of the status links in its text; `None` in a row of an older program.
    pub link_epoch: Option<i16>,
    /// The letter; `None` if the incident was forgotten, or its seal is broken.
    pub letter: Option<OutboxLetter>,
}

/// Where a ticket's letter stands, for the mark next to the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// What it is about.
    pub kind: LetterKind,
    /// The message it carries.
    pub message_no: Option<i32>,
    /// Where it stands.
    pub status: LetterStatus,
    /// What the relay said last.
    pub reply: Option<String>,
    /// Why it was not sent after all.
    pub withheld: Option<LetterWithheld>,
    /// When it was sent, withheld, or failed.
    pub settled_at: Option<DateTime<Utc>>,
}

/// The Message-ID of a letter, without angle brackets: the same on every attempt, so that the recipient's mail program
/// can recognise a duplicate.
pub fn message_id(letter: LetterId, from: &EmailAddress) -> String {
    format!("{}@{}", letter.uuid().simple(), from.domain_ascii())
}

/// How long a letter waits after its `attempts`th try was deferred; `None`: give up. About three days
/// in all, as mail servers do.
pub fn patience(attempts: i32) -> Option<TimeDelta> {
    const MINUTES: [i64; 13] = [1, 2, 5, 10, 20, 40, 60, 120, 240, 480, 720, 1_080, 1_440];
    let at = usize::try_from(attempts - 1).unwrap_or(0);
    MINUTES.get(at).copied().and_then(TimeDelta::try_minutes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_grows_and_ends() {
        let waits: Vec<_> = (1..).map_while(patience).collect();
        assert!(waits.is_sorted() && waits.len() == 13);
        assert!(waits.iter().sum::<TimeDelta>() > TimeDelta::days(2));
        assert_eq!(patience(0), patience(1));
    }
}
