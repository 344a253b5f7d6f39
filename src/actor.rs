//! The actor of an event: a member of staff (or an API key's account), a customer, or the system itself.

use std::fmt;

use crate::id::{PersonId, StaffId};

/// The doer of a deed, as history and audit name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Actor {
    /// A member of staff, signed in or by key.
    Staff(StaffId),
    /// An affected person, through a status link.
    Customer(PersonId),
    /// Candor itself; the word says which part.
    System(&'static str),
}

impl Actor {
    /// The account behind the deed, if a member of staff did it.
    pub fn staff(self) -> Option<StaffId> {
        match self {
            Self::Staff(id) => Some(id),
            Self::Customer(_) | Self::System(_) => None,
        }
    }
}

/// What readers are told of a part of the system that did something: a person decided what the command line did.
pub fn system_in_words(part: &str) -> &'static str {
    match part {
        "command line" | "cli" => "the command line",
        _ => "Candor",
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Staff(id) => write!(f, "staff:{id}"),
            Self::Customer(id) => write!(f, "customer:{id}"),
            Self::System(part) => write!(f, "system:{part}"),
        }
    }
}
