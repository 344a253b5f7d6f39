//! How an SMTP connection begins: address, TLS, greeting, EHLO, sign-in.

use std::net::SocketAddr;
use std::time::Duration;

use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::extension::ClientId;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use super::answer::{Answer, lost};
use super::features::Features;
use super::reach::{self, Distrusted};
use super::session::Session;
use super::settings::Settings;
use super::sign_in::sign_in;
use super::silence::Wait;
use super::wire::secured;

impl Session {
    /// Connects, secures, greets, signs in, at the first of the relay's addresses where that goes well. The error
    /// says why not, for an operator. `greeting`: how long a server may take to greet us.
    pub(super) async fn open(
        relay: &Settings,
        greeting: Duration,
        distrusted: &Distrusted,
    ) -> Result<Session, String> {
        let mut addresses = reach::addresses(relay, distrusted).await?;
        loop {
            let connect = relay.patience.connect;
            let (tcp, at) = reach::connect(&addresses, connect, distrusted).await?;
            addresses.retain(|address| *address != at);
            let greeting = match addresses.is_empty() {
                true => greeting,
                // Another address may be better.
                false => greeting.min(connect),
            };
            match Session::begin(relay, (tcp, at), greeting).await {
                Err(_) if !addresses.is_empty() => distrusted.add(at),
                begun => return begun,
            }
        }
    }

    /// Secures, greets and signs in. `greeting`: how long the server may take to greet us.
    async fn begin(
        relay: &Settings,
        tcp: (TcpStream, SocketAddr),
        greeting: Duration,
    ) -> Result<Session, String> {
        let patience = relay.patience;
        let (wire, hello) = (secured(relay, tcp, greeting).await?, &relay.hello);
        let (cut_short, heard) = (wire.cut_short(), wire.heard());
        // lettre says EHLO itself.
        let greeted = AsyncSmtpConnection::connect_with_transport(Box::new(wire), hello);
        let greeted = timeout(greeting, greeted).await;
        let ehlo = match (heard.take(), heard.take(), greeted) {
            (None, _, Err(_)) => return Err("the relay did not greet us in time".to_owned()),
            (None, _, Ok(result)) => {
                let why = lost(result.err().as_ref());
                return Err(format!("the relay did not welcome us: {why}"));
            }
            (Some(welcome), ..) if !welcome.is(2) => {
                return Err(format!("the relay did not welcome us ({})", welcome.code));
            }
            (Some(_), Some(ehlo), Ok(Ok(lettre))) => (ehlo, lettre),
            (Some(_), _, result) => {
                let error = result.ok().and_then(Result::err);
                return Err(format!(
                    "the relay did not answer our EHLO: {}",
                    lost(error.as_ref())
                ));
            }
        };
        let (ehlo, lettre) = ehlo;
        let mut session = Session {
            lettre,
            heard,
            cut_short,
            features: Features::default(),
            patience,
            deadline: Instant::now() + patience.letter,
            letters: 0,
            announced: None,
            words: String::new(),
            wait: Wait::default(),
            broken: false,
        };
        session.features = session.features_by(&ehlo, hello).await?;
        session.features.pipelining &= relay.pipelining;
        if let Some(credentials) = &relay.credentials {
            let features = std::mem::take(&mut session.features);
            sign_in(&mut session, &features, credentials).await?;
            session.features = features;
        }
        Ok(session)
    }

    /// What the server can do. One that refuses EHLO is old, and greeted by HELO (RFC 5321 §3.2).
    async fn features_by(&mut self, ehlo: &Answer, hello: &ClientId) -> Result<Features, String> {
        if ehlo.is(2) {
            return Ok(Features::read(ehlo));
        }
        if matches!(ehlo.code, 500..=504) {
            let helo = self.ask(&format!("HELO {hello}\r\n")).await?;
            if helo.is(2) {
                return Ok(Features::default());
            }
        }
        Err(format!("the relay refused our EHLO ({})", ehlo.code))
    }
}
