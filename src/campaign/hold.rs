//! What people do with a campaign under way: hold it, let it go on, end it. And stop everything.

use serde_json::json;

use super::CampaignStatus;
use super::error::CampaignError;
use super::guard::{lock_for, note};
use super::store::{self, Move};
use crate::actor::Actor;
use crate::app::App;
use crate::audit;
use crate::db::{self, bell};
use crate::id::{CampaignId, StaffId};
use crate::notice::store::batch;

/// Holds a sending campaign.
///
/// # Errors
/// [`CampaignError::IllegalMove`].
pub async fn pause(
    app: &App,
    by: Actor,
    id: CampaignId,
    reason: Option<&str>,
) -> Result<(), CampaignError> {
    let with = Move {
        status_reason: reason.map(ToOwned::to_owned),
        ..Move::default()
    };
    steer(app, by, id, CampaignStatus::Paused, "campaign.pause", &with).await
}

/// Puts a warning about a campaign on record.
///
/// # Errors
/// The database's.
pub async fn warn(app: &App, by: Actor, id: CampaignId, reason: &str) -> Result<(), CampaignError> {
    let mut tx = app.db.begin().await?;
    note(
        &mut tx,
        app,
        by,
        "campaign.warn",
        id,
        &json!({ "reason": reason }),
    )
    .await?;
    tx.commit().await?;
    Ok(())
}

/// Lets a paused campaign go on.
///
/// # Errors
/// [`CampaignError::IllegalMove`].
pub async fn resume(app: &App, by: StaffId, id: CampaignId) -> Result<(), CampaignError> {
    let mut tx = app.db.begin().await?;
    let campaign = store::lock(&mut tx, id).await?;
    if campaign.status != CampaignStatus::Paused {
        return Err(CampaignError::IllegalMove {
            from: campaign.status,
            to: CampaignStatus::Sending,
        });
    }
    store::set_status(&mut tx, id, CampaignStatus::Sending, &Move::default()).await?;
    // Whoever lets it go on once its first slice was tried has seen how that ended. Before, the slice goes on alone.
    let is_tried = batch::first_slice(&mut tx, id).await?.is_some();
    let passed = is_tried && store::pass_canary(&mut tx, id, app.now()).await?;
    note(
        &mut tx,
        app,
        Actor::Staff(by),
        "campaign.resume",
        id,
        &json!({ "canary_passed": passed }),
    )
    .await?;
    tx.commit().await?;
    Ok(())
}

/// Ends a campaign: what is not sent by now never will be.
///
/// # Errors
/// [`CampaignError::IllegalMove`].
pub async fn cancel(app: &App, by: StaffId, id: CampaignId) -> Result<(), CampaignError> {
    let with = Move {
        ended_at: Some(app.now()),
        ..Move::default()
    };
    steer(
        app,
        Actor::Staff(by),
        id,
        CampaignStatus::Cancelled,
        "campaign.cancel",
        &with,
    )
    .await
}

async fn steer(
    app: &App,
    by: Actor,
    id: CampaignId,
    to: CampaignStatus,
    deed: &str,
    with: &Move,
) -> Result<(), CampaignError> {
    let mut tx = app.db.begin().await?;
    lock_for(&mut tx, id, to).await?;
    store::set_status(&mut tx, id, to, with).await?;
    note(
        &mut tx,
        app,
        by,
        deed,
        id,
        &json!({ "reason": with.status_reason }),
    )
    .await?;
    tx.commit().await?;
    Ok(())
}

/// Stops every campaign and every letter on every node (P4). `false`: it was stopped already.
///
/// # Errors
/// The database's.
pub async fn stop_everything(app: &App, by: Actor) -> db::Result<bool> {
    switch(app, by, true).await
}

/// Lifts the emergency stop. `false`: nothing was stopped.
///
/// # Errors
/// The database's.
pub async fn start_again(app: &App, by: Actor) -> db::Result<bool> {
    switch(app, by, false).await
}

async fn switch(app: &App, by: Actor, stop: bool) -> db::Result<bool> {
    let now = app.now();
    let who = by.to_string();
    let mut tx = app.db.begin().await?;
    let changed = store::set_stopped(&mut tx, stop.then_some((now, who.as_str()))).await?;
    if changed {
        let deed = if stop {
            "sending.stop"
        } else {
            "sending.start"
        };
        bell::ring(&mut tx, store::GATE).await?;
        audit::store::append(&mut tx, now, by, deed, "everything", &json!({})).await?;
    }
    tx.commit().await?;
    Ok(changed)
}
