//! The actor of an event: a member of staff (or an API key's account), a customer, or the system itself.

use std::fmt;

use crate::id::{PersonId, StaffId};

/// Who acted, as histories and the audit log name it.
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
    /// The account, if a member of staff acted.
    pub fn staff(self) -> Option<StaffId> {
        match self {
            Self::Staff(id) => Some(id),
            Self::Customer(_) | Self::System(_) => None,
        }
    }
}

/// An actor read back from its text form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded<'t> {
    /// A member of staff.
    Staff(StaffId),
    /// An affected person.
    Customer(PersonId),
    /// A part of Candor.
    System(&'t str),
    /// Text of another form: `sql:role` of a history, or what a newer program wrote.
    Other(&'t str),
}

impl<'t> Recorded<'t> {
    /// Reads the text form that `Display` of [`Actor`] writes.
    pub fn parse(text: &'t str) -> Self {
        let known = match text.split_once(':') {
            Some(("staff", id)) => id.parse().ok().map(Self::Staff),
            Some(("customer", id)) => id.parse().ok().map(Self::Customer),
            Some(("system", part)) => Some(Self::System(part)),
            _ => None,
        };
        known.unwrap_or(Self::Other(text))
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

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    #[test]
    fn an_actor_is_read_back_from_its_text() {
        let at = DateTime::from_timestamp(1_700_000_000, 0).expect("a moment");
        let (staff, person) = (StaffId::new(at), PersonId::new(at));
        for (actor, read) in [
            (Actor::Staff(staff), Recorded::Staff(staff)),
            (Actor::Customer(person), Recorded::Customer(person)),
            (Actor::System("freeze"), Recorded::System("freeze")),
        ] {
            assert_eq!(Recorded::parse(&actor.to_string()), read);
        }
        for other in ["sql:candor", "staff:x", "robot"] {
            assert_eq!(Recorded::parse(other), Recorded::Other(other));
        }
    }
}
