//! What agents do: take the next ticket, answer it, note, log a call, move it on, give it back.
//!
//! Every action locks the ticket's row, checks that nothing changed since the page was read (promise
//! P9), asks the table (P8), writes ticket, message, letter and audit event, and commits them as one.

mod action;
mod last_change;

use serde_json::json;

use self::action::{TicketAction, words};
use super::intake::customer::{Customer, key_of, new_ticket};
use super::move_check::Refusal;
use super::status::{TicketResolution, TicketStatus};
use super::urgency::{Harms, Stake};
use super::{
    BadWords, Message, MessageKind, Then, Ticket, TicketChannel, check_text, lease, store, subject,
};
use crate::actor::Actor;
use crate::app::App;
use crate::audit::changed::Changed;
use crate::audit::{self, Action};
use crate::db::{self, Guarded, request};
use crate::id::{IncidentId, PersonId, StaffId, TicketId};
use crate::staff::{self, Right};

/// What the agent's page showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// The ticket's version.
    pub version: i32,
    /// The number of the last message; `None` for a client that does not say, which then hears of
    /// no newer messages.
    pub messages: Option<i32>,
}

impl Seen {
    /// All of it.
    pub fn of(ticket: &Ticket) -> Self {
        Self {
            version: ticket.version,
            messages: Some(ticket.messages),
        }
    }

    /// The version alone.
    pub fn version(version: i32) -> Self {
        Self {
            version,
            messages: None,
        }
    }
}

/// What is new since the page was read; nothing was written.
#[derive(Debug, Clone)]
pub struct Conflict {
    /// The ticket as it is.
    pub now: Ticket,
    /// The messages that the page did not show.
    pub newer: Vec<Message>,
    /// The latest change.
    pub changed: Changed,
}

/// Why an action was not done. Nothing of it is written then.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// There is no such ticket, or its incident was forgotten.
    #[error("there is no such ticket")]
    Missing,
    /// There is no such agent.
    #[error("there is no such agent")]
    NoSuchAgent,
    /// The words.
    #[error(transparent)]
    Words(#[from] BadWords),
    /// The move.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Another agent has leased it.
    #[error("another agent is working on this ticket")]
    HeldBy(StaffId),
    /// The customer or a colleague changed it first.
    #[error("this ticket changed since you read it: {}. Read what is new, then send again", .0.changed)]
    Conflict(Box<Conflict>),
    /// The database failed.
    #[error(transparent)]
    Db(db::Error),
}

impl From<db::Error> for AgentError {
    fn from(error: db::Error) -> Self {
        match error {
            db::Error::Missing => Self::Missing,
            e if e.is_conflict("ticket_assignee_fkey") => Self::NoSuchAgent,
            other => Self::Db(other),
        }
    }
}

/// Takes the first ticket in line: the most urgent, and of those the one that waits longest. It is kept for the agent
/// for `helpline.lease_minutes`. `None`: the queue is empty.
///
/// # Errors
/// The database's.
pub async fn take_next(app: &App, by: StaffId) -> Result<Option<Ticket>, AgentError> {
    let now = app.now();
    if app.lease_check.is_due(now) {
        store::release_expired(&mut *app.db.get().await?, now).await?;
    }
    let mut tx = app.db.begin().await?;
    let until = lease(app.config.helpline.lease_minutes, now);
    // Other agents skip the ticket until this commits: it is read afterwards.
    let Some((id, number)) = store::claim(&mut tx, by, now, until).await? else {
        return Ok(None);
    };
    let detail = json!({ "number": number });
    audit::store::append(
        &mut tx,
        now,
        Actor::Staff(by),
        Action::TicketTake,
        id,
        &detail,
    )
    .await?;
    tx.commit().await?;
    let mut conn = app.db.get().await?;
    Ok(Some(store::find(&mut conn, &app.keys, id).await?))
}

/// Takes this ticket out of the line, for `helpline.lease_minutes`.
///
/// # Errors
/// [`AgentError::Conflict`], [`AgentError::HeldBy`]; [`AgentError::Refused`] for one that waits for no agent.
pub async fn take(
    app: &App,
    by: StaffId,
    ticket: TicketId,
    version: i32,
) -> Result<Ticket, AgentError> {
    let mut action =
        TicketAction::begin(app, Actor::Staff(by), ticket, Seen::version(version)).await?;
    let theirs = action.ticket.assignee.filter(|holder| *holder != by);
    if let Some(holder) = theirs.filter(|_| !action.ticket.is_in_line(app.now())) {
        return Err(AgentError::HeldBy(holder));
    }
    let to = TicketStatus::Open;
    match action.ticket.status {
        TicketStatus::Open => {}
        TicketStatus::New => action.go(&Then::to(to), false).await?,
        from => return Err(Refusal::IllegalMove { from, to }.into()),
    }
    action.give(by);
    let detail = json!({ "number": action.ticket.number.as_str() });
    action.end(Action::TicketTake, detail).await
}

