//! Letters that are not notices: answers, receipts, one-time codes. They are put here, sealed, in the
//! transaction of the action they tell of. Senders send them like notices, by the policy of `delivery`.

pub(crate) mod again;
pub mod store;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::address::EmailAddress;
use crate::id::{IncidentId, LetterId, PersonId, StaffId, TicketId};
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
        /// To a member of staff: what became of a campaign.
        CampaignNews = "campaign_news",
        /// A campaign's text about an invented person, to staff.
        Test = "test",
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
        /// Perhaps sent: the relay's answer was lost each time, or the database was put back to an older state while it
        /// waited.
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
        /// The account of the member of staff is disabled.
        AccountDisabled = "account_disabled",
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

/// An e-mail to a member of staff.
#[derive(Debug)]
pub struct NewStaffLetter<'a> {
    /// Its id.
    pub id: LetterId,
    /// The incident; its key seals the letter.
    pub incident: IncidentId,
    /// The account.
    pub to: StaffId,
    /// The letter.
    pub letter: &'a OutboxLetter,
    /// When it was made; due at once.
    pub at: DateTime<Utc>,
}

/// The reason of a message that was deferred for too long.
pub const EXPIRED: &str = "expired";
/// The reason of a message after which no answer came.
pub const CONNECTION_LOST: &str = "connection_lost";

/// What the attempts to send a message left on record, for the retry policy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tries {
    /// Attempts that count.
    pub counted: i32,
    /// Attempts that ended before anything was sent.
    pub lost: i32,
    /// Attempts after which it may have arrived.
    pub doubts: i32,
    /// Permanent refusals that were not final, and when the first of them came.
    pub refused: Option<(i32, DateTime<Utc>)>,
    /// When the first attempt was made.
    pub first_at: Option<DateTime<Utc>>,
}

/// What became of a claimed letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// A relay took it.
    Sent {
        /// What it said.
        reply: String,
    },
    /// It is tried again.
    Deferred {
        /// When.
        until: DateTime<Utc>,
        /// What the relay said.
        reply: String,
    },
    /// No relay will take it.
    Failed {
        /// What the last one said, or what is wrong with the letter.
        reply: String,
        /// Why: the word of a bounce, or [`EXPIRED`].
        reason: Option<&'static str>,
    },
    /// It may have arrived, and is not sent again.
    Uncertain {
        /// What is known.
        reply: String,
        /// Why.
        reason: &'static str,
    },
    /// It must not be sent any more.
    Withheld {
        /// Why.
        why: LetterWithheld,
    },
    /// It was not tried: sending was stopped, no relay takes it now, or this sender ends.
    Postponed {
        /// When it is due again.
        until: DateTime<Utc>,
    },
}

/// A letter that one sender has claimed. Its fence tells this claim from a later one.
#[derive(Debug)]
pub struct Claimed {
    /// Its id.
    pub id: LetterId,
    /// What it is about.
    pub kind: LetterKind,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// What is known of its attempts.
    pub tries: Tries,
    /// Grows with every claim.
    pub fence: i32,
    /// The incident; its key seals the letter.
    pub incident: IncidentId,
    /// The recipient; `None` in a row of an older release that belongs to no ticket.
    pub person: Option<PersonId>,
    /// The epoch of the status links in its text; `None` in a row of an older program.
    pub link_epoch: Option<i16>,
    /// The member of staff who gets it, in the place of a person.
    pub staff: Option<StaffId>,
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
    /// Why it failed or is uncertain: the word of a bounce, [`EXPIRED`] or [`CONNECTION_LOST`].
    pub reason: Option<String>,
    /// When it was sent, withheld, or failed.
    pub settled_at: Option<DateTime<Utc>>,
}

/// The Message-ID of a letter, without angle brackets: the same on every attempt, so that the recipient's mail program
/// can recognise a duplicate.
pub fn message_id(letter: LetterId, from: &EmailAddress) -> String {
    format!("{}@{}", letter.uuid().simple(), from.domain_ascii())
}
