//! An action on one ticket while it is being done: lock, compare, move, say, write, commit.

use chrono::{DateTime, Utc};

use super::last_change::last_change;
use super::{AgentError, Conflict, Seen};
use crate::actor::Actor;
use crate::app::App;
use crate::audit::{self, Action};
use crate::db::{self, Conn, Tx};
use crate::id::{LetterId, StaffId, TicketId};
use crate::outbox::{self, LetterKind, NewLetter};
use crate::ticket::intake::customer::{Customer, key_of};
use crate::ticket::letter::{self, Addressee};
use crate::ticket::move_check::{self, Said};
use crate::ticket::status::{Party, TicketStatus};
use crate::ticket::{Message, MessageKind, Then, Ticket, lease, store};

/// A message as it is written down.
pub(super) fn words(
    by: StaffId,
    no: i32,
    kind: MessageKind,
    text: &str,
    at: DateTime<Utc>,
) -> Message {
    Message {
        no,
        kind,
        author: Actor::Staff(by).to_string(),
        text: Some(text.to_owned()),
        at,
    }
}

/// An action on one ticket while it is being done: the transaction, and the ticket as it will be.
pub(super) struct TicketAction<'a> {
    app: &'a App,
    by: Actor,
    now: DateTime<Utc>,
    tx: Tx,
    pub(super) ticket: Ticket,
    moved: bool,
}

impl<'a> TicketAction<'a> {
    pub(super) async fn begin(
        app: &'a App,
        by: Actor,
        id: TicketId,
        seen: Seen,
    ) -> Result<Self, AgentError> {
        let tx = app.db.begin().await?;
        Self::begin_in(app, by, tx, id, seen).await
    }

    /// The same in a transaction that has begun.
    pub(super) async fn begin_in(
        app: &'a App,
        by: Actor,
        tx: Tx,
        id: TicketId,
        seen: Seen,
    ) -> Result<Self, AgentError> {
        let mut action = Self::unseen_in(app, by, tx, id).await?;
        let ticket = &action.ticket;
        let unread = seen
            .messages
            .is_some_and(|last| ticket.customer_message > last);
        if ticket.version == seen.version && !unread {
            return Ok(action);
        }
        let after = seen.messages.unwrap_or(ticket.messages);
        let newer = store::thread(&mut action.tx, &app.keys, &action.ticket, after).await?;
        let changed = last_change(&mut action.tx, app, &action.ticket).await?;
        let now = action.ticket;
        Err(AgentError::Conflict(Box::new(Conflict {
            now,
            newer,
            changed,
        })))
    }

    pub(super) async fn begin_unseen(
        app: &'a App,
        by: Actor,
        id: TicketId,
    ) -> Result<Self, AgentError> {
        let tx = app.db.begin().await?;
        Self::unseen_in(app, by, tx, id).await
    }

    async fn unseen_in(
        app: &'a App,
        by: Actor,
        mut tx: Tx,
        id: TicketId,
    ) -> Result<Self, AgentError> {
        let ticket = store::lock(&mut tx, &app.keys, id).await?;
        Ok(Self {
            app,
            by,
            now: app.now(),
            tx,
            ticket,
            moved: false,
        })
    }

    /// Refuses what another agent's lease protects.
    pub(super) fn not_held(&self) -> Result<(), AgentError> {
        match self.ticket.held_by(self.now) {
            Some(holder) if self.by.staff().is_some_and(|by| by != holder) => {
                Err(AgentError::HeldBy(holder))
            }
            _ => Ok(()),
        }
    }

    /// Moves the ticket if the table lets it; `said`: with a message or call in the same act.
    pub(super) async fn go(&mut self, then: &Then, said: bool) -> Result<(), AgentError> {
        let ever = said || store::is_answered(&mut self.tx, self.ticket.id).await?;
        let said = Said { now: said, ever };
        move_check::check(
            self.ticket.status,
            then,
            Party::from(self.by),
            said,
            self.now,
        )?;
        let sealed = match &then.reason {
            Some(reason) => match key_of(&mut self.tx, self.app, self.ticket.incident).await {
                Ok(key) => Some(store::seal_reason(&key, self.ticket.id, reason)),
                // Its incident was forgotten: it can still be ended, and no word of it is kept.
                Err(db::Error::Missing) => None,
                Err(other) => return Err(other.into()),
            },
            None => None,
        };
        store::say_who(&mut self.tx, self.by, sealed.as_deref(), self.now).await?;
        self.ticket.go(then, self.now);
        self.ticket.reason = self.ticket.reason.take().filter(|_| sealed.is_some());
        self.ticket.reason_sealed = sealed.filter(|_| self.ticket.reason.is_some());
        self.moved = true;
        Ok(())
    }

    /// What goes with a message or call: the move, if there is one, and the agent who has the ticket now.
    pub(super) async fn speak(&mut self, by: StaffId, then: &Then) -> Result<(), AgentError> {
        let from = self.ticket.status;
        if then.to != from || from == TicketStatus::New || from.is_done() {
            self.go(then, true).await?;
        }
        self.give(by);
        Ok(())
    }

    pub(super) fn give(&mut self, agent: StaffId) {
        let until = lease(self.app.config.helpline.lease_minutes, self.now);
        self.ticket.give(agent, Some(until));
    }

    pub(super) async fn say(
        &mut self,
        by: StaffId,
        kind: MessageKind,
        text: &str,
    ) -> Result<i32, AgentError> {
        let key = key_of(&mut self.tx, self.app, self.ticket.incident).await?;
        let no = self.ticket.heard(kind);
        let message = words(by, no, kind, text, self.now);
        store::insert_message(&mut self.tx, &key, self.ticket.id, &message).await?;
        Ok(no)
    }

    /// What the audit log keeps of a message or call.
    pub(super) fn said(&self, no: i32, from: TicketStatus) -> serde_json::Value {
        serde_json::json!({
            "message": no, "from": from, "then": self.ticket.status, "resolution": self.ticket.resolution,
        })
    }

    /// Puts the answer in the outbox, if the customer can be written to.
    pub(super) async fn write_letter(&mut self, no: i32, text: &str) -> Result<(), AgentError> {
        let Some(person) = self.ticket.person else {
            return Ok(());
        };
        let incident = self.ticket.incident;
        let customer = Customer::find(&mut self.tx, self.app, incident, person).await?;
        let Some(to) = Addressee::of(&customer.person) else {
            return Ok(());
        };
        let new = NewLetter {
            id: LetterId::new(self.now),
            kind: LetterKind::TicketReply,
            incident,
            to: to.recipient(),
            ticket: Some(self.ticket.id),
            message_no: Some(no),
            letter: &letter::reply(self.app, &to, &self.ticket.number, text),
            at: self.now,
        };
        Ok(outbox::store::insert(&mut self.tx, &customer.key, &new).await?)
    }

    /// Writes the ticket and the audit event, and commits.
    pub(super) async fn end(
        mut self,
        action: Action,
        detail: serde_json::Value,
    ) -> Result<Ticket, AgentError> {
        let conn: &mut Conn = &mut self.tx;
        let (id, version) = (self.ticket.id, self.ticket.version);
        self.ticket.updated_at = self.now;
        // The row was locked and the table asked: only a table that differs refuses it.
        let written = store::set(conn, version, &mut self.ticket, self.moved).await?;
        written.expected("ticket", id)?;
        if self.by.staff().is_some() {
            audit::store::append(conn, self.now, self.by, action, id, &detail).await?;
        }
        self.tx.commit().await?;
        Ok(self.ticket)
    }
}
