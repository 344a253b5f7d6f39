//! The SMTP relay, and the line to it: one connection at a time, renewed when it is worn out.

use std::fmt;
use std::sync::Arc;

use super::letter::Letter;
use super::permit::Permit;
use super::reply::Reply;
use super::session::Session;
use super::settings::Settings;

/// A mail server. Cheap to clone.
#[derive(Clone)]
pub struct SmtpRelay(Arc<Settings>);

impl fmt::Debug for SmtpRelay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "SmtpRelay {} at {}:{}",
            self.0.name, self.0.host, self.0.port
        )
    }
}

impl SmtpRelay {
    pub(super) fn new(settings: Settings) -> Self {
        Self(Arc::new(settings))
    }

    pub(super) fn name(&self) -> &str {
        &self.0.name
    }

    pub(super) async fn connect(&self) -> Result<SmtpLine, Reply> {
        let session = Session::open(&self.0).await.map_err(Reply::unreachable)?;
        Ok(SmtpLine {
            relay: self.clone(),
            session: Some(session),
        })
    }
}

/// One connection at a time to one relay.
pub struct SmtpLine {
    relay: SmtpRelay,
    /// None after it broke.
    session: Option<Session>,
}

impl fmt::Debug for SmtpLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SmtpLine to {:?}", self.relay)
    }
}

impl SmtpLine {
    pub(super) fn healthy(&self) -> bool {
        self.session.is_some()
    }

    /// At most two connections: a used one that turns out closed, and a fresh one.
    pub(super) async fn send(&mut self, letter: &Letter, permit: &mut Permit<'_>) -> Option<Reply> {
        let used = self
            .session
            .as_ref()
            .is_some_and(|session| session.letters > 0);
        let reply = self.send_once(letter, permit).await?;
        if used && worn_out(&reply) {
            self.session = None;
            return self.send_once(letter, permit).await;
        }
        Some(reply)
    }

    async fn send_once(&mut self, letter: &Letter, permit: &mut Permit<'_>) -> Option<Reply> {
        let mut session = match self.session.take() {
            Some(session) => session,
            None => match Session::open(&self.relay.0).await {
                Ok(session) => session,
                Err(why) => return permit.given().await.then(|| Reply::unreachable(why)),
            },
        };
        let reply = session.transaction(letter, permit).await;
        if !session.broken {
            self.session = Some(session);
        }
        reply
    }

    pub(super) async fn close(self) {
        if let Some(session) = self.session {
            session.quit().await;
        }
    }
}

/// Nothing was delivered, and a fresh connection may well do better: closed while idle, closing
/// (421), or the server's own limit of letters for one connection (4.5.3).
fn worn_out(reply: &Reply) -> bool {
    match reply {
        Reply::Unreachable { .. }
        | Reply::Deferred {
            code: Some(421), ..
        } => true,
        Reply::Deferred { enhanced, .. } => enhanced.as_deref() == Some("4.5.3"),
        _ => false,
    }
}
