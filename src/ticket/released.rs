//! An agent who leaves: the account is disabled, and the tickets that it held go back to the queue.

use serde_json::json;

use super::store;
use crate::actor::Actor;
use crate::app::App;
use crate::audit::{self, Action};
use crate::id::StaffId;
use crate::staff::manage::{self, ManageError};

/// Disables an account: its sessions end, its keys are revoked for good, its tickets go back to the queue. Doing it twice
/// changes nothing.
///
/// # Errors
/// [`ManageError::Missing`], [`ManageError::Yourself`].
pub async fn disable(app: &App, by: Actor, id: StaffId) -> Result<(), ManageError> {
    let now = app.now();
    let mut tx = app.db.begin().await?;
    if let Some(revoked) = manage::disable(&mut tx, by, id, now).await? {
        let released = store::release_of(&mut tx, id, now).await?;
        let detail = json!({ "tickets_released": released, "keys_revoked": revoked });
        audit::store::append(&mut tx, now, by, Action::StaffDisable, id, &detail).await?;
    }
    tx.commit().await?;
    Ok(())
}
