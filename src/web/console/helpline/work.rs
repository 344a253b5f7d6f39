//! The work of an agent: the length of the queue and the own tickets. Every page of the helpline begins with it.

use crate::app::App;
use crate::db::{self, Conn};
use crate::staff::{Right, Staff};
use crate::ticket::store::Waiting;
use crate::ticket::{self, Ticket, TicketStatus};
use crate::web::console::names::Names;
use crate::web::console::ticket::resolution::in_words;
use crate::web::page::{Moment, span};

/// The queue in two figures, and the tickets of the reader.
#[derive(Debug, Clone, Default)]
pub struct Work {
    /// Whether the reader may take tickets.
    pub may_take: bool,
    /// How many tickets wait, rounded, in words: `about 40`.
    pub waiting: String,
    /// How long the oldest has waited, in words: `32 min`; empty when none waits.
    pub oldest: String,
    /// The tickets of the reader, the soonest due first.
    pub mine: Vec<TicketRow>,
}

/// One ticket in a list.
#[derive(Debug, Clone)]
pub struct TicketRow {
    /// Its id.
    pub id: String,
    /// As the customer quotes it.
    pub number: String,
    /// Its state.
    pub status: TicketStatus,
    /// Whether it is the log of a call.
    pub call: bool,
    /// Its score: higher is answered sooner.
    pub urgency: i64,
    /// Why it has this urgency: `severity 5 · harm reported · waits 2 h`. Of a solved or closed ticket: its resolution.
    pub why: String,
    /// The agent who holds it; empty for none.
    pub assignee: String,
    /// When an answer is due.
    pub due: Option<Moment>,
}

/// The row of a ticket.
pub(crate) fn row(app: &App, names: &Names, ticket: &Ticket) -> TicketRow {
    let due = ticket.due_at(app.config.helpline.answer_hours);
    TicketRow {
        id: ticket.id.to_string(),
        number: ticket.number.to_string(),
        status: ticket.status,
        urgency: i64::from(ticket.urgency.score),
        call: ticket.is_call(),
        why: match (&ticket.subject, ticket.resolution) {
            (Some(_), Some(how)) => format!("ended: {}", in_words(how)),
            (Some(_), None) => ticket.urgency.why.clone(),
            (None, _) => "its incident was forgotten".to_owned(),
        },
        assignee: ticket.assignee.map(|id| names.of(id)).unwrap_or_default(),
        due: due
            .filter(|_| ticket.subject.is_some())
            .map(|at| Moment::until(at, app.now())),
    }
}

/// Reads the queue and the tickets of `who`, the soonest due first.
///
/// # Errors
/// Database errors.
pub(crate) async fn work(
    app: &App,
    conn: &mut Conn,
    who: &Staff,
    names: &Names,
) -> db::Result<Work> {
    let waiting = ticket::store::waiting(conn).await?;
    let mine = ticket::store::mine(conn, &app.keys, who.id).await?;
    Ok(of(app, who, names, waiting, mine))
}

/// The same of what was read.
pub(crate) fn of(
    app: &App,
    who: &Staff,
    names: &Names,
    waiting: Waiting,
    mut mine: Vec<Ticket>,
) -> Work {
    let hours = app.config.helpline.answer_hours;
    mine.sort_by_key(|ticket| (ticket.due_at(hours).is_none(), ticket.due_at(hours)));
    Work {
        may_take: who.may(Right::WorkTickets),
        waiting: waiting.to_string(),
        oldest: waiting
            .oldest
            .map(|since| span(app.now() - since))
            .unwrap_or_default(),
        mine: mine.iter().map(|ticket| row(app, names, ticket)).collect(),
    }
}
