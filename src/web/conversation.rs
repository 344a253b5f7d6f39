//! A conversation on a page: four kinds of message, each with its own shape.

use std::fmt;

use askama::filters::HtmlSafe;

use crate::campaign::CampaignKind;
use crate::ticket::{self, MessageKind};
use crate::web::page::Moment;

/// Who a message is from and for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// From the customer.
    Customer,
    /// From us to the customer.
    Agent,
    /// For staff only.
    Note,
    /// What was said on the phone; for staff only.
    Call,
}

impl Kind {
    /// The word after the name, so that the page does not depend on shape and colour.
    pub fn words(self) -> &'static str {
        match self {
            Kind::Customer => "wrote",
            Kind::Agent => "answered",
            Kind::Note => "note, the customer does not see it",
            Kind::Call => "phone call, the customer does not see this log",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Customer => "customer",
            Kind::Agent => "agent",
            Kind::Note => "note",
            Kind::Call => "call",
        })
    }
}

impl HtmlSafe for Kind {}

/// One message of a conversation.
#[derive(Debug, Clone)]
pub struct Message {
    /// The number in the conversation, from 1, for the anchor `#m3`.
    pub place: i64,
    /// Its kind.
    pub kind: Kind,
    /// A name: the agent's, or `You` on the customer's own page.
    pub who: String,
    /// When.
    pub at: Moment,
    /// The words, exactly as written.
    pub text: String,
    /// For what we sent: how far it got, e.g. `e-mail accepted 14:07`; otherwise empty.
    pub delivery: String,
}

impl Message {
    /// A message of a ticket, from `who`.
    pub fn of(message: &ticket::Message, who: String, at: Moment, delivery: String) -> Message {
        let gone = "These words were destroyed with the incident's key.";
        Message {
            place: i64::from(message.no),
            kind: match message.kind {
                MessageKind::Customer => Kind::Customer,
                MessageKind::Agent => Kind::Agent,
                MessageKind::Note => Kind::Note,
                MessageKind::Call => Kind::Call,
            },
            who,
            at,
            text: message.text.clone().unwrap_or_else(|| gone.to_owned()),
            delivery,
        }
    }
}

/// The name of a kind of notice for its readers.
pub fn kind_in_words(kind: CampaignKind) -> &'static str {
    match kind {
        CampaignKind::Initial => "Notice of data breach",
        CampaignKind::Supplement => "More about your data",
        CampaignKind::Correction => "Correction of what we told you",
    }
}

/// Makes a sentence of a reason such as `please write something first`.
pub fn sentence(why: impl fmt::Display) -> String {
    let why = why.to_string();
    let mut letters = why.chars();
    let first = letters
        .next()
        .map(|c| c.to_uppercase().to_string())
        .unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}
