//! Every refusal and fault that the web can answer with, as RFC 9457 has it; `dress.rs` makes pages of
//! them. The catalogue is closed; `docs/problems.md` is made from it and a test compares the two.

use std::fmt;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use serde_json::{Map, Value, json};

use crate::db::{self, request};
use crate::staff::manage::ManageError;
use crate::ticket::desk::DeskError;
use crate::ticket::guard::Refusal;
use crate::web::cause::Cause;

macro_rules! kinds {
    ($($name:ident = $status:literal $slug:literal $title:literal $advice:literal;)+) => {
        /// What is the matter. `docs/problems.md` says what each means and what to do.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[expect(missing_docs, reason = "the catalogue carries the words")]
        pub enum Kind {
            $($name,)+
        }

        impl Kind {
            /// The whole catalogue, in the order of its document.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// Its name in type URIs.
            pub fn slug(self) -> &'static str {
                match self { $(Self::$name => $slug,)+ }
            }

            /// Its HTTP status.
            pub fn status(self) -> StatusCode {
                let code: u16 = match self { $(Self::$name => $status,)+ };
                StatusCode::from_u16(code).expect("the catalogue holds valid statuses")
            }

            /// What is the matter, in a line.
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)+ }
            }

            /// What to do about it.
            pub fn advice(self) -> &'static str {
                match self { $(Self::$name => $advice,)+ }
            }
        }
    };
}

kinds! {
    BadRequest = 400 "bad-request" "The request cannot be read"
        "Compare it with the documentation; the detail names the part that is wrong.";
    IdempotencyKeyMissing = 400 "idempotency-key-missing" "The Idempotency-Key header is missing"
        "Send a new random key of 1 to 255 visible characters with every POST, and the same key when you repeat that POST.";
    NotSignedIn = 401 "not-signed-in" "You are not signed in"
        "Sign in; on the API, send a valid key as Authorization: Bearer KEY.";
    NotAllowed = 403 "not-allowed" "Your roles do not allow this"
        "Ask an admin if you should have the role, or somebody who has it to do it.";
    OwnWork = 403 "own-work" "Somebody else has to do this"
        "Four eyes: another member of staff must say yes to what you made.";
    FormNotOurs = 403 "form-not-ours" "This form is too old, or was not sent from our page"
        "Load the page again and send the form from there.";
    NotFound = 404 "not-found" "There is nothing here"
        "Check the address. What you may not see is answered like what does not exist.";
    MethodNotAllowed = 405 "method-not-allowed" "This address takes other methods"
        "Use one of the methods in the Allow header.";
    Changed = 409 "changed" "Somebody changed this meanwhile"
        "Fetch it again, look at what changed, and repeat your change with the new version.";
    IllegalMove = 409 "illegal-move" "This move is not possible from here"
        "The extension members from and to name the states; of a ticket, legal has the ones that it can go to.";
    Taken = 409 "taken" "This name is in use"
        "Choose another.";
    InTheWay = 409 "in-the-way" "Something else stands in the way"
        "The detail says what. Settle that first, then repeat the request.";
    StillRunning = 409 "still-running" "A request with this Idempotency-Key has begun and not ended"
        "Repeat it with the same key after the time in Retry-After. If its process died, it runs again then.";
    TooSlow = 408 "too-slow" "The request came too slowly, or stopped"
        "It was not carried out. Send it again.";
    TooLarge = 413 "too-large" "The request is too large"
        "Send less at once. Affected lists are sent as text/csv, which has no limit.";
    WrongType = 415 "wrong-type" "The body has another type than expected"
        "Send the Content-Type that the documentation names.";
    NotReady = 422 "not-ready" "The texts of this campaign do not suit everybody in its audience"
        "unnamed, not_theirs, unfillable and findings say what to change; repeat the submission with every key of acknowledge that is meant so.";
    NotAccepted = 422 "not-accepted" "The content was not accepted"
        "The detail says what is wrong with it. What was refused was not done.";
    KeyReused = 422 "idempotency-key-reused" "This Idempotency-Key belongs to another request"
        "Use a new key for a new request.";
    VersionMissing = 428 "version-missing" "The version you have seen is missing"
        "Send it as If-Match (the ETag you were given) or as version in the body.";
    TooMany = 429 "too-many" "Too many attempts"
        "Wait as long as the Retry-After header says.";
    Broken = 500 "broken" "Something went wrong on our side"
        "Try again in a minute. If it stays, tell us the reference.";
    Busy = 503 "busy" "Too many requests arrive at once"
        "This one was not carried out. Repeat it after the time in Retry-After.";
    Away = 503 "away" "The records cannot be reached right now"
        "Repeat the request after the time in Retry-After; a program uses the same Idempotency-Key.";
    Unsure = 503 "outcome-unknown" "It is not known whether this was done"
        "A program asks again with the same Idempotency-Key: it gets the answer if this was done, and it is done then if it was not. On a page, look whether it is there before you send it again.";
}

