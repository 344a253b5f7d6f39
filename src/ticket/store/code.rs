//! One-time codes in the database: one at a time a person, never the code itself. The rows lie
//! beside the person (bucket), without any foreign key.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::db::schema::one_time_code as row;
use crate::db::{Conn, Result};
use crate::id::PersonId;

/// Whether the person's present code expires after `moment`.
///
/// # Errors
/// The database's.
pub async fn code_sent_after(
    conn: &mut Conn,
    person: PersonId,
    moment: DateTime<Utc>,
) -> Result<bool> {
    let recent: Option<DateTime<Utc>> = row::table
        .find((person.bucket(), person.uuid()))
        .filter(row::expires_at.gt(moment))
        .select(row::expires_at)
        .first(conn)
        .await
        .optional()?;
    Ok(recent.is_some())
}

/// Replaces the person's code.
///
/// # Errors
/// The database's.
pub async fn replace_code(
    conn: &mut Conn,
    person: PersonId,
    hash: &[u8],
    expires_at: DateTime<Utc>,
) -> Result<()> {
    let values = (
        row::code_hash.eq(hash),
        row::tries.eq(0),
        row::expires_at.eq(expires_at),
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
    Ok(())
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
