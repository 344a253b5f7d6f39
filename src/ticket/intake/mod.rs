//! The customer's words come in: a question, an answer, "this did not help". Nothing they wrote is
//! refused for what it says, nor for how much they ask while a person could have written it; and nothing is
//! taken twice.

pub(super) mod customer;

use chrono::{DateTime, TimeDelta, Utc};

use self::customer::Customer;
use super::letter::{self, Addressee};
use super::status::{Hearing, TicketStatus};
use super::urgency::Harms;
use super::{BadWords, Message, MessageKind, Then, Ticket, check_text, lease, store, subject};
use crate::actor::Actor;
use crate::app::App;
use crate::db::{self, Conn};
use crate::id::{IncidentId, LetterId, PersonId, TicketId};
use crate::outbox::{self, LetterKind, NewLetter};
use crate::staff::{self, Right};

/// The same words within this time are one form sent twice.
const TWICE: TimeDelta = TimeDelta::minutes(10);

/// Why a customer's words were not taken.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// The words.
    #[error(transparent)]
    Words(#[from] BadWords),
    /// There is no such person or ticket, it belongs to another person, or it was forgotten.
    #[error("there is no such ticket")]
    Missing,
    /// The database failed.
    #[error(transparent)]
    Db(db::Error),
}

impl From<db::Error> for IntakeError {
    fn from(error: db::Error) -> Self {
        match error {
            db::Error::Missing => Self::Missing,
            other => Self::Db(other),
        }
    }
}

/// What became of a question.
#[derive(Debug, Clone)]
pub enum Asked {
    /// It is a ticket of its own.
    Opened(Ticket),
    /// The person has many already: it was added to their newest.
    Appended(Ticket),
}

impl Asked {
    /// The ticket with the question in it.
    pub fn ticket(&self) -> &Ticket {
        match self {
            Self::Opened(ticket) | Self::Appended(ticket) => ticket,
        }
    }
}

/// What became of an answer.
#[derive(Debug, Clone)]
pub enum Answered {
    /// It was added.
    Appended(Ticket),
    /// The ticket was over: this new one follows it.
    FollowedUp(Ticket),
}

impl Answered {
    /// The ticket with the answer in it.
    pub fn ticket(&self) -> &Ticket {
        match self {
            Self::Appended(ticket) | Self::FollowedUp(ticket) => ticket,
        }
    }
}

/// Takes a question in. A person who has `helpline.open_tickets` unfinished ones is not refused: the
/// question is added to their newest, which rises if it tells of harm. An empty `topic` is found in the text.
///
/// # Errors
/// [`IntakeError::Words`], [`IntakeError::Missing`] for a person who is not there.
pub async fn ask(
    app: &App,
    incident: IncidentId,
    person: PersonId,
    topic: &str,
    text: &str,
) -> Result<Asked, IntakeError> {
    check_text(text)?;
    let subject = subject(topic, text)?;
    // The topic counts wherever the question goes: it may be all that tells of harm.
    let harms = Harms::told_in(&format!("{topic}\n{text}"));
    let now = app.now();
    let mut tx = app.db.begin().await?;
    let customer = Customer::find(&mut tx, app, incident, person).await?;
    store::take_turn(&mut tx, person).await?;
    store::say_who(&mut tx, Actor::Customer(person), None, now).await?;
    let twice = store::asked_lately(&mut tx, &customer.key, person, text, now - TWICE).await?;
    if let Some(id) = twice {
        return Ok(Asked::Opened(store::find(&mut tx, &app.keys, id).await?));
    }
    check_often(&mut tx, app, person).await?;
    if store::unfinished(&mut tx, person).await? >= app.config.helpline.open_tickets {
        let newest = store::newest_unfinished(&mut tx, person).await?;
        let mut ticket = store::lock(&mut tx, &app.keys, newest).await?;
        // It may have been finished between the two statements; then it is like any other answer.
        if !ticket.status.is_done() {
            // With the ticket locked: an activation may have weighed it since the person was read.
            let customer = Customer::find(&mut tx, app, incident, person).await?;
            add(&mut tx, app, &customer, &mut ticket, (text, harms)).await?;
            tx.commit().await?;
            return Ok(Asked::Appended(ticket));
        }
    }
    let mut ticket = customer.new_ticket(subject, harms, now);
    open(&mut tx, app, &customer, &mut ticket, text).await?;
    tx.commit().await?;
    Ok(Asked::Opened(ticket))
}

