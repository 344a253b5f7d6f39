//! Forgetting the people of an incident: its key is destroyed, and with it every name and address. What
//! was counted stays, so that the account still sums.

use serde_json::json;

use super::store;
use crate::actor::Actor;
use crate::app::App;
use crate::audit;
use crate::db;
use crate::id::{IncidentId, StaffId};
use crate::incident::{self, IncidentState};
use crate::scope::{self, ScopeStatus};

/// Why an incident was not forgotten.
#[derive(Debug, thiserror::Error)]
pub enum ForgetError {
    /// There is no such incident.
    #[error("there is no such incident")]
    Missing,
    /// Its name was not repeated.
    #[error(
        "repeat the name of the incident, exactly as in its address: what is forgotten never comes back"
    )]
    NotConfirmed,
    /// It was forgotten before.
    #[error("this incident was forgotten before")]
    Already,
    /// It is not over.
    #[error(
        "this incident is {0}: only a closed or dismissed one can be forgotten, since nobody can be told or answered afterwards"
    )]
    NotOver(IncidentState),
    /// The database failed.
    #[error(transparent)]
    Db(db::Error),
}

impl From<db::Error> for ForgetError {
    fn from(error: db::Error) -> Self {
        match error {
            db::Error::Missing => Self::Missing,
            other => Self::Db(other),
        }
    }
}

/// Destroys the key of an incident for ever, and what imports left beside its people. Backups of the
/// database still hold the wrapped key until they are gone too. `repeated` is its slug, as whoever does it
/// typed it.
///
/// # Errors
/// [`ForgetError`].
pub async fn forget(
    app: &App,
    by: StaffId,
    incident: IncidentId,
    repeated: &str,
) -> Result<(), ForgetError> {
    let now = app.now();
    let mut tx = app.db.begin().await?;
    let found = incident::store::lock(&mut tx, incident).await?;
    if found.forgotten_at.is_some() {
        return Err(ForgetError::Already);
    }
    if found.slug != repeated.trim() {
        return Err(ForgetError::NotConfirmed);
    }
    if !matches!(
        found.state,
        IncidentState::Closed | IncidentState::Dismissed
    ) {
        return Err(ForgetError::NotOver(found.state));
    }
    store::destroy_key(&mut tx, incident, now).await?;
    for waiting in [ScopeStatus::Draft, ScopeStatus::Importing] {
        scope::store::discard(&mut tx, incident, waiting, None).await?;
    }
    scope::store::delete_uploads_of(&mut tx, incident).await?;
    store::delete_remnants(&mut tx, incident).await?;
    audit::store::append(
        &mut tx,
        now,
        Actor::Staff(by),
        "incident.forget",
        incident,
        &json!({}),
    )
    .await?;
    tx.commit().await?;
    Ok(())
}
