//! Claims a key before the deed, and settles or releases it afterwards.

use chrono::TimeDelta;

use super::{Answer, Claim, Request, store};
use crate::app::App;
use crate::db::{Error, Result};

/// How long a repeated request gets its first answer.
pub const KEPT: TimeDelta = TimeDelta::days(2);

fn context(request: &Request) -> Vec<u8> {
    [
        b"answer ".as_slice(),
        request.by.uuid().as_bytes(),
        request.key.as_bytes(),
    ]
    .concat()
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

/// Forgets keys after [`KEPT`], with their answers, which may hold people's words. Meant to be called now and then.
///
/// # Errors
/// The database's.
pub async fn sweep(app: &App) -> Result<()> {
    let before = app.now() - KEPT;
    store::delete_old(&mut *app.db.get().await?, before).await
}

/// Gives the key back, because the deed was not done.
///
/// # Errors
/// The database's.
pub async fn release(app: &App, request: &Request) -> Result<()> {
    let mut conn = app.db.get().await?;
    store::delete_unanswered(&mut conn, request).await
}
