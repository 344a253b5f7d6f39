//! Seals reasons that an older program left readable. Those of forgotten incidents are erased.

use super::store;
use crate::app::App;
use crate::db::{Error, Result};
use crate::seal::Keyring;

/// How many are replaced in one transaction.
const BATCH: i64 = 500;

/// Replaces every readable reason of tickets and their moves; how many. Doing it twice, or on two nodes, does no harm.
///
/// # Errors
/// The database's.
pub async fn reasons(app: &App) -> Result<usize> {
    let mut replaced = 0;
    loop {
        let mut tx = app.db.begin().await?;
        let tickets = store::readable_reasons(&mut tx, BATCH).await?;
        for of in &tickets {
            // A ticket on hold has a reason, whatever can be read of it.
            let sealed = sealed(&app.keys, of)?.unwrap_or_default();
            store::replace_reason(&mut tx, of.0, &of.3, &sealed).await?;
        }
        let moves = store::readable_moves(&mut tx, BATCH).await?;
        for (id, of) in &moves {
            let sealed = sealed(&app.keys, of)?;
            store::replace_move(&mut tx, *id, sealed.as_deref()).await?;
        }
        tx.commit().await?;
        replaced += tickets.len() + moves.len();
        if tickets.is_empty() && moves.is_empty() {
            return Ok(replaced);
        }
    }
}

/// `None`: the key of its incident was destroyed.
fn sealed(
    keys: &Keyring,
    (ticket, incident, wrapped, words): &store::Readable,
) -> Result<Option<Vec<u8>>> {
    let Some(wrapped) = wrapped else {
        return Ok(None);
    };
    let key = keys
        .incident_key(*incident, wrapped)
        .map_err(|_| Error::inconsistent("incident", incident))?;
    Ok(Some(store::seal_reason(&key, *ticket, words)))
}
