//! A ticket: a customer's matter, from the question to the answer that helped.
//!
//! [`status`] is the table of moves, [`urgency`] says who is answered first, [`intake`] takes the
//! customer's words in, [`agent`] is what agents do, [`letter`] writes to the customer, [`code`] is
//! the second step on the status page.

pub mod agent;
pub mod code;
pub(crate) mod harm;
pub mod intake;
pub(crate) mod letter;
pub mod move_check;
pub(crate) mod number;
pub mod released;
pub mod reweigh;
pub mod status;
pub mod store;
pub(crate) mod urgency;
mod words;

use chrono::{DateTime, TimeDelta, Utc};

use crate::id::{IncidentId, PersonId, StaffId, TicketId};
use crate::pg_enum;
use number::Number;
use status::Hearing;
pub use status::{TicketResolution, TicketStatus};
use urgency::{Harms, Stake, Urgency};
pub use words::{BadWords, REASON_LIMIT, SUBJECT_LIMIT, TEXT_LIMIT, check_text, subject};

pg_enum! {
    /// How a ticket came in.
    pub enum TicketChannel: TicketChannel {
        /// Through the status page.
        Web = "web",
        /// By a call.
        Phone = "phone",
        /// By mail.
        Mail = "mail",
    }
}

pg_enum! {
    /// The author of a message, and its readers.
    pub enum MessageKind: MessageKind {
        /// The customer's.
        Customer = "customer",
        /// Ours to the customer.
        Agent = "agent",
        /// Ours among ourselves: the customer never sees it.
        Note = "note",
        /// What was said in a call.
        Call = "call",
    }
}

impl MessageKind {
    /// Whether the customer sees it on their page.
    pub fn is_public(self) -> bool {
        matches!(self, Self::Customer | Self::Agent)
    }
}

/// One ticket, opened for reading.
#[derive(Clone, PartialEq, Eq)]
pub struct Ticket {
    /// Its id.
    pub id: TicketId,
    /// What people read out.
    pub number: Number,
    /// The incident.
    pub incident: IncidentId,
    /// The customer; `None` for a caller who was not found.
    pub person: Option<PersonId>,
    /// Where it stands.
    pub status: TicketStatus,
    /// Grows with every change; a change must name the version it saw.
    pub version: i32,
    /// How it came in.
    pub channel: TicketChannel,
    /// The customer's language.
    pub locale: String,
    /// What it is about; `None` once the incident's key was destroyed.
    pub subject: Option<String>,
    /// Who is answered first, and why.
    pub urgency: Urgency,
    /// The kinds of harm that the customer told of.
    pub harms: Harms,
    /// The agent who has it.
    pub assignee: Option<StaffId>,
    /// Until when it is kept for the assignee; `None`: until they give it back.
    pub lease_until: Option<DateTime<Utc>>,
    /// Its place in line: never moves, whatever happens to the ticket.
    pub queued_at: DateTime<Utc>,
    /// Since when the customer waits for us this time: the promised time of an answer counts from it.
    pub waits_since: DateTime<Utc>,
    /// How many messages it has; they are numbered from 1.
    pub messages: i32,
    /// The number of the customer's last message; 0 if they wrote none.
    pub customer_message: i32,
    /// Why it is on hold; `None` once the incident's key was destroyed.
    pub reason: Option<String>,
    /// The same, sealed.
    pub(in crate::ticket) reason_sealed: Option<Vec<u8>>,
    /// When to look again at a ticket on hold.
    pub review_at: Option<DateTime<Utc>>,
    /// How it ended.
    pub resolution: Option<TicketResolution>,
    /// When it was solved, if it is (or was before it closed).
    pub solved_at: Option<DateTime<Utc>>,
    /// When it closed.
    pub closed_at: Option<DateTime<Utc>>,
    /// The ticket that this one continues.
    pub follow_up_of: Option<TicketId>,
    /// When it was opened.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// Whether it is the log of a call by a verified caller.
    pub caller_verified: bool,
}

impl std::fmt::Debug for Ticket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Ticket {} ({} v{})",
            self.number, self.status, self.version
        )
    }
}

impl Ticket {
    /// Whether staff opened it during a phone call.
    pub fn is_call(&self) -> bool {
        self.channel == TicketChannel::Phone
    }

    /// The agent with the lease that protects it at `now`.
    pub fn held_by(&self, now: DateTime<Utc>) -> Option<StaffId> {
        self.assignee
            .filter(|_| self.lease_until.is_some_and(|until| until > now))
    }

    /// By when the customer hears from us, if that is promised: `answer_hours` after they asked or wrote again, or
    /// when a ticket on hold is looked at again.
    pub fn due_at(&self, answer_hours: i64) -> Option<DateTime<Utc>> {
        match self.status {
            TicketStatus::New | TicketStatus::Open => {
                Some(self.waits_since + TimeDelta::try_hours(answer_hours)?)
            }
            TicketStatus::OnHold => self.review_at,
            TicketStatus::Pending | TicketStatus::Solved | TicketStatus::Closed => None,
        }
    }

    /// Weighs it again: what is at stake for the person now, and these harms in addition to those already told.
    #[must_use]
    fn weighed(mut self, stake: Stake, harms: Harms) -> Self {
        self.weigh(stake, harms);
        self
    }

    /// See [`Self::weighed`].
    fn weigh(&mut self, stake: Stake, harms: Harms) {
        self.harms = self.harms.and(harms);
        self.urgency = urgency::weigh(stake, self.harms);
    }

