//! Accounts, sessions and keys in the database.

mod key;
mod session;
pub(crate) mod wrong_code;

pub(crate) use key::{KnownKey, find_by_key, insert_key, list_keys, revoke_key, revoke_keys_of};
pub(crate) use session::{
    Session, delete_expired_sessions, delete_other_sessions, delete_own_session, delete_session,
    delete_sessions_of, find_by_session, insert_session, list_sessions, set_seen,
};

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
use diesel_async::RunQueryDsl;

use super::password::PasswordHash;
use super::{Staff, StaffRole};
use crate::address::EmailAddress;
use crate::audit::Event;
use crate::audit::store::newest;
use crate::db::schema::staff;
use crate::db::{Conn, Error, Guarded, Result};
use crate::id::StaffId;

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
pub(crate) async fn insert(
    conn: &mut Conn,
    new: &Staff,
    password: Option<&PasswordHash>,
) -> Result<()> {
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
pub(crate) async fn find(conn: &mut Conn, id: StaffId) -> Result<Staff> {
    read(staff::table.find(id).select(COLUMNS).first(conn).await?)
}

/// The same, and it is neither disabled nor given other roles before the transaction ends.
///
/// # Errors
/// `Missing`.
pub(crate) async fn share(conn: &mut Conn, id: StaffId) -> Result<Staff> {
    let row = staff::table.find(id).select(COLUMNS).for_share();
    read(row.first(conn).await?)
}

/// The account with this address in its key form, and its password's hash.
///
/// # Errors
/// The database's.
pub(crate) async fn find_by_email(
    conn: &mut Conn,
    email: &str,
) -> Result<Option<(Staff, PasswordHash)>> {
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

/// The hash of an account's password; `None` for the account of an API key.
///
/// # Errors
/// `Missing`.
pub(crate) async fn password_of(conn: &mut Conn, id: StaffId) -> Result<Option<PasswordHash>> {
    let hash: Option<String> = staff::table
        .find(id)
        .select(staff::password_hash)
        .first(conn)
        .await?;
    Ok(hash.map(PasswordHash::from_stored))
}

/// All accounts, by name; there are few.
///
/// # Errors
/// The database's.
pub(crate) async fn list(conn: &mut Conn) -> Result<Vec<Staff>> {
    let rows: Vec<Row> = staff::table
        .select(COLUMNS)
        .order((staff::name, staff::id))
        .limit(5_000)
        .load(conn)
        .await?;
    rows.into_iter().map(read).collect()
}

/// The newest events on a subject, newest first, each with the name of the account that acted, if it was one of staff.
///
/// # Errors
/// The database's.
pub(crate) async fn history(
    conn: &mut Conn,
    subject: &str,
    limit: i64,
) -> Result<Vec<(Event, Option<String>)>> {
    #[derive(QueryableByName)]
    struct Named {
        #[diesel(embed)]
        newest: newest::Newest,
        #[diesel(sql_type = Nullable<Text>)]
        account: Option<String>,
    }
    // How the text form of an actor names an account of staff: `Actor`.
    let with_names = format!(
        "select f.*, s.name as account from ({}) f
        left join staff s on s.id = substring(f.actor from '^staff:[a-z]+_([0-9a-f]{{32}})$')::uuid
        order by f.seq desc, f.written_at desc",
        newest::question("subject = $1", "$2")
    );
    let rows: Vec<Named> = diesel::sql_query(with_names)
        .bind::<Text, _>(subject)
        .bind::<BigInt, _>(newest::rows_for(limit))
        .load(conn)
        .await?;
    let shown = rows
        .into_iter()
        .filter_map(|row| Some((row.newest.event()?, row.account)));
    Ok(shown.take(usize::try_from(limit).unwrap_or(0)).collect())
}

/// Sets another password.
///
/// # Errors
/// The database's.
pub(crate) async fn set_password(
    conn: &mut Conn,
    id: StaffId,
    password: &PasswordHash,
) -> Result<()> {
    diesel::update(staff::table.find(id))
        .set(staff::password_hash.eq(password.as_str()))
        .execute(conn)
        .await?;
    Ok(())
}

/// Sets another password in the place of one that was proved. Refused if it is another by now.
///
/// # Errors
/// The database's.
pub(crate) async fn replace_password(
    conn: &mut Conn,
    id: StaffId,
    former: &PasswordHash,
    password: &PasswordHash,
) -> Result<Guarded> {
    let set = diesel::update(staff::table.find(id))
        .filter(staff::password_hash.eq(former.as_str()))
        .set(staff::password_hash.eq(password.as_str()))
        .execute(conn)
        .await?;
    Ok(Guarded::of(set))
}

/// Disables or enables an account. Refused if it is so already.
///
/// # Errors
/// The database's.
pub(crate) async fn set_disabled(
    conn: &mut Conn,
    id: StaffId,
    at: Option<DateTime<Utc>>,
) -> Result<Guarded> {
    let set = diesel::update(staff::table.find(id))
        .filter(staff::disabled_at.is_null().eq(at.is_some()))
        .set(staff::disabled_at.eq(at))
        .execute(conn)
        .await?;
    Ok(Guarded::of(set))
}
