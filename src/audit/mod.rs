//! The audit log: every act of staff, append-only, hash-chained (promise P10, docs/decisions/0012).
//!
//! An act writes its [`Event`] in its own transaction ([`store::append`]), without a number and without a lock. A
//! background task links committed events into the chain in batches ([`link`]): each gets a number and the hash of the
//! event before it. [`verify`] names whatever does not fit.

pub(crate) mod action;
pub(crate) mod changed;
pub(crate) mod follow;
pub mod link;
pub mod noticed;
pub(crate) mod search;
pub mod store;
pub mod verify;

pub use self::action::Action;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::Value;

use crate::actor::Actor;
use crate::id::EventId;
use crate::seal::sha256;

/// One act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Made by the program.
    pub id: EventId,
    /// When, by the clock of the program that did it.
    pub at: DateTime<Utc>,
    /// Who, as [`Actor`] is written.
    pub actor: String,
    /// What, as `noun.verb`: the text form of an [`Action`], or one that this program does not know.
    pub action: String,
    /// To what: an id.
    pub subject: String,
    /// Particulars as JSON: ids, counts, hashes, reasons of the program; never contact data, nor words that staff typed
    /// about people unless sealed.
    pub detail: String,
}

impl Event {
    /// An act that is done now.
    pub fn new(
        at: DateTime<Utc>,
        actor: Actor,
        action: Action,
        subject: impl ToString,
        detail: &Value,
    ) -> Self {
        Self {
            id: EventId::new(at),
            at,
            actor: actor.to_string(),
            action: action.as_str().to_owned(),
            subject: subject.to_string(),
            detail: detail.to_string(),
        }
    }
}

/// The subject of events that concern all incidents: stops of all sending, an older copy of the database.
pub const EVERYTHING: &str = "everything";

/// An event in its place in the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Linked {
    /// Its number. Numbers ascend along the chain; there may be gaps.
    pub seq: i64,
    /// What was done.
    pub event: Event,
    /// The hash of the event before; empty for the first.
    pub prev_hash: Vec<u8>,
    /// The hash of this event.
    pub hash: Vec<u8>,
}

impl Linked {
    /// Puts an event behind the one with the hash `prev_hash`.
    pub fn new(seq: i64, event: Event, prev_hash: Vec<u8>) -> Self {
        let mut linked = Self {
            seq,
            event,
            prev_hash,
            hash: Vec::new(),
        };
        linked.hash = linked.compute_hash().to_vec();
        linked
    }

    /// SHA-256 over number, previous hash and every field of the event but its id, each field preceded by its length.
    pub fn compute_hash(&self) -> [u8; 32] {
        let event = &self.event;
        let at = event.at.to_rfc3339_opts(SecondsFormat::Micros, true);
        let mut bytes = Vec::new();
        let fields = [
            &*self.prev_hash,
            at.as_bytes(),
            event.actor.as_bytes(),
            event.action.as_bytes(),
            event.subject.as_bytes(),
            event.detail.as_bytes(),
        ];
        bytes.extend_from_slice(&self.seq.to_be_bytes());
        for field in fields {
            bytes.extend_from_slice(&(field.len() as u64).to_be_bytes());
            bytes.extend_from_slice(field);
        }
        sha256(&bytes)
    }

    /// Whether the contents give the stored hash.
    pub fn is_intact(&self) -> bool {
        self.compute_hash().as_slice() == self.hash
    }
}

/// Where the chain ends.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Head {
    /// The number of the last event; 0 before the first.
    pub seq: i64,
    /// Its hash; empty before the first.
    pub hash: Vec<u8>,
}

/// What is wrong with the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// An event does not have the hash of its contents.
    #[error("event {0} was altered: its contents do not give its hash")]
    Altered(i64),
    /// An event does not continue the one before, and nothing else does.
    #[error("the chain breaks at event {0}: an event before it was removed, added or altered")]
    Broken(i64),
    /// A row with a number that no event of the chain leads to.
    #[error("row {0} is outside of the chain: the program did not write it")]
    Outside(i64),
    /// The chain does not end where the head says.
    #[error("the chain ends at event {found}, but {expected} were written: its end was cut off")]
    Cut {
        /// The last event found.
        found: i64,
        /// The last event written.
        expected: i64,
    },
    /// The row that says where the chain ends is missing.
    #[error("the head of the chain was deleted: nothing says whether its end was cut off")]
    HeadLost,
    /// The head was missing and the program made another one.
    #[error(
        "before event {0} the head of the chain was deleted: the end of what was written until then may be cut off"
    )]
    HeadRestored(i64),
    /// Events that no node links.
    #[error(
        "{events} events wait for more than a minute to be linked, the first is {first}: does a node run?"
    )]
    Waiting {
        /// How many.
        events: i64,
        /// The one that waits longest.
        first: EventId,
    },
    /// The emergency stop was set or lifted, and the log could not be written then or since.
    #[error("{0} stops or starts of sending are not in the log yet")]
    Unrecorded(usize),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actor::System;

    #[test]
    fn the_hash_is_of_the_place_and_of_every_field() {
        let at = DateTime::from_timestamp(1_700_000_000, 0).expect("a valid time");
        let event = Event {
            actor: "system:test".to_owned(),
            ..Event::new(
                at,
                Actor::System(System::Cli),
                Action::KeyAdd,
                "c",
                &Value::Null,
            )
        };
        let one = Linked::new(1, event.clone(), Vec::new());
        assert!(one.is_intact());
        // Of chains that were written before, too: neither fields nor their order change.
        assert_eq!(
            crate::seal::to_hex(&one.hash),
            "6095855e9a69319e77ddc66116f46758ae92b8f5e9b8f7008ecf4a0edd1ba10c"
        );
        let longer = Event {
            action: "key.addc".to_owned(),
            subject: String::new(),
            ..event.clone()
        };
        for other in [
            Linked::new(2, event.clone(), Vec::new()),
            Linked::new(1, event, vec![0]),
            Linked::new(1, longer, Vec::new()),
        ] {
            assert_ne!(one.hash, other.hash);
        }
    }
}
