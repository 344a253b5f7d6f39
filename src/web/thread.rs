//! A conversation as pages show it: four kinds of message, four shapes.

use std::fmt;

use askama::filters::HtmlSafe;

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
    /// The word beside the name, so that shape and colour are never alone.
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

/// One message of a thread.
#[derive(Debug, Clone)]
pub struct Message {
    /// Its place in the thread from 1: the anchor `#m3`.
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
