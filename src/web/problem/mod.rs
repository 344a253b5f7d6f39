//! Every refusal and fault that the web answers with (RFC 9457). `middleware::error_pages` makes pages of them.
//! Each file of an area turns the errors of its verbs into problems.

mod audience;
pub(crate) mod campaign;
pub(crate) mod cause;
mod changed;
mod incident;
mod kind;
mod limits;
pub(crate) mod page_text;
mod person;
mod postal;
mod recall;
mod scope;
mod staff;
pub(crate) mod template;
mod ticket;

use std::fmt;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use serde_json::{Map, Value, json};

use self::cause::Cause;
pub use self::kind::{Kind, catalogue, type_uri};
use self::limits::{LONGEST_DETAIL, LONGEST_DOCUMENT, MOST_ITEMS, fitting, shorter};
use crate::db::{self, request};

/// A refusal or a fault, as the answer to a request.
#[derive(Debug, Clone)]
pub struct Problem(Box<Parts>);

#[derive(Debug, Clone)]
struct Parts {
    kind: Kind,
    detail: String,
    more: Map<String, Value>,
    header: Option<(header::HeaderName, String)>,
    typed: String,
    is_cut: bool,
    reference: String,
    cause: Cause,
}

/// The result of most handlers.
pub type Answer = Result<HttpResponse, Problem>;

impl Problem {
    /// A problem without a detail of its own.
    pub fn new(kind: Kind) -> Self {
        Self(Box::new(Parts {
            kind,
            detail: String::new(),
            more: Map::new(),
            header: None,
            typed: String::new(),
            is_cut: false,
            reference: String::new(),
            cause: Cause::default(),
        }))
    }

    /// The 404 that is the same for everything that does not exist or is hidden from the caller.
    pub fn not_found() -> Self {
        Self::new(Kind::NotFound)
    }

    /// An internal error. It is logged here, once, with the id of the request; the answer carries that id as its reference.
    pub fn broken(error: impl fmt::Display) -> Self {
        tracing::error!(%error, "a request failed");
        Self::new(Kind::Broken)
    }

    /// Adds the id of the request as the reference, if this is a server error.
    pub fn of_request(mut self, id: String) -> Self {
        if self.0.kind.status().is_server_error() && !id.is_empty() {
            self = self.with("reference", &id);
            self.0.reference = id;
        }
        self
    }

    /// The error of the database, for the log; empty if the database is not the cause.
    pub fn cause(&self) -> &Cause {
        &self.0.cause
    }

    /// Whether the transaction of the request collided with another one (deadlock, serialisation failure) and was rolled
    /// back, so that the request may succeed if it is run again at once.
    pub fn may_run_again(&self) -> bool {
        self.0.kind == Kind::Away && self.0.cause.may_run_again()
    }

    /// 429: the next attempt is allowed in this many seconds.
    pub fn too_many(seconds: u32) -> Self {
        Self::new(Kind::TooMany).with_header(header::RETRY_AFTER, seconds.to_string())
    }

    /// 503: too many request bodies arrive at once.
    pub fn busy() -> Self {
        Self::new(Kind::Busy).with_header(header::RETRY_AFTER, "5".to_owned())
    }

    /// 503: the database is away. The detail says whether the request changed something, where that is known.
    pub fn away() -> Self {
        let problem = match request::here() {
            Some(request) if request.may_be_done() => return Self::unsure(),
            Some(_) => Self::new(Kind::Away).because("this request changed nothing: send it again"),
            None => Self::new(Kind::Away),
        };
        problem.with_header(header::RETRY_AFTER, "5".to_owned())
    }

    /// 503: the database went away during the commit, so it is not known whether the request was done.
    pub fn unsure() -> Self {
        Self::new(Kind::Unsure).with_header(header::RETRY_AFTER, "5".to_owned())
    }

    /// 409: another run of the request has its key. The caller may ask again in this many seconds.
    pub fn still_running(seconds: u32) -> Self {
        Self::new(Kind::StillRunning).with_header(header::RETRY_AFTER, seconds.to_string())
    }

    /// 405 for an address with the methods in `allow`.
    pub fn method_not_allowed(allow: &str) -> Self {
        Self::new(Kind::MethodNotAllowed).with_header(header::ALLOW, allow.to_owned())
    }

    /// Sets the detail; it never holds a secret or a customer's words.
    pub fn because(mut self, detail: impl fmt::Display) -> Self {
        self.0.detail = shorter(detail.to_string(), LONGEST_DETAIL);
        self
    }

