//! Sessions of signed-in staff: a random token in a cookie; the database keeps its hash.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::store::Session;
use super::{Staff, store};
use crate::actor::Actor;
use crate::app::App;
use crate::audit::{self, Action};
use crate::db::{Guarded, Result};
use crate::id::{SessionId, StaffId};
use crate::seal::{random, sha256};

/// What the cookie holds: 32 random octets. Never printed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Token([u8; 32]);

impl Token {
    /// A new token.
    pub fn new() -> Self {
        Self(random())
    }

    /// Reads a cookie; anything else than a token is `None`.
    pub fn parse(cookie: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(cookie).ok()?;
        Some(Self(bytes.try_into().ok()?))
    }

    /// For the cookie.
    pub fn expose(self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// For the database, and as the ground of form tokens.
    pub fn hash(self) -> [u8; 32] {
        sha256(&self.0)
    }
}

impl Default for Token {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(•••)")
    }
}

/// How exactly it is kept when a session was last used: a request writes no more often.
const EXACT: TimeDelta = TimeDelta::minutes(1);

/// The account of a session; `None` if it ended, expired, was not used for `sessions.idle_minutes`, or its account is
/// disabled. Keeps when it was last used, to the minute.
///
/// # Errors
/// The database's.
pub async fn find(app: &App, token: Token) -> Result<Option<Staff>> {
    let (now, hash) = (app.now(), token.hash());
    let mut conn = app.db.get().await?;
    let found = store::find_by_session(&mut conn, &hash, now, used_since(app)).await?;
    let Some((staff, seen_at)) = found else {
        return Ok(None);
    };
    if now - seen_at >= EXACT {
        store::set_seen(&mut conn, &hash, now).await?;
    }
    Ok(Some(staff))
}

/// The same for what a page asks by itself, which is no use of the session.
///
/// # Errors
/// The database's.
pub async fn look(app: &App, token: Token) -> Result<Option<Staff>> {
    let mut conn = app.db.get().await?;
    let found =
        store::find_by_session(&mut conn, &token.hash(), app.now(), used_since(app)).await?;
    Ok(found.map(|(staff, _)| staff))
}

/// A session that was last used before this has ended.
fn used_since(app: &App) -> DateTime<Utc> {
    match app.config.sessions.idle_minutes {
        0 => DateTime::UNIX_EPOCH,
        minutes => app.now() - TimeDelta::try_minutes(minutes).unwrap_or(TimeDelta::MAX),
    }
}

/// The sessions of an account, the newest first, those left out that have ended.
///
/// # Errors
/// The database's.
pub async fn list(app: &App, of: StaffId) -> Result<Vec<Session>> {
    let mut conn = app.db.get().await?;
    store::list_sessions(&mut conn, of, app.now(), used_since(app)).await
}

/// Ends one of the own sessions, if there is such a one.
///
/// # Errors
/// The database's.
pub async fn end(app: &App, by: StaffId, id: SessionId) -> Result<Guarded> {
    let mut tx = app.db.begin().await?;
    let ended = store::delete_own_session(&mut tx, by, id).await?;
    if ended.is_written() {
        let detail = json!({ "session": id });
        let (now, actor) = (app.now(), Actor::Staff(by));
        audit::store::append(&mut tx, now, actor, Action::StaffEndSession, by, &detail).await?;
    }
    tx.commit().await?;
    Ok(ended)
}
