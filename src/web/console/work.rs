//! What agents have before them, filled from the stores: the names of colleagues, rows of tickets, and
//! the zone that every page of the helpline begins with.

use std::collections::HashMap;

use super::ended::in_words;
use crate::actor::{Actor, Recorded, system_in_words};
use crate::app::App;
use crate::db::{self, Conn};
use crate::id::StaffId;
use crate::staff::{self, Right, Staff};
use crate::ticket::{self, Ticket};
use crate::web::page::{Moment, span};

/// What an agent has before them; also the left zone of the ticket page.
#[derive(Debug, Clone, Default)]
pub struct Work {
    /// Whether this person takes tickets.
    pub may_take: bool,
    /// Tickets waiting, rounded, in words: `about 40`.
    pub waiting: String,
    /// How long the oldest has waited, in words: `32 min`; empty when none waits.
    pub oldest: String,
    /// My open tickets, the soonest due first.
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
    pub status: String,
    /// Whether it is the log of a call.
    pub call: bool,
    /// Its score: higher is answered sooner.
    pub urgency: i64,
    /// Why it stands where it stands: `severity 5 · harm reported · waits 2 h`; of one that is over, how it ended.
    pub why: String,
    /// Who holds it; empty for nobody.
    pub assignee: String,
    /// When an answer is due.
    pub due: Option<Moment>,
}

/// What colleagues are called, by the actor that history and messages name.
pub struct Names(HashMap<String, String>);

impl Names {
    /// Everybody's; there are few.
    ///
    /// # Errors
    /// The database's.
    pub async fn load(conn: &mut Conn) -> db::Result<Self> {
        let named = |staff: Staff| (Actor::Staff(staff.id).to_string(), staff.name);
        Ok(Self(
            staff::store::list(conn)
                .await?
                .into_iter()
                .map(named)
                .collect(),
        ))
    }

    /// The name of a member of staff.
    pub fn of(&self, id: StaffId) -> String {
        self.of_actor(&Actor::Staff(id).to_string())
    }

    /// Whoever did it.
    pub fn of_actor(&self, actor: &str) -> String {
        match (self.0.get(actor), Recorded::parse(actor)) {
            (Some(name), _) => name.clone(),
            (None, Recorded::Customer(_)) => "Customer".to_owned(),
            (None, Recorded::System(part)) => system_in_words(part).to_owned(),
            (None, Recorded::Staff(_) | Recorded::Other(_)) => "Somebody who left".to_owned(),
        }
    }
}

/// A ticket as a row.
pub fn row(app: &App, names: &Names, ticket: &Ticket) -> TicketRow {
    let due = ticket.due_at(app.config.helpline.answer_hours);
    TicketRow {
        id: ticket.id.to_string(),
        number: ticket.number.to_string(),
        status: ticket.status.to_string(),
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

/// The queue in two figures, and what this person has in hand, the soonest due first.
///
/// # Errors
/// The database's.
pub async fn work(app: &App, conn: &mut Conn, who: &Staff, names: &Names) -> db::Result<Work> {
    let waiting = ticket::store::waiting(conn).await?;
    let mut mine = ticket::store::mine(conn, &app.keys, who.id).await?;
    let hours = app.config.helpline.answer_hours;
    mine.sort_by_key(|ticket| (ticket.due_at(hours).is_none(), ticket.due_at(hours)));
    Ok(Work {
        may_take: who.may(Right::WorkTickets),
        waiting: waiting.to_string(),
        oldest: waiting
            .oldest
            .map(|since| span(app.now() - since))
            .unwrap_or_default(),
        mine: mine.iter().map(|ticket| row(app, names, ticket)).collect(),
    })
}
