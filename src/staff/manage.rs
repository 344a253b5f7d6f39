//! What an admin does with accounts: add, disable, enable, reset.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::password::{self, PasswordHash};
use super::session::Token;
use super::{BadName, Staff, StaffRole, check_name, store};
use crate::actor::Actor;
use crate::address::EmailAddress;
use crate::app::App;
use crate::audit::{self, Action};
use crate::db::{self, Conn};
use crate::id::StaffId;

/// Why an account was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ManageError {
    /// There is no such account.
    #[error("there is no such account")]
    Missing,
    /// The name was refused.
    #[error(transparent)]
    Name(#[from] BadName),
    /// An account needs a role.
    #[error("an account needs at least one role")]
    NoRole,
    /// The address is in use.
    #[error("an account with this e-mail address exists already")]
    EmailTaken,
    /// An administrator cannot lock themselves out.
    #[error("nobody can disable their own account: ask another admin")]
    Yourself,
    /// The present password was not right.
    #[error("the present password is not right")]
    WrongPassword,
    /// There is no such key, or it was revoked before.
    #[error("there is no such key, or it is revoked already")]
    NoKey,
    /// Only accounts that act by key have keys.
    #[error("this account signs in with a password: make an account of its own for a key")]
    HasMailbox,
    /// An API key's account has no password.
    #[error("this account belongs to an API key: nobody signs in as it")]
    NoMailbox,
    /// The database failed.
    #[error(transparent)]
    Db(db::Error),
}

impl From<db::Error> for ManageError {
    fn from(error: db::Error) -> Self {
        match error {
            db::Error::Missing => Self::Missing,
            e if e.is_conflict("staff_email_is_taken") => Self::EmailTaken,
            other => Self::Db(other),
        }
    }
}

/// Adds an account that can sign in.
///
/// # Errors
/// [`ManageError::Name`], [`ManageError::NoRole`], [`ManageError::EmailTaken`].
pub async fn add(
    app: &App,
    by: Actor,
    name: &str,
    email: &EmailAddress,
    roles: &[StaffRole],
    password: &PasswordHash,
) -> Result<Staff, ManageError> {
    check_name(name)?;
    if roles.is_empty() {
        return Err(ManageError::NoRole);
    }
    let now = app.now();
    let staff = Staff {
        id: StaffId::new(now),
        email: Some(email.clone()),
        name: name.to_owned(),
        roles: roles.to_vec(),
        created_at: now,
        disabled_at: None,
    };
    let mut tx = app.db.begin().await?;
    store::insert(&mut tx, &staff, Some(password)).await?;
    let detail = json!({ "name": name, "roles": roles });
    audit::store::append(&mut tx, now, by, Action::StaffAdd, staff.id, &detail).await?;
    tx.commit().await?;
    Ok(staff)
}

/// Disables an account: its sessions end, its keys are revoked for good. How many keys; `None`: it was disabled before.
/// `ticket::released` also gives its tickets back, and audits both.
///
/// # Errors
/// [`ManageError::Missing`], [`ManageError::Yourself`].
pub async fn disable(
    conn: &mut Conn,
    by: Actor,
    id: StaffId,
    now: DateTime<Utc>,
) -> Result<Option<usize>, ManageError> {
    if by.staff() == Some(id) {
        return Err(ManageError::Yourself);
    }
    store::find(conn, id).await?;
    let disabled = store::set_disabled(conn, id, Some(now)).await?;
    if !disabled.is_written() {
        return Ok(None);
    }
    store::delete_sessions_of(conn, id).await?;
    Ok(Some(store::revoke_keys_of(conn, id, now).await?))
}

/// Enables an account again; keys that it had stay revoked. Doing it twice changes nothing.
///
/// # Errors
/// [`ManageError::Missing`].
pub async fn enable(app: &App, by: Actor, id: StaffId) -> Result<(), ManageError> {
    let mut tx = app.db.begin().await?;
    store::find(&mut tx, id).await?;
    if store::set_disabled(&mut tx, id, None).await?.is_written() {
        audit::store::append(&mut tx, app.now(), by, Action::StaffEnable, id, &json!({})).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Sets another password and ends the sessions of the account.
///
/// # Errors
/// [`ManageError::Missing`], [`ManageError::NoMailbox`].
pub async fn reset(
    app: &App,
    by: Actor,
    id: StaffId,
    password: &PasswordHash,
) -> Result<(), ManageError> {
    let mut tx = app.db.begin().await?;
    if store::find(&mut tx, id).await?.email.is_none() {
        return Err(ManageError::NoMailbox);
    }
    store::set_password(&mut tx, id, password).await?;
    store::delete_sessions_of(&mut tx, id).await?;
    audit::store::append(&mut tx, app.now(), by, Action::StaffReset, id, &json!({})).await?;
    tx.commit().await?;
    Ok(())
}

/// Sets another password for oneself. The present one is asked for again, and other sessions end; `keep` is the one from
/// which it is done.
///
/// # Errors
/// [`ManageError::WrongPassword`], [`ManageError::NoMailbox`].
pub async fn change_password(
    app: &App,
    by: StaffId,
    keep: Option<Token>,
    present: &str,
    new: &PasswordHash,
) -> Result<(), ManageError> {
    let hash = store::password_of(&mut *app.db.get().await?, by).await?;
    let hash = hash.ok_or(ManageError::NoMailbox)?;
    if !password::verify(Some(hash.clone()), present).await {
        return Err(ManageError::WrongPassword);
    }
    let keep = keep.map(Token::hash);
    let mut tx = app.db.begin().await?;
    // An admin may have set another one while the present one was hashed.
    let replaced = store::replace_password(&mut tx, by, &hash, new).await?;
    if !replaced.is_written() {
        return Err(ManageError::WrongPassword);
    }
    let kept = keep.as_ref().map(|hash| hash.as_slice());
    let ended = store::delete_other_sessions(&mut tx, by, kept).await?;
    let (now, actor) = (app.now(), Actor::Staff(by));
    let detail = json!({ "sessions_ended": ended });
    audit::store::append(
        &mut tx,
        now,
        actor,
        Action::StaffChangePassword,
        by,
        &detail,
    )
    .await?;
    tx.commit().await?;
    Ok(())
}
