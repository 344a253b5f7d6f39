//! A ticket as the API promises it.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::id::{IncidentId, PersonId, StaffId, TicketId};
use crate::ticket::{
    Message, MessageKind, Move, Ticket, TicketChannel, TicketResolution, TicketStatus,
};

/// A ticket, in the JSON of the API. Words are `null` once their incident was forgotten.
#[derive(Debug, Serialize)]
pub(crate) struct TicketView {
    id: TicketId,
    number: String,
    incident: IncidentId,
    person: Option<PersonId>,
    status: TicketStatus,
    next: Vec<TicketStatus>,
    version: i32,
    channel: TicketChannel,
    locale: String,
    subject: Option<String>,
    urgency: i32,
    urgency_why: String,
    assignee: Option<StaffId>,
    lease_until: Option<DateTime<Utc>>,
    queued_at: DateTime<Utc>,
    messages: i32,
    reason: Option<String>,
    review_at: Option<DateTime<Utc>>,
    resolution: Option<TicketResolution>,
    solved_at: Option<DateTime<Utc>>,
    closed_at: Option<DateTime<Utc>>,
    follow_up_of: Option<TicketId>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    caller_verified: bool,
    /// Only where one ticket is requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    thread: Option<Vec<MessageView>>,
    /// Likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    history: Option<Vec<MoveView>>,
}

impl TicketView {
    pub(super) fn of(ticket: Ticket) -> Self {
        Self {
            id: ticket.id,
            number: ticket.number.as_str().to_owned(),
            incident: ticket.incident,
            person: ticket.person,
            next: ticket.status.offered().collect(),
            status: ticket.status,
            version: ticket.version,
            channel: ticket.channel,
            locale: ticket.locale,
            subject: ticket.subject,
            urgency: ticket.urgency.score,
            urgency_why: ticket.urgency.why,
            assignee: ticket.assignee,
            lease_until: ticket.lease_until,
            queued_at: ticket.queued_at,
            messages: ticket.messages,
            reason: ticket.reason,
            review_at: ticket.review_at,
            resolution: ticket.resolution,
            solved_at: ticket.solved_at,
            closed_at: ticket.closed_at,
            follow_up_of: ticket.follow_up_of,
            created_at: ticket.created_at,
            updated_at: ticket.updated_at,
            caller_verified: ticket.caller_verified,
            thread: None,
            history: None,
        }
    }

    /// A ticket with its messages and its history.
    pub(super) fn whole(self, thread: Vec<Message>, history: Vec<Move>) -> Self {
        Self {
            thread: Some(thread.into_iter().map(MessageView::of).collect()),
            history: Some(history.into_iter().map(MoveView::of).collect()),
            ..self
        }
    }
}

/// A message, in the JSON of the API.
#[derive(Debug, Serialize)]
pub(crate) struct MessageView {
    no: i32,
    kind: MessageKind,
    author: String,
    text: Option<String>,
    at: DateTime<Utc>,
}

impl MessageView {
    pub(super) fn of(message: Message) -> Self {
        let Message {
            no,
            kind,
            author,
            text,
            at,
        } = message;
        Self {
            no,
            kind,
            author,
            text,
            at,
        }
    }
}

/// A change of state, in the JSON of the API. The first has no `from`.
#[derive(Debug, Serialize)]
pub(crate) struct MoveView {
    from: Option<TicketStatus>,
    to: TicketStatus,
    actor: String,
    reason: Option<String>,
    at: DateTime<Utc>,
}

impl MoveView {
    pub(super) fn of(step: Move) -> Self {
        let Move {
            from,
            to,
            actor,
            reason,
            at,
        } = step;
        Self {
            from,
            to,
            actor,
            reason,
            at,
        }
    }
}
