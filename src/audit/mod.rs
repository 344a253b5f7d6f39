//! The audit log: every act of staff, append-only, each event chained to the one before by its hash
//! (promise P10). An event is written in the transaction of the act, as its last statement.

pub mod store;

use chrono::{DateTime, SecondsFormat, Utc};

use crate::seal::sha256;

/// One act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its place in the chain, from 1.
    pub seq: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// Who, as [`crate::actor::Actor`] is written.
    pub actor: String,
    /// What, as `noun.verb`.
    pub deed: String,
    /// To what: an id.
    pub subject: String,
    /// Particulars as JSON: ids, counts, hashes, reasons; never contact data or message text.
    pub detail: String,
    /// The hash of the event before; empty for the first.
    pub prev_hash: Vec<u8>,
    /// The hash of this event.
    pub hash: Vec<u8>,
}

impl Event {
    /// SHA-256 over the previous hash and every field, each preceded by its length.
    pub fn compute_hash(&self) -> [u8; 32] {
        let at = self.at.to_rfc3339_opts(SecondsFormat::Micros, true);
        let mut bytes = Vec::new();
        let fields = [
            &*self.prev_hash,
            at.as_bytes(),
            self.actor.as_bytes(),
            self.deed.as_bytes(),
            self.subject.as_bytes(),
            self.detail.as_bytes(),
        ];
        bytes.extend_from_slice(&self.seq.to_be_bytes());
        for field in fields {
            bytes.extend_from_slice(&(field.len() as u64).to_be_bytes());
            bytes.extend_from_slice(field);
        }
        sha256(&bytes)
    }
}

/// What is wrong with the chain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// An event does not have the hash of its contents: it was altered.
    #[error("event {0} was altered: its contents do not give its hash")]
    Altered(i64),
    /// An event does not continue the one before: something was removed or slipped in.
    #[error("the chain breaks at event {0}: an event before it was removed, added or altered")]
    Broken(i64),
    /// The chain does not end where the head says: its end was cut off.
    #[error("the chain ends at event {found}, but {expected} were written: its end was cut off")]
    Cut {
        /// The last event found.
        found: i64,
        /// The last event written.
        expected: i64,
    },
}

/// Follows the chain event by event.
#[derive(Debug, Default)]
pub struct Chain {
    seq: i64,
    hash: Vec<u8>,
}

impl Chain {
    /// Takes the next event.
    ///
    /// # Errors
    /// The [`Flaw`] it shows.
    pub fn follow(&mut self, event: &Event) -> Result<(), Flaw> {
        if event.seq != self.seq + 1 || event.prev_hash != self.hash {
            return Err(Flaw::Broken(event.seq));
        }
        if event.compute_hash().as_slice() != event.hash {
            return Err(Flaw::Altered(event.seq));
        }
        self.seq = event.seq;
        self.hash.clone_from(&event.hash);
        Ok(())
    }

    /// Compares the end of the chain with what the head says.
    ///
    /// # Errors
    /// [`Flaw::Cut`], or [`Flaw::Altered`] for a head that names another hash.
    pub fn end(&self, seq: i64, hash: &[u8]) -> Result<i64, Flaw> {
        if self.seq != seq {
            return Err(Flaw::Cut {
                found: self.seq,
                expected: seq,
            });
        }
        if self.hash != hash {
            return Err(Flaw::Altered(seq));
        }
        Ok(seq)
    }
}
