//! The SMTP relay, and the line to it: one connection at a time, renewed when it is worn out.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::letter::Letter;
use super::permit::Permit;
use super::reach::Distrusted;
use super::reply::Reply;
use super::session::Session;
use super::settings::Settings;
use super::silence::{Connections, Silence};

/// A mail server. Cheap to clone.
#[derive(Clone)]
pub struct SmtpRelay {
    settings: Arc<Settings>,
    /// Observed per-connection message limit. MAIL FROM is not pipelined at that point: a reply sent just before the
    /// server closes may be lost.
    lasts: Arc<AtomicU64>,
    distrusted: Arc<Distrusted>,
    connections: Arc<Connections>,
}

impl fmt::Debug for SmtpRelay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "SmtpRelay {} at {}:{}",
            self.settings.name, self.settings.host, self.settings.port
        )
    }
}

impl SmtpRelay {
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            settings: Arc::new(settings),
            lasts: Arc::new(AtomicU64::new(u64::MAX)),
            distrusted: Arc::default(),
            connections: Arc::default(),
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.settings.name
    }

    /// Learns that a connection ended after this many letters, or goes on.
    fn learn(&self, letters: u64, ended: bool) {
        if ended {
            self.lasts.fetch_min(letters, Ordering::Relaxed);
        } else if letters / 2 > self.lasts.load(Ordering::Relaxed) {
            // Then that was no rule of this server's.
            self.lasts.store(u64::MAX, Ordering::Relaxed);
        }
    }

    pub(super) async fn connect(&self) -> Result<SmtpLine, Reply> {
        let session = self
            .open(self.settings.patience.reply)
            .await
            .map_err(Reply::unreachable)?;
        Ok(SmtpLine {
            relay: self.clone(),
            session: Some(session),
            patience: self.settings.patience.reply,
        })
    }

    /// `patience`: for the greeting.
    async fn open(&self, patience: Duration) -> Result<Session, String> {
        let mut session = Session::open(&self.settings, patience, &self.distrusted).await?;
        session.wait = self.connections.add();
        Ok(session)
    }

    /// Its connections that have waited for an answer for at least this long.
    pub(super) fn silent_for(&self, least: Duration) -> Option<Silence> {
        self.connections.silent_for(least)
    }
}

/// One connection at a time to one relay.
pub struct SmtpLine {
    relay: SmtpRelay,
    /// None after it broke.
    session: Option<Session>,
    /// For each answer before a text.
    patience: Duration,
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

    /// Waits no longer than this for each answer before a text; `None`: as long as the relay's URL says.
    pub(super) fn wait_for_replies(&mut self, at_most: Option<Duration>) {
        let usual = self.relay.settings.patience.reply;
        self.patience = at_most.map_or(usual, |at_most| at_most.min(usual));
    }

    /// At most two connections: a used one that turns out closed, and a fresh one.
    pub(super) async fn send(
        &mut self,
        letter: &Letter,
        next: Option<&Letter>,
        permit: &mut Permit<'_, '_>,
    ) -> Option<Reply> {
        // Another letter's commands cannot be taken back.
        self.session.take_if(|session| !session.expects(letter));
        let session = self.session.as_ref();
        let announced = session.is_some_and(Session::has_announced);
        let letters = session.map_or(0, |session| session.letters);
        let reply = self.send_once(letter, next, permit).await?;
        let ended = letters > 0 && worn_out(&reply);
        if announced || !ended {
            self.relay.learn(letters, ended);
        }
        if ended {
            self.session = None;
            return self.send_once(letter, next, permit).await;
        }
        Some(reply)
    }

    async fn send_once(
        &mut self,
        letter: &Letter,
        next: Option<&Letter>,
        permit: &mut Permit<'_, '_>,
    ) -> Option<Reply> {
        let mut session = match self.session.take() {
            Some(session) => session,
            None => match self.relay.open(self.patience).await {
                Ok(session) => session,
                Err(why) => return permit.given().await.then(|| Reply::unreachable(why)),
            },
        };
        session.wait_for_replies(self.patience);
        let more = session.letters + 1 < self.relay.lasts.load(Ordering::Relaxed);
        let next = next.filter(|_| more);
        let reply = session.transaction(letter, next, permit).await;
        if !session.broken {
            self.session = Some(session);
        }
        reply
    }

    pub(super) async fn close(self) {
        // A server that waits for a text would take QUIT for it.
        if let Some(session) = self.session.filter(|session| !session.has_announced()) {
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
