//! Once only: a request that is repeated under its Idempotency-Key gets the first answer again.
//!
//! The key is claimed before the request runs. The answer is written in the transaction that does what was asked for
//! ([`crate::db::request`]): one does not exist without the other. A claim ends by the database's clock unless the
//! run that has it renews it; after that the next request with the key runs, since nothing was done.
//!
//! An act of several transactions writes a short answer in the one that is the act ([`store::mark_done`]), and the
//! whole answer replaces it afterwards.

pub(crate) mod once;
pub(crate) mod running;
pub mod store;

use uuid::Uuid;

use crate::id::StaffId;
use crate::seal::random;

/// The request: its account, its key, and the hash of everything that makes it the same one.
#[derive(Debug, Clone)]
pub struct Request {
    /// The account: two accounts may use the same key.
    pub by: StaffId,
    /// The Idempotency-Key.
    pub key: String,
    /// SHA-256 of the request.
    pub hash: [u8; 32],
    /// Names this run of the request: only the run that has the claim may write the answer.
    pub claim: Uuid,
}

impl Request {
    /// A request that is about to run.
    pub fn new(by: StaffId, key: String, hash: [u8; 32]) -> Self {
        Self {
            by,
            key,
            hash,
            claim: Uuid::from_bytes(random()),
        }
    }
}

/// An answer that was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its HTTP status.
    pub status: u16,
    /// Its headers and body, as the web wrote them.
    pub content: Vec<u8>,
}

/// What a claim found.
#[derive(Debug, PartialEq, Eq)]
pub enum Claim {
    /// Nothing was done under the key: run the request, then [`once::settle`] or [`once::release`].
    Fresh,
    /// A request with this key runs, or died: the claim ends after this many seconds unless it is renewed.
    Running(u32),
    /// This request was answered.
    Answered(Answer),
    /// Another request with this key was answered.
    Another,
    /// This request was answered, under a master key that is replaced and no longer known: what the answer was
    /// cannot be read.
    Unreadable,
}
