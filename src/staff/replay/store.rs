//! Claimed keys and their answers in the database.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;

use super::Request;
use crate::db::schema::idempotency;
use crate::db::{Conn, Error, Result};
use crate::id::StaffId;

/// A claimed key.
#[derive(Debug)]
pub struct Claimed {
    /// The hash of the request that claimed it.
    pub hash: Vec<u8>,
    /// Status and sealed content, once answered.
    pub answer: Option<(u16, Vec<u8>)>,
}

/// Claims a key. `false`: it is claimed already.
///
/// # Errors
/// The database's.
pub async fn insert(conn: &mut Conn, request: &Request, now: DateTime<Utc>) -> Result<bool> {
    let inserted = diesel::insert_into(idempotency::table)
        .values((
            idempotency::staff_id.eq(request.by),
            idempotency::key.eq(&request.key),
            idempotency::request_hash.eq(request.hash.as_slice()),
            idempotency::created_at.eq(now),
        ))
        .on_conflict_do_nothing()
        .execute(conn)
        .await?;
    Ok(inserted == 1)
}

/// What a key was claimed for.
///
/// # Errors
/// `Missing`.
pub async fn find(conn: &mut Conn, by: StaffId, key: &str) -> Result<Claimed> {
    let (hash, status, answer): (Vec<u8>, Option<i32>, Option<Vec<u8>>) = idempotency::table
        .find((by, key))
        .select((
            idempotency::request_hash,
            idempotency::status,
            idempotency::answer,
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
    })
}

/// Keeps the answer, and the hash of the request, which may be known only at its end.
///
/// # Errors
/// The database's.
pub async fn set_answer(
    conn: &mut Conn,
    request: &Request,
    status: u16,
    sealed: &[u8],
) -> Result<()> {
    diesel::update(idempotency::table.find((request.by, &request.key)))
        .filter(idempotency::status.is_null())
        .set((
            idempotency::request_hash.eq(request.hash.as_slice()),
            idempotency::status.eq(i32::from(status)),
            idempotency::answer.eq(sealed),
        ))
        .execute(conn)
        .await?;
    Ok(())
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
        .execute(conn)
        .await?;
    Ok(())
}