/// A refusal or a fault, on its way out.
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

/// What most handlers return.
pub type Answer = Result<HttpResponse, Problem>;

impl Problem {
    /// A problem with nothing particular about it.
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

    /// The 404 that is the same for whatever is not there.
    pub fn not_found() -> Self {
        Self::new(Kind::NotFound)
    }

    /// A fault of ours: logged here, once, with the id of the request, which the answer carries as its reference.
    pub fn broken(error: impl fmt::Display) -> Self {
        tracing::error!(%error, "a request failed");
        Self::new(Kind::Broken)
    }

    /// Names the request, as it is named in the log, where that helps: in faults that are not the asker's.
    pub fn of_request(mut self, id: String) -> Self {
        if self.0.kind.status().is_server_error() && !id.is_empty() {
            self = self.with("reference", &id);
            self.0.reference = id;
        }
        self
    }

    /// What the database said, for the log; empty if it is not the cause.
    pub fn cause(&self) -> &Cause {
        &self.0.cause
    }

    /// Whether the request met another one in the database, changed nothing, and may succeed if it is run again at once.
    pub fn may_run_again(&self) -> bool {
        self.0.kind == Kind::Away && self.0.cause.may_run_again()
    }

    /// Too many attempts: the next may be made in so many seconds.
    pub fn too_many(seconds: u32) -> Self {
        Self::new(Kind::TooMany).with_header(header::RETRY_AFTER, seconds.to_string())
    }

    /// Too many bodies are under way.
    pub fn busy() -> Self {
        Self::new(Kind::Busy).with_header(header::RETRY_AFTER, "5".to_owned())
    }

    /// The records went away. Whether the request changed something is said where it is known.
    pub fn away() -> Self {
        let problem = match request::here() {
            Some(request) if request.may_be_done() => return Self::unsure(),
            Some(_) => Self::new(Kind::Away).because("this request changed nothing: send it again"),
            None => Self::new(Kind::Away),
        };
        problem.with_header(header::RETRY_AFTER, "5".to_owned())
    }

    /// The records went away while they were asked to keep what was done.
    pub fn unsure() -> Self {
        Self::new(Kind::Unsure).with_header(header::RETRY_AFTER, "5".to_owned())
    }

    /// Another run of the request has its key; the caller asks again in so many seconds.
    pub fn still_running(seconds: u32) -> Self {
        Self::new(Kind::StillRunning).with_header(header::RETRY_AFTER, seconds.to_string())
    }

    /// 405 for an address that takes the methods in `allow`.
    pub fn method_not_allowed(allow: &str) -> Self {
        Self::new(Kind::MethodNotAllowed).with_header(header::ALLOW, allow.to_owned())
    }

    /// Says what is the matter in this case; never with a secret or a customer's words.
    pub fn because(mut self, detail: impl fmt::Display) -> Self {
        self.0.detail = shorter(detail.to_string(), LONGEST_DETAIL);
        self
    }

    /// Adds an extension member (RFC 9457 §3.2).
    /// Of a long list the beginning, and how many it has as `<name>_total`.
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

    /// Gives back the words that somebody had typed, so that the page can show them.
    pub fn typed(mut self, words: String) -> Self {
        (self.0.typed, self.0.is_cut) = fitting(words);
        self
    }

    /// What is the matter in this case, as a sentence; empty if there is nothing particular.
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

    /// The words that were typed; empty if none.
    pub fn words(&self) -> &str {
        &self.0.typed
    }