/// Takes an answer in: what waited for the customer opens again, also a solved ticket for
/// `helpline.reopen_days`; later, and on a closed one, the words begin a ticket that follows it and
/// keeps its harms and its place in line. The promised time of the answer counts from now in each case.
///
/// # Errors
/// [`IntakeError::Words`]; [`IntakeError::Missing`], also for the ticket of another person.
pub async fn answer_back(
    app: &App,
    person: PersonId,
    ticket: TicketId,
    text: &str,
) -> Result<Answered, IntakeError> {
    say(app, person, ticket, text, None).await
}

/// "This did not help": reopens a solved ticket, with or without words. Without words a ticket that
/// is not solved, or no longer reopens, is left as it is; then [`BadWords::Empty`] asks for some.
///
/// # Errors
/// As [`answer_back`].
pub async fn did_not_help(
    app: &App,
    person: PersonId,
    ticket: TicketId,
    text: &str,
) -> Result<Answered, IntakeError> {
    const WHY: &str = "the customer says: this did not help";
    if check_text(text) != Err(BadWords::Empty) {
        return say(app, person, ticket, text, Some(WHY)).await;
    }
    let now = app.now();
    let mut tx = app.db.begin().await?;
    let mut ticket = lock_theirs(&mut tx, app, person, ticket).await?;
    match hears(app, &ticket, now) {
        Hearing::Stay => return Ok(Answered::Appended(ticket)),
        Hearing::Reopen if ticket.status == TicketStatus::Solved => {}
        Hearing::Reopen | Hearing::FollowUp => return Err(BadWords::Empty.into()),
    }
    let customer = Customer::find(&mut tx, app, ticket.incident, person).await?;
    let why = store::seal_reason(&customer.key, ticket.id, WHY);
    store::say_who(&mut tx, Actor::Customer(person), Some(&why), now).await?;
    ticket.weigh(customer.stake(), Harms::default());
    reopen(&mut tx, app, &mut ticket, now).await?;
    keep(&mut tx, &mut ticket, true, now).await?;
    tx.commit().await?;
    Ok(Answered::Appended(ticket))
}

async fn say(
    app: &App,
    person: PersonId,
    ticket: TicketId,
    text: &str,
    why: Option<&str>,
) -> Result<Answered, IntakeError> {
    check_text(text)?;
    let now = app.now();
    let mut tx = app.db.begin().await?;
    // Before the row's lock, in the same order as `ask`.
    store::take_turn(&mut tx, person).await?;
    let mut ticket = lock_theirs(&mut tx, app, person, ticket).await?;
    let customer = Customer::find(&mut tx, app, ticket.incident, person).await?;
    let why = why.map(|why| store::seal_reason(&customer.key, ticket.id, why));
    store::say_who(&mut tx, Actor::Customer(person), why.as_deref(), now).await?;
    let twice = store::asked_lately(&mut tx, &customer.key, person, text, now - TWICE).await?;
    if let Some(id) = twice {
        let said = store::find(&mut tx, &app.keys, id).await?;
        if said.id == ticket.id {
            return Ok(Answered::Appended(said));
        }
        if said.follow_up_of == Some(ticket.id) {
            return Ok(Answered::FollowedUp(said));
        }
    }
    check_often(&mut tx, app, person).await?;
    let harms = Harms::told_in(text);
    if hears(app, &ticket, now) != Hearing::FollowUp {
        add(&mut tx, app, &customer, &mut ticket, (text, harms)).await?;
        tx.commit().await?;
        return Ok(Answered::Appended(ticket));
    }
    let subject = ticket.subject.clone().unwrap_or_default();
    let mut next = Ticket {
        queued_at: ticket.queued_at,
        follow_up_of: Some(ticket.id),
        ..customer.new_ticket(subject, ticket.harms.and(harms), now)
    };
    open(&mut tx, app, &customer, &mut next, text).await?;
    tx.commit().await?;
    Ok(Answered::FollowedUp(next))
}

