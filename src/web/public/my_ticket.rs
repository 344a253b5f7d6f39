//! One question of a customer: where it stands, what happens next and by when, the conversation.

use askama::Template;

use super::unlock::Unlock;
use crate::web::figures::filters;
use crate::web::page::{Faults, Moment, Visit};
use crate::web::thread::Message;

/// `/s/{token}/tickets/{number}`
#[derive(Template)]
#[template(path = "public/my_ticket.html")]
pub struct MyTicket {
    /// The frame.
    pub visit: Visit,
    /// The link's token, for the forms.
    pub token: String,
    /// As the customer quotes it.
    pub number: String,
    /// The ticket's state, for its tone.
    pub status: String,
    /// The customer label of the state.
    pub label: String,
    /// What happens next, a sentence.
    pub next: String,
    /// By when, if promised.
    pub by: Option<Moment>,
    /// Customer and agent messages, the oldest first; none before the one-time code.
    pub thread: Option<Vec<Message>>,
    /// The step to tier 1.
    pub unlock: Unlock,
    /// The reply form; none once the ticket is closed.
    pub reply: Option<Reply>,
    /// Whether "this did not help" is offered: the ticket is solved.
    pub solved: bool,
}

/// The reply form, as typed.
#[derive(Debug, Clone, Default)]
pub struct Reply {
    /// The words.
    pub text: String,
    /// Why they were refused; field `text`.
    pub faults: Faults,
}
