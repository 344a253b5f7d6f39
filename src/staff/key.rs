//! API keys: an account without a mailbox, and a secret that is shown once and kept as a hash.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use super::manage::ManageError;
use super::{Staff, StaffRole, check_name, store};
use crate::actor::Actor;
use crate::app::App;
use crate::audit::{self, Action};
use crate::db;
use crate::id::{KeyId, StaffId};
use crate::seal::{random, sha256};

const PREFIX: &str = "cnd_";

/// An API key: `cnd_` and 32 random octets as base64url. Never printed but on purpose.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ApiKey([u8; 32]);

impl ApiKey {
    /// Reads a key; anything else is `None`.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text.strip_prefix(PREFIX)?).ok()?;
        Some(Self(bytes.try_into().ok()?))
    }

    /// The key itself, to be shown once.
    pub fn expose(self) -> String {
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(self.0))
    }

    fn hash(self) -> [u8; 32] {
        sha256(&self.0)
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(•••)")
    }
}

/// Makes an account that acts by key alone.
///
/// # Errors
/// [`ManageError::Name`], [`ManageError::NoRole`].
pub async fn create(
    app: &App,
    by: Actor,
    name: &str,
    roles: &[StaffRole],
) -> Result<(Staff, ApiKey), ManageError> {
    check_name(name)?;
    if roles.is_empty() {
        return Err(ManageError::NoRole);
    }
    let now = app.now();
    let key = ApiKey(random());
    let account = Staff {
        id: StaffId::new(now),
        email: None,
        name: name.to_owned(),
        roles: roles.to_vec(),
        created_at: now,
        disabled_at: None,
    };
    let id = KeyId::new(now);
    let mut tx = app.db.begin().await?;
    store::insert(&mut tx, &account, None).await?;
    store::insert_key(&mut tx, id, account.id, &key.hash(), now).await?;
    let detail = json!({ "key": id, "name": name, "roles": roles });
    audit::store::append(&mut tx, now, by, Action::KeyCreate, account.id, &detail).await?;
    tx.commit().await?;
    Ok((account, key))
}

/// The key and its account; `None` if it is unknown, revoked, or its account is disabled.
///
/// # Errors
/// The database's.
pub async fn find(app: &App, key: ApiKey) -> db::Result<Option<(KeyId, Staff)>> {
    let mut conn = app.db.get().await?;
    store::find_by_key(&mut conn, &key.hash()).await
}

/// Makes another key for an account that acts by key, so that one can replace the other.
///
/// # Errors
/// [`ManageError::Missing`], [`ManageError::HasMailbox`].
pub async fn add(app: &App, by: Actor, account: StaffId) -> Result<ApiKey, ManageError> {
    let (now, key) = (app.now(), ApiKey(random()));
    let id = KeyId::new(now);
    let mut tx = app.db.begin().await?;
    if store::find(&mut tx, account).await?.email.is_some() {
        return Err(ManageError::HasMailbox);
    }
    store::insert_key(&mut tx, id, account, &key.hash(), now).await?;
    let detail = json!({ "key": id });
    audit::store::append(&mut tx, now, by, Action::KeyAdd, account, &detail).await?;
    tx.commit().await?;
    Ok(key)
}

/// Revokes one key, for good; others of the account stay.
///
/// # Errors
/// [`ManageError::NoKey`].
pub async fn revoke(app: &App, by: Actor, id: KeyId) -> Result<(), ManageError> {
    let now = app.now();
    let mut tx = app.db.begin().await?;
    let account = store::revoke_key(&mut tx, id, now).await?;
    let account = account.ok_or(ManageError::NoKey)?;
    let detail = json!({ "key": id });
    audit::store::append(&mut tx, now, by, Action::KeyRevoke, account, &detail).await?;
    tx.commit().await?;
    Ok(())
}
