//! One-time codes in the database: one at a time a person, never the code itself. The rows lie
//! beside the person (bucket), without any foreign key.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::db::schema::one_time_code as row;
use crate::db::{Conn, Result};
use crate::id::PersonId;

/// How often a person is sent a code.
#[derive(Debug, Clone, Copy)]
pub struct Often {
    /// At least so long after the one before.
    pub pause: TimeDelta,
    /// At most so many within a day.
    pub a_day: i16,
}

/// Replaces the person's code by one that is good for `lasting`. `false`: it is too early for another, and the
/// present one stays. The caller holds the person's turn.
///
/// # Errors
/// The database's.
pub async fn replace_code(
    conn: &mut Conn,
    person: PersonId,
    hash: &[u8],
    (now, lasting): (DateTime<Utc>, TimeDelta),
    often: Often,
) -> Result<bool> {
    let known: Option<(DateTime<Utc>, DateTime<Utc>, i16)> = row::table
        .find((person.bucket(), person.uuid()))
        .select((row::expires_at, row::counted_from, row::counted))
        .first(conn)
        .await
        .optional()?;
    let today = known.filter(|(_, from, _)| now - *from < TimeDelta::days(1));
    let (from, before) = today.map_or((now, 0), |(_, from, counted)| (from, counted));
    let early = known.is_some_and(|(expires_at, ..)| expires_at > now + lasting - often.pause);
    if early || before >= often.a_day {
        return Ok(false);
    }
    let values = (
        row::code_hash.eq(hash),
        row::tries.eq(0),
        row::expires_at.eq(now + lasting),
        row::counted_from.eq(from),
        row::counted.eq(before + 1),
    );
    diesel::insert_into(row::table)
        .values((
            row::bucket.eq(person.bucket()),
            row::person_id.eq(person.uuid()),
            values,
        ))
        .on_conflict((row::bucket, row::person_id))
        .do_update()
        .set(values)
        .execute(conn)
        .await?;
    Ok(true)
}

/// Uses up one of the tries of the person's code and gives its hash; `None` if it expired, was tried
/// too often, or never was.
///
/// # Errors
/// The database's.
pub async fn use_try(
    conn: &mut Conn,
    person: PersonId,
    tries: i16,
    now: DateTime<Utc>,
) -> Result<Option<Vec<u8>>> {
    Ok(
        diesel::update(row::table.find((person.bucket(), person.uuid())))
            .filter(row::tries.lt(tries).and(row::expires_at.gt(now)))
            .set(row::tries.eq(row::tries + 1))
            .returning(row::code_hash)
            .get_result(conn)
            .await
            .optional()?,
    )
}

/// Removes the person's code if it is still this one. `false`: somebody used it first.
///
/// # Errors
/// The database's.
pub async fn spend_code(conn: &mut Conn, person: PersonId, hash: &[u8]) -> Result<bool> {
    let spent = diesel::delete(row::table.find((person.bucket(), person.uuid())))
        .filter(row::code_hash.eq(hash))
        .execute(conn)
        .await?;
    Ok(spent == 1)
}
