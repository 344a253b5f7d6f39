//! Forgetting the people of an incident: its key is destroyed, and with it every name and address. What
//! was counted stays, so that the account still sums. It waits until everything of the incident is over, and
//! nothing follows it.

pub(crate) mod store;

use serde_json::json;

use crate::actor::Actor;
use crate::app::App;
use crate::audit::{self, Action};
use crate::campaign::store::Move;
use crate::campaign::{self, CampaignStatus};
use crate::db::{self, Conn, notify};
use crate::id::{IncidentId, StaffId};
use crate::incident::open::Open;
use crate::incident::{self, IncidentState, steer};
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
    /// Something of it is not over.
    #[error("this incident cannot be forgotten yet: {}", .reasons.join("; "))]
    StillOpen {
        /// What is open, each with its number.
        reasons: Vec<String>,
        /// All the numbers.
        open: Box<Open>,
    },
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

/// Destroys the key of an incident for ever, cancels drafts of its campaigns, and deletes what imports left in other
/// tables than `person`. Senders drop the key from memory at their next poll, after a notification on
/// [`notify::SEND_PERMISSION`] or half a second. Backups of the database still hold the wrapped key until they are gone
/// too. `repeated` is its slug, as the member of staff typed it.
///
/// # Errors
/// [`ForgetError`]; nothing has changed then.
pub async fn forget(
    app: &App,
    by: StaffId,
    incident: IncidentId,
    repeated: &str,
) -> Result<(), ForgetError> {
    // It may take long.
    let app = &app.patient();
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
    let open = steer::still_open(&mut tx, incident).await?;
    let reasons = open.before_forgetting(found.state == IncidentState::Dismissed);
    if !reasons.is_empty() {
        // As in `incident::steer::step`.
        tx.roll_back().await;
        return Err(ForgetError::StillOpen {
            reasons,
            open: Box::new(open),
        });
    }
    let drafts = cancel_drafts(&mut tx, app, by, incident).await?;
    store::destroy_key(&mut tx, incident, now).await?;
    // What dead imports left: a live one would have been among the reasons.
    scope::store::discard(
        &mut tx,
        incident,
        ScopeStatus::Importing,
        scope::store::Which::All,
    )
    .await?;
    scope::store::delete_uploads_of(&mut tx, incident).await?;
    store::delete_remnants(&mut tx, incident).await?;
    audit::store::append(
        &mut tx,
        now,
        Actor::Staff(by),
        Action::IncidentForget,
        incident,
        &json!({ "drafts_cancelled": drafts }),
    )
    .await?;
    notify::send(&mut tx, notify::SEND_PERMISSION).await?;
    tx.commit().await?;
    Ok(())
}

/// Cancels the drafts of the incident's campaigns: they can never be submitted. How many.
async fn cancel_drafts(
    conn: &mut Conn,
    app: &App,
    by: StaffId,
    incident: IncidentId,
) -> db::Result<usize> {
    let now = app.now();
    let drafts = campaign::store::drafts_of(conn, incident).await?;
    let with = Move {
        ended_at: Some(now),
        status_reason: Some("its incident was forgotten".to_owned()),
        ..Move::default()
    };
    let mut cancelled = 0;
    for id in &drafts {
        let ended =
            campaign::store::set_status(conn, *id, CampaignStatus::Cancelled, &with).await?;
        if !ended.is_written() {
            // Staff cancelled it in between.
            continue;
        }
        cancelled += 1;
        let detail = json!({ "reason": with.status_reason });
        let actor = Actor::Staff(by);
        audit::store::append(conn, now, actor, Action::CampaignCancel, *id, &detail).await?;
    }
    Ok(cancelled)
}
