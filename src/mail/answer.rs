//! One reply of a server, out of lettre's hands.

use std::error::Error as _;
use std::io;

use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::response::Response;

/// One reply, its lines joined by line feeds.
pub(super) struct Answer {
    pub(super) code: u16,
    pub(super) text: String,
}

impl Answer {
    pub(super) fn is(&self, class: u16) -> bool {
        self.code / 100 == class
    }
}

/// lettre calls a negative reply an error; here it is an answer, and only silence is an error.
pub(super) fn heard(result: Option<Result<Response, SmtpError>>) -> Result<Answer, String> {
    match result {
        None => Err("the relay did not answer in time".to_owned()),
        Some(Ok(response)) => {
            let text = response.message().collect::<Vec<_>>().join("\n");
            Ok(Answer {
                code: response.code().into(),
                text,
            })
        }
        Some(Err(error)) => match error.status() {
            Some(code) => {
                let text = error.source().map(ToString::to_string).unwrap_or_default();
                Ok(Answer {
                    code: code.into(),
                    text,
                })
            }
            None => Err(format!(
                "the connection to the relay was lost: {}",
                cause(&error)
            )),
        },
    }
}

pub(super) fn said(what: &str, error: &SmtpError) -> String {
    match error.status() {
        Some(code) => format!("{what} ({code})"),
        None => format!("{what}: {}", cause(error)),
    }
}

/// Our own words: lettre's may quote the server's, and those may hold an address.
fn cause(error: &SmtpError) -> String {
    match error
        .source()
        .and_then(|source| source.downcast_ref::<io::Error>())
    {
        Some(io) => in_words(io),
        None if error.is_client() => "nothing that both sides can speak".to_owned(),
        None => "the answer broke off or made no sense".to_owned(),
    }
}

pub(super) fn in_words(error: &io::Error) -> String {
    error.kind().to_string()
}