    /// Adds an extension member (RFC 9457 §3.2). A long list is cut, and `<name>_total` has its length.
    pub fn with(mut self, name: &str, value: impl serde::Serialize) -> Self {
        let mut value = json!(value);
        if let Some(items) = value
            .as_array_mut()
            .filter(|items| items.len() > MOST_ITEMS)
        {
            let total = format!("{name}_total");
            self.0.more.insert(total, json!(items.len()));
            items.truncate(MOST_ITEMS);
        }
        self.0.more.insert(name.to_owned(), value);
        self
    }

    /// Adds text that the caller had typed, so that the error page can show it again.
    pub fn typed(mut self, words: String) -> Self {
        (self.0.typed, self.0.is_cut) = fitting(words);
        self
    }

    /// The detail as a sentence; empty if there is none.
    pub fn sentence(&self) -> String {
        let mut letters = self.0.detail.chars();
        let Some(first) = letters.next() else {
            return String::new();
        };
        let sentence: String = first.to_uppercase().chain(letters).collect();
        if sentence.ends_with('.') {
            sentence
        } else {
            sentence + "."
        }
    }

    /// The text that the caller had typed; empty if there is none.
    pub fn words(&self) -> &str {
        &self.0.typed
    }

    /// The hint at that text.
    pub fn words_hint(&self) -> &'static str {
        match self.0.is_cut {
            false => "Copy it, so that you need not write it again.",
            true => {
                "Copy it, so that you need not write it again. It is longer than this page can show: its end is missing here."
            }
        }
    }

    /// The reference, as it is in the log; empty unless [`Self::of_request`] has set it.
    pub fn reference(&self) -> &str {
        &self.0.reference
    }

    /// The header that the answer carries.
    pub fn header(&self) -> Option<(&header::HeaderName, &str)> {
        self.0
            .header
            .as_ref()
            .map(|(name, value)| (name, value.as_str()))
    }

    /// The kind, which decides the status.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    fn with_header(mut self, name: header::HeaderName, value: String) -> Self {
        self.0.header = Some((name, value));
        self
    }

    /// A problem for an error that actix-web made itself.
    pub fn from_status(status: StatusCode) -> Self {
        let kind = [Kind::Away]
            .iter()
            .chain(Kind::ALL)
            .copied()
            .find(|kind| kind.status() == status);
        Self::new(kind.unwrap_or(if status.is_server_error() {
            Kind::Broken
        } else {
            Kind::BadRequest
        }))
    }

    fn body(&self) -> Value {
        let mut body = self.0.more.clone();
        body.insert("type".to_owned(), json!(type_uri(self.0.kind)));
        body.insert("title".to_owned(), json!(self.0.kind.title()));
        body.insert("status".to_owned(), json!(self.0.kind.status().as_u16()));
        let detail = if self.0.detail.is_empty() {
            self.0.kind.advice()
        } else {
            &self.0.detail
        };
        body.insert("detail".to_owned(), json!(detail));
        if Value::Object(body.clone()).to_string().len() > LONGEST_DOCUMENT {
            // Only type, title, status and detail are certainly short.
            for name in self.0.more.keys() {
                body.remove(name);
            }
            body.insert(
                "left_out".to_owned(),
                json!(self.0.more.keys().collect::<Vec<_>>()),
            );
        }
        Value::Object(body)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.kind.slug())
    }
}

impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.0.kind.status()
    }

    /// The problem document of the API.
    fn error_response(&self) -> HttpResponse {
        let mut answer = HttpResponse::build(self.0.kind.status());
        answer.content_type("application/problem+json");
        if let Some((name, value)) = &self.0.header {
            answer.insert_header((name.clone(), value.as_str()));
        }
        if self.0.kind == Kind::NotSignedIn {
            answer.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        }
        answer.body(self.body().to_string())
    }
}

impl From<db::Error> for Problem {
    fn from(error: db::Error) -> Self {
        match error {
            db::Error::Missing => Self::not_found(),
            db::Error::Unavailable(_) | db::Error::Late(_) | db::Error::Retry => {
                let mut away = Self::away();
                away.0.cause = Cause::of(&error);
                away
            }
            other => Self::broken(other),
        }
    }
}

impl From<askama::Error> for Problem {
    fn from(error: askama::Error) -> Self {
        Self::broken(error)
    }
}
