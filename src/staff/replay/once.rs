//! Claims a key before a request runs, and settles or releases it afterwards.

use std::time::Duration;

use chrono::TimeDelta;

use super::{Answer, Claim, Request, store};
use crate::app::App;
use crate::db::{Conn, Error, Guarded, Result, Tx};
use crate::id::StaffId;
use crate::seal::{Broken, Keyring};

/// How long a repeated request gets its first answer.
pub(crate) const KEPT: TimeDelta = TimeDelta::days(2);
/// How many answers are read at once to be sealed again.
const AT_ONCE: i64 = 500;

fn context(request: &Request) -> Vec<u8> {
    context_of(request.by, &request.key)
}

/// What a kept answer is sealed for.
fn context_of(by: StaffId, key: &str) -> Vec<u8> {
    [b"answer ".as_slice(), by.uuid().as_bytes(), key.as_bytes()].concat()
}

/// Seals the kept answers under the present master key, in the caller's transaction; those that neither it nor the
/// former one opens stay as they are.
///
/// # Errors
/// The database's.
pub(crate) async fn reseal(conn: &mut Conn, keys: &Keyring) -> Result<()> {
    let mut after = None;
    loop {
        let page = store::list_answers(conn, after.as_ref(), AT_ONCE).await?;
        for (by, key, sealed) in &page {
            let context = context_of(*by, key);
            if let Ok(Some(anew)) = keys.reseal(&context, sealed) {
                store::replace_answer(conn, *by, key, &anew).await?;
            }
        }
        let Some((by, key, _)) = page.into_iter().last() else {
            return Ok(());
        };
        after = Some((by, key));
    }
}

/// How long a claim lasts unless it is renewed.
pub(crate) fn lease(app: &App) -> Duration {
    Duration::from_secs(app.config.http.claim_seconds.into())
}

/// Claims the key for the request.
///
/// # Errors
/// The database's.
pub(crate) async fn claim(app: &App, request: &Request) -> Result<Claim> {
    let mut conn = app.db.get().await?;
    let claimed = store::claim(&mut conn, request, app.now(), lease(app)).await?;
    if claimed.is_written() {
        return Ok(Claim::Fresh);
    }
    let found = match store::find(&mut conn, request.by, &request.key).await {
        // Released since: as if it were still running, the caller tries again.
        Err(Error::Missing) => return Ok(Claim::Running(1)),
        found => found?,
    };
    let Some((status, sealed)) = found.answer else {
        // Claims of programs before there were ends have none; one that has just ended is asked for again.
        return Ok(Claim::Running(found.seconds.unwrap_or(1)));
    };
    if found.hash != request.hash {
        return Ok(Claim::Another);
    }
    // The act is done, and its request still runs: its answer comes.
    if let Some(seconds) = found.seconds {
        return Ok(Claim::Running(seconds));
    }
    Ok(match app.keys.open(&context(request), &sealed) {
        Ok(content) => Claim::Answered(Answer { status, content }),
        Err(Broken) => Claim::Unreadable,
    })
}

/// Keeps a claim while its request runs. Refused if another run has it.
///
/// # Errors
/// The database's.
pub(crate) async fn renew(app: &App, request: &Request) -> Result<Guarded> {
    store::renew(&mut *app.db.get().await?, request, lease(app)).await
}

/// Seals the content of an answer to the request.
pub(crate) fn seal(app: &App, request: &Request, content: &[u8]) -> Vec<u8> {
    app.keys.seal(&context(request), content)
}

/// How settling ended.
#[derive(Debug)]
pub(crate) enum Settled {
    /// The answer is kept, and what was asked for is done.
    Kept,
    /// Another run has the claim: what this one did was rolled back.
    Lost,
    /// Nothing was changed by the transaction.
    Undone(Error),
    /// Whether it was committed is not known.
    Unsure(Error),
}

/// Keeps the answer, sealed, in the transaction of what was done; without one, in its own.
pub(crate) async fn settle(
    app: &App,
    request: &Request,
    answer: &Answer,
    tx: Option<Tx>,
) -> Settled {
    let sealed = seal(app, request, &answer.content);
    match tx {
        Some(mut tx) => {
            match store::set_answer(&mut tx, request, answer.status, &sealed).await {
                Ok(Guarded::Written) => match tx.commit().await {
                    Ok(()) => Settled::Kept,
                    // A refusal of the commit itself (a deferred constraint, a conflict) is a rollback.
                    Err(error @ (Error::Conflict(_) | Error::Retry)) => Settled::Undone(error),
                    Err(error) => Settled::Unsure(error),
                },
                Ok(Guarded::Refused) => {
                    tx.roll_back().await;
                    Settled::Lost
                }
                Err(error) => {
                    tx.roll_back().await;
                    Settled::Undone(error)
                }
            }
        }
        None => match set_alone(app, request, answer.status, &sealed).await {
            Ok(Guarded::Written) => Settled::Kept,
            Ok(Guarded::Refused) => Settled::Lost,
            Err(error) => Settled::Undone(error),
        },
    }
}

async fn set_alone(app: &App, request: &Request, status: u16, sealed: &[u8]) -> Result<Guarded> {
    store::set_answer(&mut *app.db.get().await?, request, status, sealed).await
}

/// Forgets keys after [`KEPT`], with their answers, which may hold people's words. Meant to be called now and then.
///
/// # Errors
/// The database's.
pub(crate) async fn sweep(app: &App) -> Result<()> {
    let before = app.now() - KEPT;
    store::delete_old(&mut *app.db.get().await?, before).await
}

/// Gives the key back if nothing was done. Else what is kept is answered from now on, since no other answer comes.
///
/// # Errors
/// The database's.
pub(crate) async fn release(app: &App, request: &Request) -> Result<()> {
    let mut conn = app.db.get().await?;
    store::delete_unanswered(&mut conn, request).await?;
    store::end_claim(&mut conn, request).await
}
