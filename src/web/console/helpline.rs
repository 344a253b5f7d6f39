//! The helpline: one button for the next ticket, two numbers, and my own tickets.

use askama::Template;

use crate::web::figures::filters;
use crate::web::page::{Desk, Moment};

/// `/console/helpline`
#[derive(Template)]
#[template(path = "console/helpline.html")]
pub struct Helpline {
    /// The frame.
    pub desk: Desk,
    /// The queue and my tickets.
    pub work: Work,
    /// For leads: all that is not closed, the most urgent first.
    pub list: Option<TicketList>,
}

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
    /// 1 to 5, of the person's exposure.
    pub severity: i64,
    /// Why it stands where it stands: `severity 5 · harm reported · waits 2 h`.
    pub why: String,
    /// Who holds it; empty for nobody.
    pub assignee: String,
    /// When an answer is due.
    pub due: Option<Moment>,
}

/// The leads' list.
#[derive(Debug, Clone, Default)]
pub struct TicketList {
    /// The state shown; empty for all.
    pub status: String,
    /// One page of them.
    pub tickets: Vec<TicketRow>,
    /// The cursor of the next page.
    pub next: Option<String>,
}

impl TicketList {
    /// The states one may look at.
    fn states(&self) -> [&'static str; 5] {
        ["new", "open", "pending", "on_hold", "solved"]
    }
}
