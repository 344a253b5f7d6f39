//! Once only: a request that is repeated under its Idempotency-Key gets the first answer again.
//!
//! The key is claimed before the deed and settled after it, in transactions of their own. A process
//! that dies in between leaves the key claimed for good: whether the deed was done is then unknown,
//! and doing it twice would be worse than asking the caller to look.

pub mod store;

use crate::app::App;
use crate::db::{Error, Result};
use crate::id::StaffId;

/// The request: whose, under which key, and the hash of everything that makes it the same one.
#[derive(Debug, Clone)]
pub struct Request {
    /// Whose key it is: two accounts may use the same.
    pub by: StaffId,
    /// The Idempotency-Key.
    pub key: String,
    /// SHA-256 of the request.
    pub hash: [u8; 32],
}

/// An answer that was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its HTTP status.
    pub status: u16,
    /// Its headers and body, as the web wrote them.
    pub content: Vec<u8>,
}

/// What a claim found.
#[derive(Debug, PartialEq, Eq)]
pub enum Claim {
    /// Nobody used the key: do the deed, then [`settle`] or [`release`].
    Fresh,
    /// A request with this key has begun and not ended.
    Running,
    /// This request was answered.
    Answered(Answer),
    /// Another request with this key was answered.
    Another,
}

fn context(request: &Request) -> Vec<u8> {
    [b"answer ".as_slice(), request.by.uuid().as_bytes(), request.key.as_bytes()].concat()
}

/// Claims the key for the request.
///
/// # Errors
/// The database's.
pub async fn claim(app: &App, request: &Request) -> Result<Claim> {
    let mut conn = app.db.get().await?;
    if store::insert(&mut conn, request, app.now()).await? {
        return Ok(Claim::Fresh);
    }
    let found = match store::find(&mut conn, request.by, &request.key).await {
        // Released since: as if it were still running, the caller tries again.
        Err(Error::Missing) => return Ok(Claim::Running),
        found => found?,
    };
    let Some((status, sealed)) = found.answer else {
        return Ok(Claim::Running);
    };
    if found.hash != request.hash {
        return Ok(Claim::Another);
    }
    let content = app
        .keys
        .open(&context(request), &sealed)
        .map_err(|_| Error::inconsistent("idempotency", request.by))?;
    Ok(Claim::Answered(Answer { status, content }))
}

/// Keeps the answer, sealed.
///
/// # Errors
/// The database's.
pub async fn settle(app: &App, request: &Request, answer: &Answer) -> Result<()> {
    let sealed = app.keys.seal(&context(request), &answer.content);
    let mut conn = app.db.get().await?;
    store::set_answer(&mut conn, request, answer.status, &sealed).await
}

/// Gives the key back, because the deed was not done.
///
/// # Errors
/// The database's.
pub async fn release(app: &App, request: &Request) -> Result<()> {
    let mut conn = app.db.get().await?;
    store::delete_unanswered(&mut conn, request).await
}
