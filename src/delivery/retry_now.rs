//! Retry now: staff make the deferred messages of a campaign due at once. Only the time of their next attempt changes. Holds
//! of relays and providers, limits, pauses and the emergency stop apply as before.

use serde_json::json;

use super::store::retry;
use crate::actor::Actor;
use crate::app::App;
use crate::audit::Action;
use crate::campaign::CampaignStatus;
use crate::campaign::error::CampaignError;
use crate::campaign::guard::{Seen, as_seen, note};
use crate::campaign::store;
use crate::id::StaffId;
use crate::staff::replay::store::mark_done;

/// How many batches one transaction makes due: some ten thousand notices.
const BATCHES: i64 = 50;

/// Makes the deferred messages of a campaign due, and says how many. Those in a batch that a sender works on keep their
/// time.
///
/// # Errors
/// [`CampaignError::Changed`], [`CampaignError::NotUnderWay`].
pub async fn retry_now(app: &App, by: StaffId, of: impl Into<Seen>) -> Result<i64, CampaignError> {
    let seen = of.into();
    let id = seen.id;
    // Many short transactions of its own: senders claim the first batches while the next are made due.
    let app = &app.apart();
    let now = app.now();
    let mut tx = app.db.begin().await?;
    let campaign = store::lock(&mut tx, id).await?;
    as_seen(&mut tx, &campaign, seen).await?;
    if !matches!(
        campaign.status,
        CampaignStatus::Sending | CampaignStatus::Paused
    ) {
        return Err(CampaignError::NotUnderWay(campaign.status));
    }
    // It waits for no batch: those that are locked are a sender's.
    let mut made = retry::make_due(&mut tx, id, now, BATCHES).await?;
    let (actor, detail) = (Actor::Staff(by), json!({}));
    note(&mut tx, app, actor, Action::CampaignRetry, id, &detail).await?;
    mark_done(&mut tx).await?;
    tx.commit().await?;
    let mut notices = made.notices;
    while made.batches > 0 {
        let mut tx = app.db.begin().await?;
        made = retry::make_due(&mut tx, id, now, BATCHES).await?;
        tx.commit().await?;
        notices += made.notices;
    }
    Ok(notices)
}