/// Keeps a ticket for the agent who has it; a page calls it while the agent types. Refused if they do not have it any
/// more.
///
/// # Errors
/// The database's.
pub async fn renew(app: &App, by: StaffId, ticket: TicketId) -> Result<Guarded, AgentError> {
    let until = lease(app.config.helpline.lease_minutes, app.now());
    let mut conn = app.db.get().await?;
    Ok(store::set_lease(&mut conn, ticket, by, until).await?)
}

/// Gives a ticket back to the queue, at its old place in line.
///
/// # Errors
/// [`AgentError::Conflict`], [`AgentError::HeldBy`].
pub async fn release(
    app: &App,
    by: StaffId,
    ticket: TicketId,
    version: i32,
) -> Result<Ticket, AgentError> {
    let mut action =
        TicketAction::begin(app, Actor::Staff(by), ticket, Seen::version(version)).await?;
    action.not_held()?;
    action.ticket.give_back();
    action.end(Action::TicketRelease, json!({})).await
}

/// Gives a ticket to an agent, also one that another agent holds: a lead's action. There is no
/// lease on it: it stays with them until they give it back.
///
/// # Errors
/// [`AgentError::Conflict`], [`AgentError::NoSuchAgent`]; [`AgentError::Refused`] for a finished one.
pub async fn assign(
    app: &App,
    by: StaffId,
    ticket: TicketId,
    version: i32,
    to: StaffId,
) -> Result<Ticket, AgentError> {
    let mut tx = app.db.begin().await?;
    // Locked before the ticket, in the order of the transaction that disables an account.
    let agent = match staff::store::share(&mut tx, to).await {
        Err(db::Error::Missing) => return Err(AgentError::NoSuchAgent),
        found => found?,
    };
    if !agent.is_person() || agent.disabled_at.is_some() || !agent.may(Right::WorkTickets) {
        return Err(AgentError::NoSuchAgent);
    }
    let seen = Seen::version(version);
    let mut action = TicketAction::begin_in(app, Actor::Staff(by), tx, ticket, seen).await?;
    match action.ticket.status {
        TicketStatus::New => action.go(&Then::to(TicketStatus::Open), false).await?,
        from @ (TicketStatus::Solved | TicketStatus::Closed) => {
            let to = TicketStatus::Open;
            return Err(Refusal::IllegalMove { from, to }.into());
        }
        TicketStatus::Open | TicketStatus::Pending | TicketStatus::OnHold => {}
    }
    action.ticket.give(to, None);
    action.end(Action::TicketAssign, json!({ "to": to })).await
}

/// Puts on record who took a customer's question in for them: in the ticket it is the customer's.
///
/// # Errors
/// The database's; recording it twice does no harm.
pub async fn record_taken_in(app: &App, by: StaffId, ticket: &Ticket) -> db::Result<()> {
    let mut tx = app.db.begin().await?;
    let detail = json!({ "number": ticket.number.as_str(), "person": ticket.person });
    let (now, actor) = (app.now(), Actor::Staff(by));
    audit::store::append(
        &mut tx,
        now,
        actor,
        Action::TicketTakeIn,
        ticket.id,
        &detail,
    )
    .await?;
    tx.commit().await
}

/// Answers the customer: message, next state and letter in one act. `then.to` may be the present
/// status, except of a ticket that is new or finished.
///
/// # Errors
/// [`AgentError::Conflict`] if the customer wrote, or the ticket was changed, since `seen`.
pub async fn reply(
    app: &App,
    by: StaffId,
    ticket: TicketId,
    seen: Seen,
    text: &str,
    then: &Then,
) -> Result<Ticket, AgentError> {
    check_text(text)?;
    let mut action = TicketAction::begin(app, Actor::Staff(by), ticket, seen).await?;
    action.not_held()?;
    let from = action.ticket.status;
    action.speak(by, then).await?;
    let no = action.say(by, MessageKind::Agent, text).await?;
    if then.resolution != Some(TicketResolution::Spam) {
        action.write_letter(no, text).await?;
    }
    let detail = action.said(no, from);
    let replied = action.end(Action::TicketReply, detail).await?;
    let answered = app.metrics.tickets_answered.clone();
    request::after(async move { answered.inc() }).await;
    Ok(replied)
}