    /// What the customer reads of its state. "An adviser is looking at this" is said only while one has it, and that
    /// a ticket reopens only while it does.
    pub fn label_customer(&self, now: DateTime<Utc>, hears: Hearing) -> &'static str {
        match self.status {
            TicketStatus::Open if self.is_in_line(now) => TicketStatus::New.label_customer(),
            TicketStatus::Solved if hears == Hearing::FollowUp => "Answered",
            status => status.label_customer(),
        }
    }

    /// What the customer's words would do to it now.
    pub fn hears(&self, now: DateTime<Utc>, reopen_days: i64) -> Hearing {
        self.status.hears(self.solved_at, now, reopen_days)
    }

    /// Whether it is open and no agent has it, or the agent's lease ran out.
    pub fn is_in_line(&self, now: DateTime<Utc>) -> bool {
        let kept = self.lease_until.is_none_or(|until| until > now);
        self.status == TicketStatus::Open && (self.assignee.is_none() || !kept)
    }

    /// Adds a message to the count and returns its number.
    fn heard(&mut self, kind: MessageKind) -> i32 {
        self.messages += 1;
        if kind == MessageKind::Customer {
            self.customer_message = self.messages;
        }
        self.messages
    }

    /// Moves it. Whether the move is legal is the table's to say, and the database's.
    fn go(&mut self, then: &Then, now: DateTime<Utc>) {
        let to = then.to;
        let on_hold = to == TicketStatus::OnHold;
        self.reason = then.reason.clone().filter(|_| on_hold);
        self.reason_sealed = None;
        self.review_at = then.review_at.filter(|_| on_hold);
        // Closing a solved ticket keeps how and when it was solved.
        if self.status != TicketStatus::Solved || to != TicketStatus::Closed {
            self.resolution = then.resolution.filter(|_| to.is_done());
            self.solved_at = (to == TicketStatus::Solved).then_some(now);
        }
        self.closed_at = (to == TicketStatus::Closed).then_some(now);
        match (self.status, to) {
            (TicketStatus::New, TicketStatus::Open) => {}
            // They asked, or wrote again: the promised time counts from now.
            (_, TicketStatus::Open) => self.waits_since = now,
            _ => self.lease_until = None,
        }
        self.status = to;
    }

    /// Gives it to an agent.
    fn give(&mut self, to: StaffId, lease_until: Option<DateTime<Utc>>) {
        self.assignee = Some(to);
        self.lease_until = lease_until.filter(|_| self.status == TicketStatus::Open);
    }

    /// Gives it back to the queue, at its old place in line.
    fn give_back(&mut self) {
        self.assignee = None;
        self.lease_until = None;
    }
}

/// When a lease taken `now` for `minutes` ends.
fn lease(minutes: i64, now: DateTime<Utc>) -> DateTime<Utc> {
    now + TimeDelta::try_minutes(minutes).unwrap_or_default()
}

/// What a ticket becomes, and what goes with the move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Then {
    /// The next status; the present one for none.
    pub to: TicketStatus,
    /// Why, in staff's words: shown in the history, and sealed.
    pub reason: Option<String>,
    /// When to look again, on hold.
    pub review_at: Option<DateTime<Utc>>,
    /// How it ended.
    pub resolution: Option<TicketResolution>,
}

impl Then {
    /// A move without further data.
    pub fn to(status: TicketStatus) -> Self {
        Self {
            to: status,
            reason: None,
            review_at: None,
            resolution: None,
        }
    }

    /// Solved, answered: what most tickets end with.
    pub fn solved() -> Self {
        Self {
            resolution: Some(TicketResolution::Answered),
            ..Self::to(TicketStatus::Solved)
        }
    }

    /// With a reason.
    #[must_use]
    pub fn because(self, reason: impl Into<String>) -> Self {
        Self {
            reason: Some(reason.into()),
            ..self
        }
    }

    /// With a resolution.
    #[must_use]
    pub fn ended(self, resolution: TicketResolution) -> Self {
        Self {
            resolution: Some(resolution),
            ..self
        }
    }

    /// With a time to look again.
    #[must_use]
    pub fn review(self, at: DateTime<Utc>) -> Self {
        Self {
            review_at: Some(at),
            ..self
        }
    }
}

/// One message of a ticket.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// Its place in the thread, from 1.
    pub no: i32,
    /// The author.
    pub kind: MessageKind,
    /// Who wrote it, as [`crate::actor::Actor`] is written.
    pub author: String,
    /// The words, equal to the octet; `None` once the incident's key was destroyed.
    pub text: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
}

impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Message {} ({})", self.no, self.kind)
    }
}

/// One move of a ticket, as the database recorded it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// From where; `None` for its birth.
    pub from: Option<TicketStatus>,
    /// To where.
    pub to: TicketStatus,
    /// The [`crate::actor::Actor`], as written.
    pub actor: String,
    /// Why.
    pub reason: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
}

/// The associated data of a sealed subject.
fn subject_owner(ticket: TicketId) -> Vec<u8> {
    ticket.uuid().as_bytes().to_vec()
}

/// The associated data of the sealed reason of a move.
fn reason_owner(ticket: TicketId) -> Vec<u8> {
    [&ticket.uuid().as_bytes()[..], b"reason"].concat()
}

/// The associated data of a sealed message.
fn message_owner(ticket: TicketId, no: i32) -> Vec<u8> {
    [&ticket.uuid().as_bytes()[..], &no.to_be_bytes()].concat()
}
