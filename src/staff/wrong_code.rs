//! Limits on wrong notice codes, for all web nodes together. Only wrong codes are written; a right one costs one
//! look-up by key. What stands in the database of a network is a keyed hash, for some minutes.

use std::collections::HashMap;
use std::net::IpAddr;

use super::sign_in::{Attempts, Limit, of_networks};
use super::store::wrong_code as store;
use crate::app::App;
use crate::db;
use crate::seal::Keyring;

/// Networks that are counted at most: an attacker with more of them is limited by each node alone.
const MOST: i64 = 100_000;
/// Octets of a network's hash that are kept.
const KEPT: usize = 16;

/// Why no code may be tried.
#[derive(Debug, thiserror::Error)]
pub enum TryError {
    /// Too many wrong ones; seconds until the next may be tried.
    #[error("there were too many wrong codes: wait {0} seconds")]
    TooMany(u32),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] db::Error),
}

/// Whether a client at this address may try another code.
///
/// # Errors
/// [`TryError`].
pub(crate) async fn may_try(app: &App, attempts: &Attempts, from: IpAddr) -> Result<(), TryError> {
    let now = app.now();
    attempts
        .may_try_code(from, now)
        .map_err(TryError::TooMany)?;
    let limits = limits(&app.keys, from);
    let networks: Vec<Vec<u8>> = limits.iter().map(|(network, _)| network.clone()).collect();
    let full_at = store::find(&mut *app.db.get().await?, &networks).await?;
    let full_at: HashMap<_, _> = full_at.into_iter().collect();
    for (network, limit) in &limits {
        if let Some(at) = full_at.get(network) {
            limit.wait(*at, now).map_err(TryError::TooMany)?;
        }
    }
    Ok(())
}

/// Counts a wrong code.
///
/// # Errors
/// The database's.
pub(crate) async fn count(app: &App, attempts: &Attempts, from: IpAddr) -> db::Result<()> {
    let now = app.now();
    attempts.count_wrong_code(from, now);
    let (networks, seconds): (Vec<_>, Vec<_>) = limits(&app.keys, from)
        .into_iter()
        .map(|(network, limit)| (network, limit.seconds()))
        .unzip();
    let mut conn = app.db.get().await?;
    if attempts.sweeps(now) {
        store::sweep(&mut conn, now).await?;
        attempts.set_crowded(store::total(&mut conn).await? >= MOST);
    }
    let counted = (networks.as_slice(), seconds.as_slice());
    store::count(&mut conn, counted, now, attempts.is_crowded()).await
}

/// The networks of an address as the database names them, with their limits.
fn limits(keys: &Keyring, from: IpAddr) -> Vec<(Vec<u8>, Limit)> {
    let named = |(network, limit): ([u8; 32], Limit)| {
        let hash = keys.link_mac(&[b"wrong code", &network]);
        (hash[..KEPT].to_vec(), limit)
    };
    of_networks("codes", from).into_iter().map(named).collect()
}
