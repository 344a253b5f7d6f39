//! Claims a key before the deed, and settles or releases it afterwards.

use chrono::TimeDelta;

use super::{Answer, Claim, Request, store};
use crate::app::App;
use crate::db::{Conn, Error, Result};
use crate::id::StaffId;
use crate::seal::{Broken, Keyring};

/// How long a repeated request gets its first answer.
pub const KEPT: TimeDelta = TimeDelta::days(2);
/// How many answers are read at once to be sealed anew.
const AT_ONCE: i64 = 500;

fn context(request: &Request) -> Vec<u8> {
    context_of(request.by, &request.key)
}

/// What a kept answer is sealed for.
fn context_of(by: StaffId, key: &str) -> Vec<u8> {
    [b"answer ".as_slice(), by.uuid().as_bytes(), key.as_bytes()].concat()
}

/// Seals the kept answers under the present master key, in the caller's transaction; those that neither it nor the
/// former one opens stay as they are. How many are sealed anew.
///
/// # Errors
/// The database's.
pub async fn reseal(conn: &mut Conn, keys: &Keyring) -> Result<usize> {
    let (mut after, mut sealed_anew) = (None, 0);
    loop {
        let page = store::list_answers(conn, after.as_ref(), AT_ONCE).await?;
        for (by, key, sealed) in &page {
            let context = context_of(*by, key);
            if let Ok(Some(anew)) = keys.reseal(&context, sealed) {
                store::replace_answer(conn, *by, key, &anew).await?;
                sealed_anew += 1;
            }
        }
        let Some((by, key, _)) = page.into_iter().last() else {
            return Ok(sealed_anew);
        };
        after = Some((by, key));
    }
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
    Ok(match app.keys.open(&context(request), &sealed) {
        Ok(content) => Claim::Answered(Answer { status, content }),
        Err(Broken) => Claim::Unreadable,
    })
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
