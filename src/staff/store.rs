//! Accounts, sessions and keys in the database.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::password::PasswordHash;
use super::{Staff, StaffRole};
use crate::address::EmailAddress;
use crate::db::schema::{api_key, staff, staff_session};
use crate::db::{Conn, Error, Result};
use crate::id::{KeyId, StaffId};

type Row = (
    StaffId,
    Option<String>,
    String,
    Vec<StaffRole>,
    DateTime<Utc>,
    Option<DateTime<Utc>>,
);

type Columns = (
    staff::id,
    staff::email,
    staff::name,
    staff::roles,
    staff::created_at,
    staff::disabled_at,
);

const COLUMNS: Columns = (
    staff::id,
    staff::email,
    staff::name,
    staff::roles,
    staff::created_at,
    staff::disabled_at,
);

fn read((id, email, name, roles, created_at, disabled_at): Row) -> Result<Staff> {
    let email = email
        .map(|text| EmailAddress::parse(&text))
        .transpose()
        .map_err(|_| Error::inconsistent("staff", id))?;
    Ok(Staff {
        id,
        email,
        name,
        roles,
        created_at,
        disabled_at,
    })
}

/// Inserts an account; with a password if it has a mailbox. The address is kept in its key form.
///
/// # Errors
/// `Conflict("staff_email_is_taken")`.
pub async fn insert(conn: &mut Conn, new: &Staff, password: Option<&PasswordHash>) -> Result<()> {
    diesel::insert_into(staff::table)
        .values((
            staff::id.eq(new.id),
            staff::email.eq(new.email.as_ref().map(EmailAddress::key_form)),
            staff::name.eq(&new.name),
            staff::roles.eq(&new.roles),
            staff::password_hash.eq(password.map(PasswordHash::as_str)),
            staff::created_at.eq(new.created_at),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// The account with this id.
///
/// # Errors
/// `Missing`.
pub async fn find(conn: &mut Conn, id: StaffId) -> Result<Staff> {
    read(staff::table.find(id).select(COLUMNS).first(conn).await?)
}

/// The account with this address in its key form, and its password's hash.
///
/// # Errors
/// The database's.
pub async fn find_by_email(conn: &mut Conn, email: &str) -> Result<Option<(Staff, PasswordHash)>> {
    let row: Option<(Row, Option<String>)> = staff::table
        .filter(staff::email.eq(email))
        .select((COLUMNS, staff::password_hash))
        .first(conn)
        .await
        .optional()?;
    let Some((row, hash)) = row else {
        return Ok(None);
    };
    let staff = read(row)?;
    let hash = hash.ok_or_else(|| Error::inconsistent("staff", staff.id))?;
    Ok(Some((staff, PasswordHash::from_stored(hash))))
}

/// All accounts, by name; there are few.
///
/// # Errors
/// The database's.
pub async fn list(conn: &mut Conn) -> Result<Vec<Staff>> {
    let rows: Vec<Row> = staff::table
        .select(COLUMNS)
        .order((staff::name, staff::id))
        .limit(5_000)
        .load(conn)
        .await?;
    rows.into_iter().map(read).collect()
}

/// Sets another password.
///
/// # Errors
/// The database's.
pub async fn set_password(conn: &mut Conn, id: StaffId, password: &PasswordHash) -> Result<()> {
    diesel::update(staff::table.find(id))
        .set(staff::password_hash.eq(password.as_str()))
        .execute(conn)
        .await?;
    Ok(())
}

/// Disables or enables an account. `false`: it was so already.
///
/// # Errors
/// The database's.
pub async fn set_disabled(conn: &mut Conn, id: StaffId, at: Option<DateTime<Utc>>) -> Result<bool> {
    let set = diesel::update(staff::table.find(id))
        .filter(staff::disabled_at.is_null().eq(at.is_some()))
        .set(staff::disabled_at.eq(at))
        .execute(conn)
        .await?;
    Ok(set == 1)
}

/// Inserts a session. `false`: the account is disabled. Locks it, so that disabling comes before or
/// after but not in between.
///
/// # Errors
/// The database's.
pub async fn insert_session(
    conn: &mut Conn,
    id: StaffId,
    token_hash: &[u8],
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Result<bool> {
    let enabled: Option<StaffId> = staff::table
        .find(id)
        .filter(staff::disabled_at.is_null())
        .select(staff::id)
        .for_update()
        .first(conn)
        .await
        .optional()?;
    if enabled.is_none() {
        return Ok(false);
    }
    diesel::insert_into(staff_session::table)
        .values((
            staff_session::token_hash.eq(token_hash),
            staff_session::staff_id.eq(id),
            staff_session::created_at.eq(created_at),
            staff_session::expires_at.eq(expires_at),
        ))
        .execute(conn)
        .await?;
    Ok(true)
}

/// Whose session it is, if it has not expired and the account is enabled.
///
/// # Errors
/// The database's.
pub async fn find_by_session(
    conn: &mut Conn,
    token_hash: &[u8],
    now: DateTime<Utc>,
) -> Result<Option<Staff>> {
    let row: Option<Row> = staff_session::table
        .inner_join(staff::table.on(staff::id.eq(staff_session::staff_id)))
        .filter(
            staff_session::token_hash
                .eq(token_hash)
                .and(staff_session::expires_at.gt(now))
                .and(staff::disabled_at.is_null()),
        )
        .select(COLUMNS)
        .first(conn)
        .await
        .optional()?;
    row.map(read).transpose()
}

/// Deletes a session; whose it was.
///
/// # Errors
/// The database's.
pub async fn delete_session(conn: &mut Conn, token_hash: &[u8]) -> Result<Option<StaffId>> {
    Ok(diesel::delete(staff_session::table.find(token_hash))
        .returning(staff_session::staff_id)
        .get_result(conn)
        .await
        .optional()?)
}

/// Ends all sessions of an account.
///
/// # Errors
/// The database's.
pub async fn delete_sessions_of(conn: &mut Conn, id: StaffId) -> Result<()> {
    diesel::delete(staff_session::table.filter(staff_session::staff_id.eq(id)))
        .execute(conn)
        .await?;
    Ok(())
}

/// Forgets sessions that have expired.
///
/// # Errors
/// The database's.
pub async fn delete_expired_sessions(conn: &mut Conn, now: DateTime<Utc>) -> Result<()> {
    diesel::delete(staff_session::table.filter(staff_session::expires_at.le(now)))
        .execute(conn)
        .await?;
    Ok(())
}

/// Inserts an API key.
///
/// # Errors
/// The database's.
pub async fn insert_key(
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

/// Whose key it is, if it was not revoked and the account is enabled.
///
/// # Errors
/// The database's.
pub async fn find_by_key(conn: &mut Conn, hash: &[u8]) -> Result<Option<Staff>> {
    let row: Option<Row> = api_key::table
        .inner_join(staff::table.on(staff::id.eq(api_key::staff_id)))
        .filter(
            api_key::key_hash
                .eq(hash)
                .and(api_key::revoked_at.is_null())
                .and(staff::disabled_at.is_null()),
        )
        .select(COLUMNS)
        .first(conn)
        .await
        .optional()?;
    row.map(read).transpose()
}
