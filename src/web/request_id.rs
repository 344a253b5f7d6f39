//! What names a request in the log, in the answer and on error pages: its id, and who acts.

use std::fmt;

use actix_web::HttpMessage;
use actix_web::HttpRequest;
use actix_web::dev::ServiceRequest;
use actix_web::http::header::HeaderName;
use tracing::Span;
use tracing::field::display;

use crate::actor::Actor;
use crate::id::KeyId;
use crate::seal::{random, to_hex};
use crate::web::caller;

/// The header that carries the id, in and out.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// How long an id of a proxy may be, in characters.
const LENGTHS: std::ops::RangeInclusive<usize> = 8..=128;

/// The id of a request: the proxy's if there is a good one, else 16 hexadecimal digits of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RequestId(String);

impl RequestId {
    /// The id of a new request. The header counts only if a trusted proxy sent it.
    pub(crate) fn begin(req: &ServiceRequest) -> Self {
        let given = req.headers().get(HEADER);
        let given = given
            .filter(|_| caller::is_from_proxy(req.request()))
            .and_then(|value| Self::parse(value.to_str().ok()?));
        let id = given.unwrap_or_else(|| Self(to_hex(&random::<8>())));
        req.extensions_mut().insert(id.clone());
        id
    }

    /// The id of the running request; empty outside of the server.
    pub(crate) fn of(req: &HttpRequest) -> String {
        let id = req.extensions().get::<Self>().cloned();
        id.map(|id| id.0).unwrap_or_default()
    }

    /// 8 to 128 letters, digits, and `-_.=:+/`, as proxies write them.
    fn parse(text: &str) -> Option<Self> {
        let is_good = |octet: u8| octet.is_ascii_alphanumeric() || b"-_.=:+/".contains(&octet);
        let fine = LENGTHS.contains(&text.len()) && text.bytes().all(is_good);
        fine.then(|| Self(text.to_owned()))
    }

    /// The span of all log lines of the request. The actor is added after authentication. It has the level of errors, so
    /// that every log level shows it.
    pub(crate) fn span(&self) -> Span {
        tracing::error_span!(
            "request",
            request = %self,
            actor = tracing::field::Empty,
            key = tracing::field::Empty
        )
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Adds the actor to the log lines of the running request: an account by its id, with the id of the key that it
/// used; a customer without an id.
pub(crate) fn acts(actor: Actor, key: Option<KeyId>) {
    let span = Span::current();
    match actor {
        Actor::Customer(_) => span.record("actor", "customer"),
        known => span.record("actor", display(known)),
    };
    if let Some(key) = key {
        span.record("key", display(key));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_of_a_proxy_is_short_and_plain() {
        let good = [
            "7d1f0c3e9a5b4d21",
            "Root=1-67891233-abcdef012345678912345678",
            "0b0e8f0e-9a3c-4b9d-8f6e-3d2f1c0a9b8e",
        ];
        for id in good {
            assert_eq!(RequestId::parse(id).map(|id| id.0), Some(id.to_owned()));
        }
        let long = "a".repeat(129);
        for id in [
            "",
            "short",
            "with space 1234",
            "line\nbreak12",
            "tag<script>",
            &long,
        ] {
            assert_eq!(RequestId::parse(id), None, "{id}");
        }
    }
}
