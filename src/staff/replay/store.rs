//! Claimed keys and their answers in the database.

use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Bytea, Double, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;

use super::{Request, running};
use crate::db::schema::idempotency;
use crate::db::{Conn, Error, Guarded, Result, statement};
use crate::id::StaffId;

/// A claimed key.
#[derive(Debug)]
pub struct Claimed {
    /// The hash of the request that claimed it.
    pub hash: Vec<u8>,
    /// Status and sealed content, once answered.
    pub answer: Option<(u16, Vec<u8>)>,
    /// In how many seconds the claim ends, rounded up; `None` if it has ended.
    pub seconds: Option<u32>,
}

/// Claims a key that is new, or has an ended claim without an answer.
///
/// The claim does not wait for the disk: a crash that takes it back also ends the transaction that would answer.
///
/// # Errors
/// The database's.
pub async fn claim(
    conn: &mut Conn,
    request: &Request,
    now: DateTime<Utc>,
    lease: Duration,
) -> Result<Guarded> {
    let claim = statement(
        "with quick as (select set_config('synchronous_commit', 'off', true)) \
         insert into idempotency as i (staff_id, key, request_hash, created_at, claim, claimed_until) \
         select $1, $2, $3, $4, $5, clock_timestamp() + make_interval(secs => $6) from quick \
         on conflict (staff_id, key) do update set request_hash = excluded.request_hash, \
         created_at = excluded.created_at, claim = excluded.claim, claimed_until = excluded.claimed_until \
         where i.status is null and i.claimed_until < clock_timestamp()",
    );
    let claimed = claim
        .bind::<SqlUuid, _>(request.by)
        .bind::<Text, _>(&request.key)
        .bind::<Bytea, _>(request.hash.as_slice())
        .bind::<Timestamptz, _>(now)
        .bind::<SqlUuid, _>(request.claim)
        .bind::<Double, _>(lease.as_secs_f64())
        .execute(conn)
        .await?;
    Ok(Guarded::of(claimed))
}

/// Moves the end of a claim. Refused if another run has it.
///
/// # Errors
/// The database's.
pub async fn renew(conn: &mut Conn, request: &Request, lease: Duration) -> Result<Guarded> {
    let renew = statement(
        "update idempotency set claimed_until = clock_timestamp() + make_interval(secs => $4) \
         where staff_id = $1 and key = $2 and claim = $3 and claimed_until is not null",
    );
    let renewed = renew
        .bind::<SqlUuid, _>(request.by)
        .bind::<Text, _>(&request.key)
        .bind::<SqlUuid, _>(request.claim)
        .bind::<Double, _>(lease.as_secs_f64())
        .execute(conn)
        .await?;
    Ok(Guarded::of(renewed))
}

/// What a key was claimed for.
///
/// # Errors
/// `Missing`.
pub async fn find(conn: &mut Conn, by: StaffId, key: &str) -> Result<Claimed> {
    let left = diesel::dsl::sql::<Nullable<Double>>(
        "ceil(extract(epoch from claimed_until - clock_timestamp()))::float8",
    );
    let (hash, status, answer, left): (Vec<u8>, Option<i32>, Option<Vec<u8>>, Option<f64>) =
        idempotency::table
            .find((by, key))
            .select((
                idempotency::request_hash,
                idempotency::status,
                idempotency::answer,
                left,
            ))
            .first(conn)
            .await?;
    let status = status
        .map(u16::try_from)
        .transpose()
        .map_err(|_| Error::inconsistent("idempotency", by))?;
    Ok(Claimed {
        hash,
        answer: status.zip(answer),
        seconds: left
            .filter(|left| *left > 0.0)
            .map(|left| left.min(86_400.0) as u32),
    })
}

/// Keeps the answer, and the hash of the request, which may be known only at its end; the claim ends. Refused if another
/// run has the claim.
///
/// # Errors
/// The database's.
pub async fn set_answer(
    conn: &mut Conn,
    request: &Request,
    status: u16,
    sealed: &[u8],
) -> Result<Guarded> {
    let kept = diesel::update(idempotency::table.find((request.by, &request.key)))
        .filter(idempotency::claim.eq(request.claim))
        .set((
            idempotency::request_hash.eq(request.hash.as_slice()),
            idempotency::status.eq(i32::from(status)),
            idempotency::answer.eq(sealed),
            idempotency::claimed_until.eq(None::<DateTime<Utc>>),
        ))
        .execute(conn)
        .await?;
    Ok(Guarded::of(kept))
}

