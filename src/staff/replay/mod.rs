//! Once only: a request that is repeated under its Idempotency-Key gets the first answer again.
//!
//! The key is claimed before the deed and settled after it, in transactions of their own. A process
//! that dies in between leaves the key claimed for good: whether the deed was done is then unknown,
//! and doing it twice would be worse than asking the caller to look.

pub mod once;
pub mod store;

use crate::id::StaffId;

/// The request: whose, under which key, and the hash of everything that makes it the same one.
#[derive(Debug, Clone)]
pub struct Request {
    /// Whose key it is: two accounts may use the same.
    pub by: StaffId,
    /// The Idempotency-Key.
    pub key: String,
    /// SHA-256 of the request.
    pub hash: [u8; 32],
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
    /// Nobody used the key: do the deed, then [`once::settle`] or [`once::release`].
    Fresh,
    /// A request with this key has begun and not ended.
    Running,
    /// This request was answered.
    Answered(Answer),
    /// Another request with this key was answered.
    Another,
    /// This request was answered, under a master key that is replaced and no longer known: what the answer was
    /// cannot be read.
    Unreadable,
}
