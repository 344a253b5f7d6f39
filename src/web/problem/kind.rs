//! The closed catalogue of problem kinds. `docs/problems.md` is made from it, and a test compares the two.

use actix_web::http::StatusCode;

macro_rules! kinds {
    ($($name:ident = $status:literal $slug:literal $title:literal $advice:literal;)+) => {
        /// The kind of a problem. `docs/problems.md` says what each means and what to do.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[expect(missing_docs, reason = "the catalogue carries the words")]
        pub enum Kind {
            $($name,)+
        }

        impl Kind {
            /// All kinds, in the order of `docs/problems.md`.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The last part of the type URI.
            pub fn slug(self) -> &'static str {
                match self { $(Self::$name => $slug,)+ }
            }

            /// The HTTP status code.
            pub fn status(self) -> StatusCode {
                let code: u16 = match self { $(Self::$name => $status,)+ };
                StatusCode::from_u16(code).expect("the catalogue holds valid statuses")
            }

            /// The title of the problem document: one line.
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)+ }
            }

            /// What the caller can do: the detail of a document that has none of its own.
            pub fn advice(self) -> &'static str {
                match self { $(Self::$name => $advice,)+ }
            }
        }
    };
}

kinds! {
    BadRequest = 400 "bad-request" "The request cannot be read"
        "Compare it with the documentation. The detail names the part that is wrong.";
    IdempotencyKeyMissing = 400 "idempotency-key-missing" "The Idempotency-Key header is missing"
        "Send a new random key of 1 to 255 visible characters with every POST, and the same key when you repeat that POST.";
    NotSignedIn = 401 "not-signed-in" "You are not signed in"
        "Sign in; on the API, send a valid key as Authorization: Bearer KEY.";
    NotAllowed = 403 "not-allowed" "Your roles do not allow this"
        "Ask an admin for the role, or ask a colleague who has it.";
    OwnWork = 403 "own-work" "Another member of staff must do this"
        "Nobody approves their own work. Ask a colleague with the role of an approver.";
    FormNotOurs = 403 "form-not-ours" "This form is too old, or was not sent from our page"
        "Load the page again and send the form from there.";
    NotFound = 404 "not-found" "Not found"
        "Check the address. It does not exist, or is not yours to see.";
    MethodNotAllowed = 405 "method-not-allowed" "This address takes other methods"
        "Use one of the methods in the Allow header.";
    Changed = 409 "changed" "This was changed by somebody else"
        "Fetch it again, read what changed, and repeat your change with the new version.";
    IllegalMove = 409 "illegal-move" "This change of state is not possible"
        "The members from and to name the states. For a ticket, legal lists the states that it can change to.";
    Taken = 409 "taken" "This name is in use"
        "Choose another.";
    InTheWay = 409 "in-the-way" "The present state does not allow this"
        "The detail says why. Resolve that first, then repeat the request.";
    StillRunning = 409 "still-running" "A request with this Idempotency-Key is still running"
        "Wait for the seconds in the Retry-After header, then repeat it with the same key. If the process of the first request died, it runs again then.";
    TooSlow = 408 "too-slow" "The request came too slowly, or stopped"
        "Nothing was done. Send it again.";
    TooLarge = 413 "too-large" "The request is too large"
        "Send less at once. Affected lists are sent as text/csv, which has no limit.";
    WrongType = 415 "wrong-type" "The body has another type than expected"
        "Send the Content-Type that the documentation names.";
    NotReady = 422 "not-ready" "The texts of this campaign do not fit its whole audience"
        "The members unnamed, not_theirs, unfillable and findings say what to change. To submit the texts as they are, repeat the request with the keys in acknowledge.";
    NotAccepted = 422 "not-accepted" "The content was not accepted"
        "The detail says what is wrong. Nothing was done.";
    KeyReused = 422 "idempotency-key-reused" "This Idempotency-Key belongs to another request"
        "Use a new key for a new request.";
    VersionMissing = 428 "version-missing" "The version you have seen is missing"
        "Send it as If-Match (the ETag you were given) or as version in the body.";
    TooMany = 429 "too-many" "Too many attempts"
        "Wait for the seconds in the Retry-After header, then try again.";
    Broken = 500 "broken" "Something went wrong on our side"
        "Try again in a minute. If it fails again, tell us the reference.";
    Busy = 503 "busy" "Too many requests arrive at once"
        "Nothing was done. Wait for the seconds in the Retry-After header, then repeat the request.";
    Away = 503 "away" "The database cannot be reached right now"
        "Wait for the seconds in the Retry-After header, then repeat the request with the same Idempotency-Key.";
    Unsure = 503 "outcome-unknown" "It is not known whether this was done"
        "Repeat the request with the same Idempotency-Key: the answer is that of the first request if it was done, else it is done now. On a page, check whether it arrived before you send it again.";
}

/// The type URI of a kind (RFC 9457 §3.1.1): a URN, equal for every installation.
pub fn type_uri(kind: Kind) -> String {
    format!("urn:candor:problem:{}", kind.slug())
}

/// The text of `docs/problems.md`.
pub fn catalogue() -> String {
    let mut out = String::from(
        "# Problems\n\n\
         Every refusal of the API is an RFC 9457 problem document of one of these types. Pages say the\n\
         same in words. Made from `src/web/problem/kind.rs`; `tests/it/web/problems.rs` compares the two. The\n\
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
