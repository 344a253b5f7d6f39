//! Throwing a draft away.

use serde_json::json;

use super::super::store::{self, Which};
use super::super::{ScopeStatus, Version};
use super::{ActivateError, find};
use crate::actor::Actor;
use crate::app::App;
use crate::audit::{self, Action};
use crate::db::Conn;
use crate::id::{IncidentId, StaffId};

/// Throws a draft away, with its staged rows and its rejects.
///
/// # Errors
/// [`ActivateError`]; nothing has changed then.
pub async fn discard(
    app: &App,
    by: StaffId,
    incident: IncidentId,
    version: i32,
) -> Result<(), ActivateError> {
    discard_seen(app, by, incident, version, None).await
}

/// Throws a draft away, if it still has the revision that was seen.
///
/// # Errors
/// [`ActivateError`]; nothing has changed then.
pub async fn discard_seen(
    app: &App,
    by: StaffId,
    incident: IncidentId,
    version: i32,
    seen: Option<&str>,
) -> Result<(), ActivateError> {
    // It may take long.
    let app = &app.patient();
    let mut tx = app.db.begin().await?;
    let seen = draft(&mut tx, incident, version)
        .await
        .and_then(|found| is_as_seen(&found, seen));
    if let Err(refused) = seen {
        tx.roll_back().await;
        return Err(refused);
    }
    store::discard(&mut tx, incident, ScopeStatus::Draft, Which::All).await?;
    let detail = json!({ "version": version });
    let (now, actor) = (app.now(), Actor::Staff(by));
    audit::store::append(&mut tx, now, actor, Action::ScopeDiscard, incident, &detail).await?;
    tx.commit().await?;
    Ok(())
}

/// The draft; no other process works on this scope until the transaction ends.
async fn draft(
    conn: &mut Conn,
    incident: IncidentId,
    version: i32,
) -> Result<Version, ActivateError> {
    if !store::try_lock(conn, incident).await? {
        return Err(ActivateError::Busy);
    }
    let found = find(conn, incident, version).await?;
    match found.status {
        ScopeStatus::Draft => Ok(found),
        status => Err(ActivateError::NotADraft { version, status }),
    }
}

/// Refuses a draft that has changed since it was seen, if it is said which revision was.
pub(super) fn is_as_seen(draft: &Version, seen: Option<&str>) -> Result<(), ActivateError> {
    match seen {
        Some(seen) if seen != draft.revision() => Err(ActivateError::Changed {
            version: draft.version,
            accepted: draft.accepted,
            rejected: draft.rejected,
        }),
        _ => Ok(()),
    }
}
