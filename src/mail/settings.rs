//! What a relay's URL settles about an SMTP relay.

use std::net::IpAddr;
use std::time::Duration;

use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::extension::ClientId;

use super::tls::Tls;

/// How long to wait for a relay. The defaults are generous: RFC 5321 §4.5.3.2 asks for more
/// still, but a relay is one's own and should be near.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// For TCP, and again for TLS.
    pub(super) connect: Duration,
    /// For each reply.
    pub(super) reply: Duration,
    /// For the reply to the final dot, while the server may be scanning. Hanging up early makes
    /// doubles.
    pub(super) verdict: Duration,
    /// For one whole transaction.
    pub(super) letter: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            connect: seconds(10),
            reply: seconds(60),
            verdict: seconds(600),
            letter: seconds(900),
        }
    }
}

/// When TLS begins.
pub(super) enum Security {
    /// Never.
    None,
    /// After STARTTLS, and nothing is sent without.
    StartTls(Tls),
    /// From the first octet.
    Implicit(Tls),
}

/// What a relay's URL says.
pub(super) struct Settings {
    pub(super) name: String,
    pub(super) host: String,
    /// Where the host is; empty: the name server is asked.
    pub(super) addresses: Vec<IpAddr>,
    pub(super) port: u16,
    pub(super) security: Security,
    pub(super) credentials: Option<Credentials>,
    pub(super) hello: ClientId,
    pub(super) patience: Patience,
    /// Whether commands go out together where the server offers it (RFC 2920).
    pub(super) pipelining: bool,
}
