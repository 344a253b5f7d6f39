//! What people do with a campaign under way: hold it, let it go on, end it. And stop everything.

use serde_json::json;

use super::CampaignStatus;
use super::content::Content;
use super::error::CampaignError;
use super::guard::{lock_for, note, refuse_in_doubt};
use super::store::{self, Move};
use crate::actor::Actor;
use crate::app::App;
use crate::db::{self, Conn, bell};
use crate::id::{CampaignId, IncidentId, StaffId};
use crate::notice::store::batch;
use crate::{audit, incident, scope};

const FREEZE: Actor = Actor::System("freeze");

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

/// The list version that is in force, or on its way, in the place of the `approved` one; `None`: that is in force, and
/// stays so until the transaction ends.
///
/// # Errors
/// The database's.
pub async fn other_scope(
    conn: &mut Conn,
    incident: IncidentId,
    approved: i32,
) -> db::Result<Option<i32>> {
    // In this order: an activation that begins waits for the row, one that has begun is seen.
    let active = incident::store::share_scope(conn, incident).await?;
    let coming = scope::store::activating(conn, incident).await?;
    Ok(coming.or(active.filter(|active| *active != approved)))
}

/// Holds a sending campaign of which the audience is not frozen yet, since this list version has come in force.
///
/// # Errors
/// The database's.
pub async fn pause_unfrozen(app: &App, id: CampaignId, version: i32) -> db::Result<()> {
    let reason = format!(
        "List version {version} came into force before the audience was complete: the approval is void. Cancel this \
         campaign and draft a new one for those not told yet"
    );
    match pause(app, FREEZE, id, Some(&reason)).await {
        Err(CampaignError::Db(error)) => Err(error),
        // Paused or ended by somebody else in between.
        _ => Ok(()),
    }
}

/// Lets a paused campaign go on.
///
/// # Errors
/// [`CampaignError::IllegalMove`]; [`CampaignError::OtherScope`] if its audience is not complete and the list that
/// was approved is not in force any more.
pub async fn resume(app: &App, by: StaffId, id: CampaignId) -> Result<(), CampaignError> {
    let mut tx = app.db.begin().await?;
    let (incident, approved) = audience_from(&mut tx, id).await?;
    // Before the campaign's row, as whoever freezes audiences takes the two.
    let other = match approved {
        Some(approved) => other_scope(&mut tx, incident, approved).await?,
        None => None,
    };
    let campaign = store::lock(&mut tx, id).await?;
    if campaign.status != CampaignStatus::Paused {
        return Err(CampaignError::IllegalMove {
            from: campaign.status,
            to: CampaignStatus::Sending,
        });
    }
    refuse_in_doubt(&mut tx).await?;
    if let (Some(active), Some(approved)) = (other, approved)
        && !store::is_frozen(&mut tx, id).await?
    {
        return Err(CampaignError::OtherScope { approved, active });
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

/// From which incident and list version a campaign's audience is drawn.
async fn audience_from(
    conn: &mut Conn,
    id: CampaignId,
) -> Result<(IncidentId, Option<i32>), CampaignError> {
    let campaign = store::find(conn, id).await?;
    let content = campaign.content.as_deref().and_then(Content::from_text);
    Ok((campaign.incident, content.map(|content| content.scope)))
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
