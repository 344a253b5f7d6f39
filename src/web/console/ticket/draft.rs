//! What an agent typed on the ticket page, and why it was refused.

use crate::ticket::agent;
use crate::ticket::move_check::Refusal;
use crate::ticket::status::Need;
use crate::web::conversation::sentence;
use crate::web::page::{Fault, Faults};

/// What an agent typed, and why it was refused.
#[derive(Default)]
pub(crate) struct Draft {
    /// Whether the note tab is open.
    pub as_note: bool,
    /// The reply to the customer.
    pub reply: String,
    /// The note to colleagues.
    pub note: String,
    /// The chosen resolution.
    pub resolution: String,
    /// The reason of a hold.
    pub reason: String,
    /// The day of the review.
    pub review_on: String,
    /// Why it was refused.
    pub faults: Faults,
    /// A change of the ticket since the page was loaded.
    pub conflict: Option<Box<agent::Conflict>>,
    /// The word of the last action.
    pub did: String,
}

impl Draft {
    /// Adds a fault; an empty `field` is the field of the text.
    pub(crate) fn refused(mut self, field: &str, why: impl std::fmt::Display) -> Self {
        let words = if self.as_note { "note" } else { "reply" };
        let field = if field.is_empty() { words } else { field };
        self.faults.0.push(Fault {
            field: field.to_owned(),
            text: sentence(why),
        });
        self
    }

    /// Whether nothing is typed.
    pub(crate) fn is_empty(&self) -> bool {
        self.reply.trim().is_empty() && self.note.trim().is_empty()
    }

    /// The draft after the text of the open tab was sent: the text of the other tab, which is then open.
    #[must_use]
    pub(crate) fn without_sent(self) -> Self {
        match self.as_note {
            true => Self {
                note: String::new(),
                as_note: false,
                ..self
            },
            false => Self {
                note: self.note,
                as_note: true,
                ..Self::default()
            },
        }
    }
}

/// The field of a refusal.
pub(crate) fn field_of(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Needs(Need::Review) => "review_on",
        Refusal::Needs(Need::Reason) => "reason",
        Refusal::Needs(Need::Answer | Need::Clearance) => "resolution",
        Refusal::Needs(Need::Nothing | Need::Message)
        | Refusal::IllegalMove { .. }
        | Refusal::NotByHand { .. } => "",
    }
}
