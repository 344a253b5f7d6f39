//! API keys in the database: their hashes.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::{COLUMNS, Row, read};
use crate::db::schema::{api_key, staff};
use crate::db::{Conn, Result};
use crate::id::{KeyId, StaffId};
use crate::staff::Staff;

/// A key as admins see it: nothing of the secret.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub(crate) struct KnownKey {
    /// Its id.
    pub id: KeyId,
    /// Its account.
    pub account: StaffId,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Since when it opens nothing.
    pub revoked_at: Option<DateTime<Utc>>,
}

/// Inserts an API key.
///
/// # Errors
/// `Conflict` if there is no such account.
pub(crate) async fn insert_key(
    conn: &mut Conn,
    id: KeyId,
    account: StaffId,
    hash: &[u8],
    created_at: DateTime<Utc>,
) -> Result<()> {
    diesel::insert_into(api_key::table)
        .values((
            api_key::id.eq(id),
            api_key::staff_id.eq(account),
            api_key::key_hash.eq(hash),
            api_key::created_at.eq(created_at),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// All keys, the newest first.
///
/// # Errors
/// The database's.
pub(crate) async fn list_keys(conn: &mut Conn) -> Result<Vec<KnownKey>> {
    Ok(api_key::table
        .order((api_key::created_at.desc(), api_key::id))
        .select((
            api_key::id,
            api_key::staff_id,
            api_key::created_at,
            api_key::revoked_at,
        ))
        .limit(5_000)
        .load(conn)
        .await?)
}

/// Revokes a key, for good; returns its account. `None`: there is no such key, or it was revoked before.
///
/// # Errors
/// The database's.
pub(crate) async fn revoke_key(
    conn: &mut Conn,
    id: KeyId,
    at: DateTime<Utc>,
) -> Result<Option<StaffId>> {
    Ok(diesel::update(api_key::table.find(id))
        .filter(api_key::revoked_at.is_null())
        .set(api_key::revoked_at.eq(at))
        .returning(api_key::staff_id)
        .get_result(conn)
        .await
        .optional()?)
}

/// Revokes all keys of an account, for good; how many.
///
/// # Errors
/// The database's.
pub(crate) async fn revoke_keys_of(
    conn: &mut Conn,
    of: StaffId,
    at: DateTime<Utc>,
) -> Result<usize> {
    let theirs = api_key::table
        .filter(api_key::staff_id.eq(of))
        .filter(api_key::revoked_at.is_null());
    Ok(diesel::update(theirs)
        .set(api_key::revoked_at.eq(at))
        .execute(conn)
        .await?)
}

/// The key and its account, if it was not revoked and the account is enabled.
///
/// # Errors
/// The database's.
pub(crate) async fn find_by_key(conn: &mut Conn, hash: &[u8]) -> Result<Option<(KeyId, Staff)>> {
    let row: Option<(KeyId, Row)> = api_key::table
        .inner_join(staff::table.on(staff::id.eq(api_key::staff_id)))
        .filter(
            api_key::key_hash
                .eq(hash)
                .and(api_key::revoked_at.is_null())
                .and(staff::disabled_at.is_null()),
        )
        .select((api_key::id, COLUMNS))
        .first(conn)
        .await
        .optional()?;
    row.map(|(key, row)| Ok((key, read(row)?))).transpose()
}
