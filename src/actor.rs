//! The actor of an event: a member of staff (or an API key's account), a customer, or a part of Candor.

use std::fmt;

use crate::id::{PersonId, StaffId};

/// Who acted, as histories and the audit log name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Actor {
    /// A member of staff, signed in or by key.
    Staff(StaffId),
    /// An affected person, through a status link.
    Customer(PersonId),
    /// Candor itself.
    System(System),
}

/// Declares [`System`]: variant and word in the text form of an actor.
macro_rules! systems {
    ($($(#[$doc:meta])* $variant:ident = $word:literal;)+) => {
        /// The closed catalogue of the parts of Candor that act. The words are hashed into the audit log: one that was
        /// written once is never changed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum System {
            $($(#[$doc])* $variant,)+
        }

        impl System {
            /// Every part.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its word.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// The part of a word; `None` for a word that a newer or older program wrote.
            pub fn parse(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

systems! {
    /// Watches whether approvals still cover what would be sent.
    Approvals = "approvals";
    /// Links entries into the audit log's chain of hashes.
    Audit = "audit";
    /// Pauses a campaign with too many bad results.
    Breaker = "breaker";
    /// Decides whether a canary ended well.
    Canary = "canary";
    /// A command of `candor`, given by an operator.
    Cli = "cli";
    /// `candor demo`.
    Demo = "demo";
    /// Watches which database is in use.
    Deployment = "deployment";
    /// Turns audiences into notices, and pauses campaigns once their list is replaced.
    Freezing = "freeze";
    /// Gives tickets with an expired lease back to the queue.
    Helpline = "helpline";
    /// Slows campaigns.
    Pacing = "pacing";
    /// Launches campaigns at their set time.
    Schedule = "schedule";
    /// Applies lists of affected people.
    Scope = "scope";
    /// Sends notices and settles their results.
    Senders = "senders";
    /// Checks who signs in.
    SignIn = "sign-in";
}

impl System {
    /// What readers are told: a person decided what the command line did.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Cli => "the command line",
            Self::Approvals
            | Self::Audit
            | Self::Breaker
            | Self::Canary
            | Self::Demo
            | Self::Deployment
            | Self::Freezing
            | Self::Helpline
            | Self::Pacing
            | Self::Schedule
            | Self::Scope
            | Self::Senders
            | Self::SignIn => "Candor",
        }
    }
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
    System(System),
    /// Text of another form: `sql:role` of a history, or what a newer program wrote.
    Other(&'t str),
}

impl<'t> Recorded<'t> {
    /// Reads the text form that `Display` of [`Actor`] writes.
    pub fn parse(text: &'t str) -> Self {
        let known = match text.split_once(':') {
            Some(("staff", id)) => id.parse().ok().map(Self::Staff),
            Some(("customer", id)) => id.parse().ok().map(Self::Customer),
            Some(("system", part)) => System::parse(part).map(Self::System),
            _ => None,
        };
        known.unwrap_or(Self::Other(text))
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Staff(id) => write!(f, "staff:{id}"),
            Self::Customer(id) => write!(f, "customer:{id}"),
            Self::System(part) => write!(f, "system:{}", part.as_str()),
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
            (
                Actor::System(System::Freezing),
                Recorded::System(System::Freezing),
            ),
        ] {
            assert_eq!(Recorded::parse(&actor.to_string()), read);
        }
        for part in System::ALL.iter().copied() {
            assert_eq!(System::parse(part.as_str()), Some(part));
        }
        for other in ["sql:candor", "staff:x", "system:x", "robot"] {
            assert_eq!(Recorded::parse(other), Recorded::Other(other));
        }
    }
}