/// Logs a call on a ticket: like a reply, but the customer heard it and gets no letter.
///
/// # Errors
/// As [`reply`].
pub async fn log_call(
    app: &App,
    by: StaffId,
    ticket: TicketId,
    seen: Seen,
    text: &str,
    then: &Then,
) -> Result<Ticket, AgentError> {
    check_text(text)?;
    let mut action = TicketAction::begin(app, Actor::Staff(by), ticket, seen).await?;
    action.not_held()?;
    let from = action.ticket.status;
    action.speak(by, then).await?;
    let no = action.say(by, MessageKind::Call, text).await?;
    let detail = action.said(no, from);
    action.end(Action::TicketCall, detail).await
}

/// Adds an internal note, in any status and without having the ticket.
///
/// # Errors
/// [`AgentError::Words`].
pub async fn note(
    app: &App,
    by: StaffId,
    ticket: TicketId,
    text: &str,
) -> Result<Ticket, AgentError> {
    check_text(text)?;
    let mut action = TicketAction::begin_unseen(app, Actor::Staff(by), ticket).await?;
    let no = action.say(by, MessageKind::Note, text).await?;
    action
        .end(Action::TicketNote, json!({ "message": no }))
        .await
}

/// Moves a ticket without a message; also what a clock does, as [`Actor::System`].
///
/// # Errors
/// [`AgentError::Refused`], [`AgentError::Conflict`].
pub async fn transition(
    app: &App,
    by: Actor,
    ticket: TicketId,
    version: i32,
    then: &Then,
) -> Result<Ticket, AgentError> {
    let mut action = TicketAction::begin(app, by, ticket, Seen::version(version)).await?;
    action.not_held()?;
    let from = action.ticket.status;
    action.go(then, false).await?;
    if let Some(agent) = by.staff() {
        action.give(agent);
    }
    let detail = json!({ "from": from, "to": then.to, "resolution": action.ticket.resolution });
    action.end(Action::TicketMove, detail).await
}

/// A caller on the phone.
#[derive(Debug, Clone)]
pub struct Caller<'a> {
    /// About which incident.
    pub incident: IncidentId,
    /// Who, if they were found.
    pub person: Option<PersonId>,
    /// Their language, if they were not.
    pub locale: &'a str,
    /// What it is about; empty: found in the text.
    pub topic: &'a str,
    /// Whether the caller was verified: the person reads of the call on their page then.
    pub verified: bool,
}

/// Opens a ticket for a caller, `open` and leased to the agent from the start.
///
/// # Errors
/// [`AgentError::Words`]; [`AgentError::Missing`] if incident or person do not exist.
pub async fn open_for_caller(
    app: &App,
    by: StaffId,
    caller: &Caller<'_>,
    text: &str,
) -> Result<Ticket, AgentError> {
    check_text(text)?;
    let subject = subject(caller.topic, text)?;
    let now = app.now();
    let mut tx = app.db.begin().await?;
    let key = key_of(&mut tx, app, caller.incident).await?;
    let harms = Harms::told_in(&format!("{}\n{text}", caller.topic));
    let mut ticket = match caller.person {
        Some(person) => {
            let customer = Customer::find(&mut tx, app, caller.incident, person).await?;
            customer.new_ticket(subject, harms, now)
        }
        None => {
            let locale = caller.locale.to_owned();
            new_ticket(caller.incident, locale, subject, now).weighed(Stake::default(), harms)
        }
    };
    ticket.status = TicketStatus::Open;
    ticket.channel = TicketChannel::Phone;
    ticket.caller_verified = caller.verified;
    ticket.give(by, Some(lease(app.config.helpline.lease_minutes, now)));
    let no = ticket.heard(MessageKind::Call);
    store::say_who(&mut tx, Actor::Staff(by), None, now).await?;
    store::insert(&mut tx, &key, &mut ticket).await?;
    let message = words(by, no, MessageKind::Call, text, now);
    store::insert_message(&mut tx, &key, ticket.id, &message).await?;
    let detail = json!({
        "number": ticket.number.as_str(), "person": ticket.person, "verified": caller.verified,
    });
    audit::store::append(
        &mut tx,
        now,
        Actor::Staff(by),
        Action::TicketOpen,
        ticket.id,
        &detail,
    )
    .await?;
    tx.commit().await?;
    Ok(ticket)
}
