//! One answer of a server, and what is said when none came.

use std::error::Error as _;
use std::io;

use lettre::transport::smtp::Error as SmtpError;

/// One answer, its lines joined by line feeds. RFC 5321 §4.2.1: where lines differ, the last one's code counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) code: u16,
    pub(super) text: String,
}

impl Answer {
    pub(super) fn is(&self, class: u16) -> bool {
        self.code / 100 == class
    }
}

/// Why no answer came; `None`: the time is over.
pub(super) fn lost(error: Option<&SmtpError>) -> String {
    match error {
        None => "the relay did not answer in time".to_owned(),
        Some(error) => format!("the connection to the relay was lost: {}", cause(error)),
    }
}

/// Our own words: lettre's may quote the server's, and those may hold an address.
fn cause(error: &SmtpError) -> String {
    match error
        .source()
        .and_then(|source| source.downcast_ref::<io::Error>())
    {
        Some(io) => in_words(io),
        None => "it ended before a complete answer".to_owned(),
    }
}

pub(super) fn in_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::InvalidData => "what it says is not SMTP".to_owned(),
        kind => kind.to_string(),
    }
}
