//! Replacing the master key: each incident's key is wrapped under the new key. What the keys seal stays as it is.
//! Answers kept for repeated requests belong to no incident: they are sealed again.

use serde_json::json;

use super::store;
use crate::actor::Actor;
use crate::app::App;
use crate::audit::{self, Action};
use crate::db;
use crate::deployment::keys;
use crate::id::IncidentId;
use crate::staff::replay;

/// Why no key was wrapped.
#[derive(Debug, thiserror::Error)]
pub enum RewrapError {
    /// Neither the present master key nor the former one opens this incident's key.
    #[error(
        "neither this master key nor the former one opens the key of incident {0}: give the one under which it was \
         wrapped as secrets.former_master_key_file"
    )]
    Key(IncidentId),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] db::Error),
}

/// Wraps the keys of all incidents under the present master key, all or none; how many, and how many were
/// wrapped under it already.
///
/// # Errors
/// [`RewrapError`]; nothing has changed then.
pub async fn rewrap(app: &App, by: Actor) -> Result<(usize, usize), RewrapError> {
    let mut tx = app.db.begin().await?;
    let (mut wrapped, mut already) = (0, 0);
    keys::replaced(&mut tx, &app.keys, app.now()).await?;
    for (incident, old) in store::lock_keys(&mut tx).await? {
        let broken = |_| RewrapError::Key(incident);
        match app.keys.rewrap(incident, &old).map_err(broken)? {
            Some(new) => {
                store::set_key(&mut tx, incident, &new).await?;
                audit::store::append(
                    &mut tx,
                    app.now(),
                    by,
                    Action::IncidentRewrap,
                    incident,
                    &json!({}),
                )
                .await?;
                wrapped += 1;
            }
            None => already += 1,
        }
    }
    replay::once::reseal(&mut tx, &app.keys).await?;
    tx.commit().await?;
    Ok((wrapped, already))
}
