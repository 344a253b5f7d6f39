//! Sessions of staff in the database.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::{COLUMNS, Row, read};
use crate::db::schema::{staff, staff_session};
use crate::db::{Conn, Guarded, Result};
use crate::id::{SessionId, StaffId};
use crate::staff::Staff;
use crate::staff::password::PasswordHash;

/// A session as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Session {
    /// Its id; not its token.
    pub id: SessionId,
    /// The hash of its token.
    pub token_hash: Vec<u8>,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When it ends at the latest.
    pub expires_at: DateTime<Utc>,
    /// When something was last asked under it, to the minute.
    pub seen_at: Option<DateTime<Utc>>,
}

/// Inserts a session of the account that gave the password with this hash. Refused if the account is disabled, or its
/// password is another by now. Locks it, so that disabling it or setting another password comes before or after but not
/// in between.
///
/// # Errors
/// The database's.
pub(crate) async fn insert_session(
    conn: &mut Conn,
    id: StaffId,
    password: &PasswordHash,
    token_hash: &[u8],
    (created_at, expires_at): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Guarded> {
    let enabled: Option<StaffId> = staff::table
        .find(id)
        .filter(staff::disabled_at.is_null())
        .filter(staff::password_hash.eq(password.as_str()))
        .select(staff::id)
        .for_update()
        .first(conn)
        .await
        .optional()?;
    if enabled.is_none() {
        return Ok(Guarded::Refused);
    }
    diesel::insert_into(staff_session::table)
        .values((
            staff_session::id.eq(SessionId::new(created_at)),
            staff_session::token_hash.eq(token_hash),
            staff_session::staff_id.eq(id),
            staff_session::created_at.eq(created_at),
            staff_session::expires_at.eq(expires_at),
            staff_session::seen_at.eq(created_at),
        ))
        .execute(conn)
        .await?;
    Ok(Guarded::Written)
}

/// The account of a session, if it has not expired, was used since `used_since`, and the account is enabled; and when
/// it was last used.
///
/// # Errors
/// The database's.
pub(crate) async fn find_by_session(
    conn: &mut Conn,
    token_hash: &[u8],
    now: DateTime<Utc>,
    used_since: DateTime<Utc>,
) -> Result<Option<(Staff, DateTime<Utc>)>> {
    let row: Option<(Row, DateTime<Utc>, Option<DateTime<Utc>>)> = staff_session::table
        .inner_join(staff::table.on(staff::id.eq(staff_session::staff_id)))
        .filter(
            staff_session::token_hash
                .eq(token_hash)
                .and(staff_session::expires_at.gt(now))
                .and(staff::disabled_at.is_null()),
        )
        .select((COLUMNS, staff_session::created_at, staff_session::seen_at))
        .first(conn)
        .await
        .optional()?;
    let Some((row, created_at, seen_at)) = row else {
        return Ok(None);
    };
    let seen_at = seen_at.unwrap_or(created_at);
    match seen_at >= used_since {
        true => Ok(Some((read(row)?, seen_at))),
        false => Ok(None),
    }
}

/// Notes that a session was used.
///
/// # Errors
/// The database's.
pub(crate) async fn set_seen(conn: &mut Conn, token_hash: &[u8], now: DateTime<Utc>) -> Result<()> {
    diesel::update(staff_session::table.find(token_hash))
        .set(staff_session::seen_at.eq(now))
        .execute(conn)
        .await?;
    Ok(())
}

/// The sessions of an account that have not ended, the newest first.
///
/// # Errors
/// The database's.
pub(crate) async fn list_sessions(
    conn: &mut Conn,
    of: StaffId,
    now: DateTime<Utc>,
    used_since: DateTime<Utc>,
) -> Result<Vec<Session>> {
    let used = staff_session::seen_at
        .is_null()
        .or(staff_session::seen_at.ge(used_since).assume_not_null());
    Ok(staff_session::table
        .filter(staff_session::staff_id.eq(of))
        .filter(staff_session::expires_at.gt(now))
        .filter(used)
        .order(staff_session::created_at.desc())
        .select((
            staff_session::id,
            staff_session::token_hash,
            staff_session::created_at,
            staff_session::expires_at,
            staff_session::seen_at,
        ))
        .limit(100)
        .load(conn)
        .await?)
}

/// Deletes a session; returns its account.
///
/// # Errors
/// The database's.
pub(crate) async fn delete_session(conn: &mut Conn, token_hash: &[u8]) -> Result<Option<StaffId>> {
    Ok(diesel::delete(staff_session::table.find(token_hash))
        .returning(staff_session::staff_id)
        .get_result(conn)
        .await
        .optional()?)
}

/// Deletes a session of this account, if there is such a one.
///
/// # Errors
/// The database's.
pub(crate) async fn delete_own_session(
    conn: &mut Conn,
    of: StaffId,
    id: SessionId,
) -> Result<Guarded> {
    let one = staff_session::table
        .filter(staff_session::staff_id.eq(of))
        .filter(staff_session::id.eq(id));
    Ok(Guarded::of(diesel::delete(one).execute(conn).await?))
}

/// Ends all sessions of an account, but for the one with this token; how many.
///
/// # Errors
/// The database's.
pub(crate) async fn delete_other_sessions(
    conn: &mut Conn,
    id: StaffId,
    but: Option<&[u8]>,
) -> Result<usize> {
    let theirs = staff_session::table.filter(staff_session::staff_id.eq(id));
    Ok(match but {
        Some(token_hash) => {
            diesel::delete(theirs.filter(staff_session::token_hash.ne(token_hash)))
                .execute(conn)
                .await?
        }
        None => diesel::delete(theirs).execute(conn).await?,
    })
}

/// Ends all sessions of an account.
///
/// # Errors
/// The database's.
pub(crate) async fn delete_sessions_of(conn: &mut Conn, id: StaffId) -> Result<()> {
    delete_other_sessions(conn, id, None).await.map(|_| ())
}

/// Forgets sessions that have expired.
///
/// # Errors
/// The database's.
pub(crate) async fn delete_expired_sessions(conn: &mut Conn, now: DateTime<Utc>) -> Result<()> {
    diesel::delete(staff_session::table.filter(staff_session::expires_at.le(now)))
        .execute(conn)
        .await?;
    Ok(())
}