/// Keeps what is answered if the whole answer is lost; the claim goes on, since the request still runs. Refused if
/// another run has it.
async fn set_short(
    conn: &mut Conn,
    request: &Request,
    status: u16,
    sealed: &[u8],
) -> Result<Guarded> {
    let kept = diesel::update(idempotency::table.find((request.by, &request.key)))
        .filter(idempotency::claim.eq(request.claim))
        .set((
            idempotency::request_hash.eq(request.hash.as_slice()),
            idempotency::status.eq(i32::from(status)),
            idempotency::answer.eq(sealed),
        ))
        .execute(conn)
        .await?;
    Ok(Guarded::of(kept))
}

/// Says in the transaction of an act that ends by itself ([`crate::app::App::apart`]) that it was done, if it is done
/// for a request with a key.
///
/// # Errors
/// [`Error::Retry`] if another run has the claim.
pub async fn mark_done(conn: &mut Conn) -> Result<()> {
    crate::db::request::asks_for_commit();
    let Some(running) = running::here() else {
        return Ok(());
    };
    let request = Request {
        hash: (running.hash)(),
        ..running.request.clone()
    };
    let (status, sealed) = &running.short;
    match set_short(conn, &request, *status, sealed).await? {
        Guarded::Written => Ok(()),
        Guarded::Refused => Err(Error::Retry),
    }
}

/// Kept answers in the order of account and key, after the given one.
///
/// # Errors
/// The database's.
pub async fn list_answers(
    conn: &mut Conn,
    after: Option<&(StaffId, String)>,
    limit: i64,
) -> Result<Vec<(StaffId, String, Vec<u8>)>> {
    let mut query = idempotency::table
        .filter(idempotency::answer.is_not_null())
        .order((idempotency::staff_id, idempotency::key))
        .select((
            idempotency::staff_id,
            idempotency::key,
            idempotency::answer.assume_not_null(),
        ))
        .limit(limit)
        .into_boxed();
    if let Some((by, key)) = after {
        let later = diesel::dsl::sql::<Bool>("(staff_id, key) > (")
            .bind::<SqlUuid, _>(*by)
            .sql(", ")
            .bind::<Text, _>(key.clone())
            .sql(")");
        query = query.filter(later);
    }
    Ok(query.load(conn).await?)
}

/// Replaces a kept answer by the same, sealed under another key.
///
/// # Errors
/// The database's.
pub async fn replace_answer(conn: &mut Conn, by: StaffId, key: &str, sealed: &[u8]) -> Result<()> {
    diesel::update(idempotency::table.find((by, key)))
        .filter(idempotency::answer.is_not_null())
        .set(idempotency::answer.eq(sealed))
        .execute(conn)
        .await?;
    Ok(())
}

/// Deletes the keys that were claimed before `before`, with their answers.
///
/// # Errors
/// The database's.
pub async fn delete_old(conn: &mut Conn, before: DateTime<Utc>) -> Result<()> {
    diesel::delete(idempotency::table.filter(idempotency::created_at.lt(before)))
        .execute(conn)
        .await?;
    Ok(())
}

/// Gives an unanswered key back.
///
/// # Errors
/// The database's.
pub async fn delete_unanswered(conn: &mut Conn, request: &Request) -> Result<()> {
    diesel::delete(idempotency::table.find((request.by, &request.key)))
        .filter(idempotency::status.is_null())
        .filter(idempotency::claim.eq(request.claim))
        .execute(conn)
        .await?;
    Ok(())
}

/// Ends the claim of an answered key: its request does not run any more.
///
/// # Errors
/// The database's.
pub async fn end_claim(conn: &mut Conn, request: &Request) -> Result<()> {
    diesel::update(idempotency::table.find((request.by, &request.key)))
        .filter(idempotency::status.is_not_null())
        .filter(idempotency::claim.eq(request.claim))
        .set(idempotency::claimed_until.eq(None::<DateTime<Utc>>))
        .execute(conn)
        .await?;
    Ok(())
}
