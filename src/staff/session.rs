//! Sessions of signed-in staff: a random token in a cookie, of which the database keeps the hash.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{Staff, store};
use crate::app::App;
use crate::db::Result;
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

/// Whose session it is; `None` if it ended, expired, or its account is disabled. Changes nothing.
///
/// # Errors
/// The database's.
pub async fn find(app: &App, token: Token) -> Result<Option<Staff>> {
    let mut conn = app.db.get().await?;
    store::find_by_session(&mut conn, &token.hash(), app.now()).await
}
