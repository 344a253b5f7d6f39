//! The keys that the database is used with: another master key, or another key of links and codes, is refused before
//! anything is done with it.

use std::sync::atomic::Ordering;

use chrono::{DateTime, Utc};
use serde_json::json;

use super::store;
use crate::actor::Actor;
use crate::app::App;
use crate::audit::{self, Action};
use crate::db::{self, Conn};
use crate::incident;
use crate::seal::{Fingerprints, Keyring, to_hex};

const MASTER: &str = "master";
const LINKS: &str = "links";

/// Why these keys are refused.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The master key is another.
    #[error(
        "the master key that the settings give (secrets.master_key_file, master_key_command or master_key) is not the \
         key of this database: its fingerprint is {given}, that of the one in use {known}. Give that one; to replace it see \"Replacing the master key\" in docs/operations.md"
    )]
    Master {
        /// Of the one given.
        given: String,
        /// Of the one in use.
        known: String,
    },
    /// No fingerprint is on record, and the master key opens no incident.
    #[error(
        "the master key that the settings give (secrets.master_key_file, master_key_command or master_key; \
         fingerprint {0}) does not open the incidents of this database: give the key under which they were made"
    )]
    OpensNothing(String),
    /// The key of links and codes is another.
    #[error(
        "status links and codes would derive from another key than those already sent: the fingerprint of the one \
         given is {given}, of the one in use {known}. Name that one in secrets.link_key_file; if all links and codes \
         sent so far shall end, say so once with `candor key change-links`"
    )]
    Links {
        /// Of the one given.
        given: String,
        /// Of the one in use.
        known: String,
    },
    /// The database failed.
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl db::Trouble for KeyError {
    fn is_outage(&self) -> bool {
        matches!(self, Self::Db(error) if error.is_outage())
    }
}

/// Compares the keys of the settings with those that the database is used with; writes nothing. `false`: it is used with
/// none yet, since no incident was opened.
///
/// # Errors
/// [`KeyError`].
pub async fn check(app: &App) -> Result<bool, KeyError> {
    let mut conn = app.db.get().await?;
    if !incident::store::any(&mut conn).await? {
        return Ok(false);
    }
    compare(&mut conn, &app.keys).await?;
    app.has_right_keys.store(true, Ordering::Relaxed);
    Ok(true)
}

/// The same as a process starts: the keys of a database that has incidents and no record are put on record. `false`:
/// there is no incident yet, and another node may open the first one with other keys. A process asks again until there is
/// one.
///
/// # Errors
/// [`KeyError`].
pub async fn start(app: &App) -> Result<bool, KeyError> {
    let mut conn = app.db.get().await?;
    if !incident::store::any(&mut conn).await? {
        return Ok(false);
    }
    let missing = compare(&mut conn, &app.keys).await?;
    insert(&mut conn, &missing, app.now()).await?;
    app.has_right_keys.store(true, Ordering::Relaxed);
    Ok(true)
}

/// Refuses other keys before a sender derives anything from them, also where the first incident was opened since the
/// process started. Asks nothing once they were found to be right.
///
/// # Errors
/// `Inconsistent` for other keys; the database's.
pub async fn refuse_others(app: &App) -> db::Result<()> {
    if app.has_right_keys.load(Ordering::Relaxed) {
        return Ok(());
    }
    match start(app).await {
        Ok(_) => Ok(()),
        Err(KeyError::Db(error)) => Err(error),
        Err(_) => Err(db::Error::inconsistent(
            "key_fingerprint",
            "keys of the settings",
        )),
    }
}

/// The same in the transaction that opens an incident: the first one puts the keys on record, replacing keys that never
/// sealed anything.
///
/// # Errors
/// [`KeyError`].
pub async fn open(tx: &mut Conn, keys: &Keyring, at: DateTime<Utc>) -> Result<(), KeyError> {
    // Of two first incidents under two keys one is refused.
    store::lock(tx).await?;
    if incident::store::any(tx).await? {
        let missing = compare(tx, keys).await?;
        return Ok(insert(tx, &missing, at).await?);
    }
    let given = keys.fingerprints();
    store::set_fingerprint(tx, MASTER, &given.master, at).await?;
    store::set_fingerprint(tx, LINKS, &given.links, at).await?;
    Ok(())
}