    /// What the page says beside the words.
    pub fn words_hint(&self) -> &'static str {
        match self.0.is_cut {
            false => "Copy it, so that you need not write it again.",
            true => {
                "Copy it, so that you need not write it again. It is longer than this page can show: its end is missing here."
            }
        }
    }

    /// As in the log; empty unless this is a fault of ours, and until [`Self::of_request`].
    pub fn reference(&self) -> &str {
        &self.0.reference
    }

    /// The header that goes with it.
    pub fn header(&self) -> Option<(&header::HeaderName, &str)> {
        self.0
            .header
            .as_ref()
            .map(|(name, value)| (name, value.as_str()))
    }

    /// What is the matter.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    fn with_header(mut self, name: header::HeaderName, value: String) -> Self {
        self.0.header = Some((name, value));
        self
    }

    /// A problem for an error that actix made itself.
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
            // Only what the catalogue promises of every problem is short for certain.
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

/// Characters of a detail.
const LONGEST_DETAIL: usize = 4_000;
/// Octets of words that are given back, as they stand in a page. A message of the helpline of 20,000 characters fits
/// but for some scripts of three octets a letter.
const LONGEST_TYPED: usize = 48_000;
/// Items of a list beside a problem.
const MOST_ITEMS: usize = 100;
/// Octets of a problem document.
const LONGEST_DOCUMENT: usize = 60_000;

/// The beginning of a text that is longer than anybody reads.
fn shorter(text: String, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text,
        Some((end, _)) => format!("{} …", &text[..end]),
    }
}

/// As much of the words as the page of a refusal may hold, and whether that is not all.
fn fitting(words: String) -> (String, bool) {
    let escaped = |letter: char| match letter {
        '&' | '<' | '>' | '"' | '\'' => 5,
        other => other.len_utf8(),
    };
    let mut octets = 0;
    let end = words.char_indices().find(|(_, letter)| {
        octets += escaped(*letter);
        octets > LONGEST_TYPED
    });
    match end {
        None => (words, false),
        Some((end, _)) => (words[..end].to_owned(), true),
    }
}

/// The type URI of a kind (RFC 9457 §3.1.1). A URN: the same wherever Candor runs.
pub fn type_uri(kind: Kind) -> String {
    format!("urn:candor:problem:{}", kind.slug())
}

/// `docs/problems.md`.
pub fn catalogue() -> String {
    let mut out = String::from(
        "# Problems\n\n\
         Every refusal of the API is an RFC 9457 problem document of one of these types. Pages say the\n\
         same in words. Made from `src/web/problem.rs`; `tests/it/web/problems.rs` compares the two. The\n\
         states that `from`, `to` and `legal` name, and the moves between them, are in [domain.md](domain.md).\n\n\
         | type | status | title | what to do |\n|---|---|---|---|\n",
    );
    for kind in Kind::ALL {
        let (status, title, advice) = (kind.status().as_u16(), kind.title(), kind.advice());
        out += &format!(
            "| `{}` | {status} | {title} | {advice} |\n",
            type_uri(*kind)
        );
    }
    out
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

    /// The document of the API.
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

impl From<DeskError> for Problem {
    fn from(error: DeskError) -> Self {
        let kind = match &error {
            DeskError::Db(_) | DeskError::Missing => Kind::NotFound,
            DeskError::NoSuchAgent
            | DeskError::Words(_)
            | DeskError::Refused(Refusal::Needs(_)) => Kind::NotAccepted,
            DeskError::Refused(_) => Kind::IllegalMove,
            DeskError::HeldBy(_) => Kind::InTheWay,
            DeskError::Conflict(_) => Kind::Changed,
        };
        let problem = Self::new(kind).because(&error);
        match error {
            DeskError::Db(error) => error.into(),
            DeskError::Refused(
                Refusal::IllegalMove { from, to } | Refusal::NotByHand { from, to },
            ) => problem.with("from", from).with("to", to),
            DeskError::Conflict(conflict) => problem.with("version", conflict.now.version),
            _ => problem,
        }
    }
}

impl From<ManageError> for Problem {
    fn from(error: ManageError) -> Self {
        let kind = match error {
            ManageError::Db(error) => return error.into(),
            ManageError::Missing | ManageError::NoKey => Kind::NotFound,
            ManageError::EmailTaken => Kind::Taken,
            ManageError::Name(_)
            | ManageError::NoRole
            | ManageError::Yourself
            | ManageError::WrongPassword
            | ManageError::HasMailbox
            | ManageError::NoMailbox => Kind::NotAccepted,
        };
        Self::new(kind).because(error)
    }
}
