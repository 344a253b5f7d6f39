//! The page behind a notice's link, in two tiers: the link alone shows nothing personal; after
//! a one-time code to the address on file it shows what is this person's own.

use askama::Template;

use super::unlock::Unlock;
use super::{Fact, Update};
use crate::web::figures::filters;
use crate::web::page::{Faults, Moment, Visit};

/// `/s/{token}`
#[derive(Template)]
#[template(path = "public/my_status.html")]
pub struct MyStatus {
    /// The frame.
    pub visit: Visit,
    /// The link's token, for the forms.
    pub token: String,
    /// The incident's address.
    pub slug: String,
    /// The incident's public title.
    pub title: String,
    /// When the last notice was sent to this person; none before the first.
    pub last_notice: Option<Moment>,
    /// What to do first, at most three: general in tier 0, of the person's elements in tier 1.
    pub actions: Vec<Action>,
    /// The incident's fact sheet.
    pub facts: Vec<Fact>,
    /// The latest statement.
    pub latest: Option<Update>,
    /// When the next statement comes, if promised.
    pub next_update: Option<Moment>,
    /// The person's questions; in tier 0 without a word of their content.
    pub tickets: Vec<MyTicketLine>,
    /// The form for a new question.
    pub ask: Ask,
    /// The step to tier 1.
    pub unlock: Unlock,
    /// Tier 1, once open.
    pub mine: Option<Mine>,
}

/// One thing to do today.
#[derive(Debug, Clone)]
pub struct Action {
    /// In a few words.
    pub title: String,
    /// How, in a sentence or two.
    pub how: String,
}

/// A question in the list.
#[derive(Debug, Clone)]
pub struct MyTicketLine {
    /// As the customer quotes it.
    pub number: String,
    /// The ticket's state, for its tone.
    pub status: String,
    /// The customer label of the state.
    pub label: String,
    /// When it last changed.
    pub at: Moment,
}

/// The form for a new question, as typed.
#[derive(Debug, Clone, Default)]
pub struct Ask {
    /// The question.
    pub text: String,
    /// Ticked: somebody already misuses the data.
    pub harm: bool,
    /// Why it was refused; field `text`.
    pub faults: Faults,
}

/// What is shown only after the code.
#[derive(Debug, Clone)]
pub struct Mine {
    /// The person's name.
    pub name: String,
    /// Their exposed elements in words, the gravest first. Never a value.
    pub elements: Vec<String>,
    /// What we sent them, the latest first.
    pub notices: Vec<SentNotice>,
}

/// A notice this person was sent.
#[derive(Debug, Clone)]
pub struct SentNotice {
    /// Its subject.
    pub subject: String,
    /// When the relay took it.
    pub at: Moment,
    /// Its notice code.
    pub code: String,
}