/// What is not on record yet.
type Missing = Vec<(&'static str, [u8; 8])>;

async fn insert(conn: &mut Conn, missing: &Missing, at: DateTime<Utc>) -> db::Result<()> {
    for (name, fingerprint) in missing {
        store::insert_fingerprint(conn, name, fingerprint, at).await?;
    }
    Ok(())
}

/// Compares the keys of the settings with the fingerprints on record; without one the master key must open the incidents.
async fn compare(conn: &mut Conn, keys: &Keyring) -> Result<Missing, KeyError> {
    let given = keys.fingerprints();
    let mut missing = Missing::new();
    match store::fingerprint(conn, MASTER).await? {
        Some(known) if is_master(&known, &given) => {}
        Some(known) => {
            return Err(KeyError::Master {
                given: to_hex(&given.master),
                known: to_hex(&known),
            });
        }
        None => missing.push((MASTER, in_use(conn, keys).await?)),
    }
    match store::fingerprint(conn, LINKS).await? {
        Some(known) if is_links(&known, &given) => {}
        Some(known) => {
            return Err(KeyError::Links {
                given: to_hex(&given.links),
                known: to_hex(&known),
            });
        }
        None => missing.push((LINKS, given.links)),
    }
    Ok(missing)
}

/// Until the incident keys are wrapped under the new key, the key on record is the former one.
fn is_master(known: &[u8], given: &Fingerprints) -> bool {
    known == given.master || given.former.is_some_and(|former| known == former)
}

/// The settings of a new master key say whether links end with the former one; the record changes once the incident
/// keys are wrapped under the new key.
fn is_links(known: &[u8], given: &Fingerprints) -> bool {
    known == given.links || given.former.is_some() && given.links == given.master
}

/// The master key under which a database without a record was made.
async fn in_use(conn: &mut Conn, keys: &Keyring) -> Result<[u8; 8], KeyError> {
    let given = keys.fingerprints();
    let mut master = given.master;
    for (incident, wrapped) in incident::store::list_keys(conn).await? {
        match (keys.rewrap(incident, &wrapped), given.former) {
            (Ok(None), _) => {}
            (Ok(Some(_)), Some(former)) => master = former,
            _ => return Err(KeyError::OpensNothing(to_hex(&given.master))),
        }
    }
    Ok(master)
}

/// Puts the present keys on record, in the transaction that wraps all incidents under them.
///
/// # Errors
/// The database's.
pub async fn replaced(conn: &mut Conn, keys: &Keyring, at: DateTime<Utc>) -> db::Result<()> {
    let given = keys.fingerprints();
    store::set_fingerprint(conn, MASTER, &given.master, at).await?;
    if given.former.is_some() {
        store::set_fingerprint(conn, LINKS, &given.links, at).await?;
    }
    Ok(())
}

/// Puts the present key of links and codes on record: those that derive from the one before end. `false`: it is the
/// one in use.
///
/// # Errors
/// [`KeyError::Master`], [`KeyError::OpensNothing`]; the database's.
pub async fn change_links(app: &App, by: Actor) -> Result<bool, KeyError> {
    match check(app).await {
        Ok(_) => return Ok(false),
        Err(KeyError::Links { .. }) => {}
        Err(other) => return Err(other),
    }
    let links = app.keys.fingerprints().links;
    let mut tx = app.db.begin().await?;
    store::set_fingerprint(&mut tx, LINKS, &links, app.now()).await?;
    let detail = json!({ "fingerprint": to_hex(&links) });
    audit::store::append(
        &mut tx,
        app.now(),
        by,
        Action::LinksEnd,
        "everything",
        &detail,
    )
    .await?;
    tx.commit().await?;
    Ok(true)
}