/// Refuses more words from one person than `helpline.messages_a_day`: a finder of a link could fill a ticket until it
/// cannot be opened any more. The caller has taken their turn.
async fn check_often(conn: &mut Conn, app: &App, person: PersonId) -> Result<(), IntakeError> {
    let said = store::said_since(conn, person, app.now() - TimeDelta::days(1)).await?;
    if said >= app.config.helpline.messages_a_day {
        return Err(BadWords::TooMany.into());
    }
    Ok(())
}

/// Writes a new ticket with its first message, and the receipt.
async fn open(
    conn: &mut Conn,
    app: &App,
    customer: &Customer,
    ticket: &mut Ticket,
    text: &str,
) -> db::Result<()> {
    let no = ticket.heard(MessageKind::Customer);
    store::insert(conn, &customer.key, ticket).await?;
    let message = words(customer, no, text, ticket.created_at);
    store::insert_message(conn, &customer.key, ticket.id, &message).await?;
    let Some(to) = Addressee::of(&customer.person) else {
        return Ok(());
    };
    let new = NewLetter {
        id: LetterId::new(ticket.created_at),
        kind: LetterKind::TicketReceived,
        incident: ticket.incident,
        to: to.recipient(),
        ticket: Some(ticket.id),
        message_no: Some(no),
        letter: &letter::received(app, &to, &ticket.number),
        at: ticket.created_at,
    };
    outbox::store::insert(conn, &customer.key, &new).await
}

/// Adds the customer's words to their ticket, and opens it if it waited or was solved.
async fn add(
    conn: &mut Conn,
    app: &App,
    customer: &Customer,
    ticket: &mut Ticket,
    (text, harms): (&str, Harms),
) -> db::Result<()> {
    let now = app.now();
    let no = ticket.heard(MessageKind::Customer);
    ticket.weigh(customer.stake(), harms);
    let moved = hears(app, ticket, now) == Hearing::Reopen;
    if moved {
        reopen(conn, app, ticket, now).await?;
    }
    keep(conn, ticket, moved, now).await?;
    let message = words(customer, no, text, now);
    store::insert_message(conn, &customer.key, ticket.id, &message).await
}

fn words(customer: &Customer, no: i32, text: &str, at: DateTime<Utc>) -> Message {
    Message {
        no,
        kind: MessageKind::Customer,
        author: Actor::Customer(customer.person.id).to_string(),
        text: Some(text.to_owned()),
        at,
    }
}

fn hears(app: &App, ticket: &Ticket, now: DateTime<Utc>) -> Hearing {
    ticket.hears(now, app.config.helpline.reopen_days)
}

/// Opens a ticket again. Its last agent has it first, for one lease, if they still work on tickets; then it is
/// back in line, where it always was.
async fn reopen(
    conn: &mut Conn,
    app: &App,
    ticket: &mut Ticket,
    now: DateTime<Utc>,
) -> db::Result<()> {
    ticket.go(&Then::to(TicketStatus::Open), now);
    let Some(agent) = ticket.assignee else {
        return Ok(());
    };
    let last = staff::store::find(conn, agent).await?;
    match last.disabled_at.is_none() && last.may(Right::WorkTickets) {
        true => ticket.give(agent, Some(lease(app.config.helpline.lease_minutes, now))),
        false => ticket.give_back(),
    }
    Ok(())
}

/// Writes the ticket; its row is locked.
async fn keep(
    conn: &mut Conn,
    ticket: &mut Ticket,
    moved: bool,
    now: DateTime<Utc>,
) -> db::Result<()> {
    ticket.updated_at = now;
    let version = ticket.version;
    match store::set(conn, version, ticket, moved).await? {
        true => Ok(()),
        false => Err(db::Error::inconsistent("ticket", ticket.id)),
    }
}

async fn lock_theirs(
    conn: &mut Conn,
    app: &App,
    person: PersonId,
    ticket: TicketId,
) -> Result<Ticket, IntakeError> {
    let ticket = store::lock(conn, &app.keys, ticket).await?;
    (ticket.person == Some(person))
        .then_some(ticket)
        .ok_or(IntakeError::Missing)
}
