//! One-time codes in the database: one at a time a person, never the code itself. The rows have the bucket of the
//! person, and no foreign key.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::db::schema::one_time_code as row;
use crate::db::{Conn, Guarded, Result};
use crate::id::{LetterId, PersonId};

/// How often a person is sent a code.
#[derive(Debug, Clone, Copy)]
pub struct Often {
    /// The least interval between two codes.
    pub pause: TimeDelta,
    /// The most codes within a day.
    pub a_day: i16,
}

/// A code as the page may speak of it.
#[derive(Debug, Clone, Queryable)]
pub struct Known {
    /// Until when it is good.
    pub expires_at: DateTime<Utc>,
    /// How often it was typed, right or wrong.
    pub tries: i16,
    /// Since when codes are counted.
    pub counted_from: DateTime<Utc>,
    /// How many there were since.
    pub counted: i16,
    /// The key of the address it went to.
    pub sent_to: Option<Vec<u8>>,
    /// Its e-mail.
    pub letter: Option<LetterId>,
}

/// The person's last code, if it was not used yet.
///
/// # Errors
/// The database's.
pub async fn last_code(conn: &mut Conn, person: PersonId) -> Result<Option<Known>> {
    Ok(row::table
        .find((person.bucket(), person.uuid()))
        .select((
            row::expires_at,
            row::tries,
            row::counted_from,
            row::counted,
            row::sent_to,
            row::letter_id,
        ))
        .first(conn)
        .await
        .optional()?)
}

/// A new code: what is kept of it.
#[derive(Debug, Clone, Copy)]
pub struct NewCode<'a> {
    /// Its hash.
    pub hash: &'a [u8],
    /// The key of the address it goes to.
    pub sent_to: &'a [u8],
    /// Its e-mail.
    pub letter: LetterId,
}

/// Replaces the person's code by one that is good for `lasting`. Refused if it is too early for another: the
/// present one stays. The caller holds the person's turn.
///
/// # Errors
/// The database's.
pub async fn replace_code(
    conn: &mut Conn,
    person: PersonId,
    new: NewCode<'_>,
    (now, lasting): (DateTime<Utc>, TimeDelta),
    often: Often,
) -> Result<Guarded> {
    let known = last_code(conn, person).await?;
    let day = TimeDelta::days(1);
    let today = known.as_ref().filter(|last| now - last.counted_from < day);
    let (from, before) = today.map_or((now, 0), |last| (last.counted_from, last.counted));
    // One that went to another address is of no use any more, and does not hold this one back.
    let early = known.is_some_and(|last| {
        last.sent_to.as_deref() == Some(new.sent_to)
            && last.expires_at > now + lasting - often.pause
    });
    if early || before >= often.a_day {
        return Ok(Guarded::Refused);
    }
    let values = (
        row::code_hash.eq(new.hash),
        row::tries.eq(0),
        row::expires_at.eq(now + lasting),
        row::counted_from.eq(from),
        row::counted.eq(before + 1),
        row::sent_to.eq(new.sent_to),
        row::letter_id.eq(new.letter),
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
    Ok(Guarded::Written)
}

/// Uses up one of the tries of the person's code and gives its hash; `None` if it expired, was tried
/// too often, went to another address than the one with the key `sent_to`, or never was.
///
/// # Errors
/// The database's.
pub async fn use_try(
    conn: &mut Conn,
    person: PersonId,
    sent_to: &[u8],
    tries: i16,
    now: DateTime<Utc>,
) -> Result<Option<Vec<u8>>> {
    Ok(
        diesel::update(row::table.find((person.bucket(), person.uuid())))
            .filter(row::tries.lt(tries).and(row::expires_at.gt(now)))
            .filter(row::sent_to.eq(sent_to))
            .set(row::tries.eq(row::tries + 1))
            .returning(row::code_hash)
            .get_result(conn)
            .await
            .optional()?,
    )
}

/// Removes the person's code if it is still this one. Refused if another request used it first.
///
/// # Errors
/// The database's.
pub async fn spend_code(conn: &mut Conn, person: PersonId, hash: &[u8]) -> Result<Guarded> {
    let spent = diesel::delete(row::table.find((person.bucket(), person.uuid())))
        .filter(row::code_hash.eq(hash))
        .execute(conn)
        .await?;
    Ok(Guarded::of(spent))
}
