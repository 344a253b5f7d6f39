//! Finished mail.

use std::fmt;

use chrono::{DateTime, Utc};

use crate::address::EmailAddress;

/// Finished mail: nothing about it is decided any more. Made by [`super::compose()`].
#[derive(Clone)]
pub struct Letter {
    /// Envelope sender: where bounces go (RFC 5321 §3.6.3). Not the From header.
    pub sender: EmailAddress,
    /// The one envelope recipient.
    pub recipient: EmailAddress,
    /// Without angle brackets; the same on every attempt, so that a double can be seen.
    pub message_id: String,
    /// The moment in the Date header.
    pub date: DateTime<Utc>,
    /// Header and body in UTF-8, lines ended by CRLF and at most 998 octets long, not dot-stuffed.
    pub raw: Vec<u8>,
}

impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Letter to {} ({} octets)",
            self.recipient,
            self.raw.len()
        )
    }
}
