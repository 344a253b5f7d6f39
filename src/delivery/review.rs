//! What the program decides about campaigns under way: whether a canary ended well, and how fast they
//! go while the helpline is busy. Any number of nodes may ask; each decision is made once, and is on record.

use chrono::TimeDelta;
use serde_json::json;

use super::pacing::{self, Left, Load};
use super::store::tally;
use crate::actor::{Actor, System};
use crate::app::App;
use crate::audit::{self, Action};
use crate::campaign::canary::CanaryState;
use crate::campaign::error::CampaignError;
use crate::campaign::{hold, store};
use crate::db;
use crate::db::retry::retried;
use crate::id::CampaignId;
use crate::notice::NoticeStatus;
use crate::ticket;

const CANARY: Actor = Actor::System(System::Canary);
const PACING: Actor = Actor::System(System::Pacing);

/// Reviews every campaign that is sending.
///
/// # Errors
/// The database's.
pub async fn all(app: &App) -> db::Result<()> {
    let sending = store::list_sending(&mut *app.db.get().await?).await?;
    if sending.is_empty() {
        return Ok(());
    }
    let load = load(app).await?;
    for campaign in sending {
        retried(|| canary(app, campaign)).await?;
        retried(|| pace(app, campaign, load)).await?;
    }
    Ok(())
}

/// Lets the rest of a campaign go if its canary ended well, pauses the campaign if it did not; nothing
/// while it is not at its end.
///
/// # Errors
/// The database's.
pub async fn canary(app: &App, campaign: CampaignId) -> db::Result<()> {
    let mut tx = app.db.begin().await?;
    if store::lock_canary(&mut tx, campaign).await? != CanaryState::Running {
        return Ok(());
    }
    let Some(notices) = store::canary_states(&mut tx, campaign).await? else {
        return Ok(());
    };
    match pacing::canary(&notices, &app.config.breaker) {
        Ok(()) => {
            let passed = store::pass_canary(&mut tx, campaign, app.now()).await?;
            passed.expected("campaign_pace", campaign)?;
            let detail = json!({ "notices": notices });
            audit::store::append(
                &mut tx,
                app.now(),
                CANARY,
                Action::CampaignCanary,
                campaign,
                &detail,
            )
            .await?;
            tx.commit().await
        }
        Err(reason) => {
            let relays = tally::by_relay(&mut tx, campaign).await?;
            drop(tx);
            let by = relays.iter().map(|part| {
                let bad = part.deferred + part.refused;
                (part.name.as_str(), bad, bad + part.sent)
            });
            let by = pacing::by_relay(by);
            let reason = format!("the canary did not end well: {reason} ({by})");
            match hold::pause(app, CANARY, campaign, Some(&reason)).await {
                Err(CampaignError::Db(error)) => Err(error),
                // It was paused or ended in between.
                _ => Ok(()),
            }
        }
    }
}

/// How the helpline stands now, as far as the limits ask.
async fn load(app: &App) -> db::Result<Load> {
    let limits = &app.config.pacing;
    let mut conn = app.db.get().await?;
    let waiting = match limits.counts_waiting_to() {
        0 => 0,
        most => ticket::store::count_waiting(&mut conn, most).await?,
    };
    let oldest = match limits.asks_for_the_wait() {
        true => ticket::store::oldest_waiting(&mut conn).await?,
        false => None,
    };
    Ok(Load {
        waiting,
        wait: oldest.map_or(TimeDelta::zero(), |since| app.now() - since),
    })
}

async fn pace(app: &App, id: CampaignId, load: Load) -> db::Result<()> {
    let mut tx = app.db.begin().await?;
    let campaign = store::find(&mut tx, id).await?;
    let progress = store::progress(&mut tx, id).await?;
    let limits = &app.config.pacing;
    let now = app.now();
    let quiet = campaign.limits.quiet.and_then(|quiet| quiet.held(now));
    let open = [
        NoticeStatus::Queued,
        NoticeStatus::Sending,
        NoticeStatus::Deferred,
    ];
    let full = match campaign.limits.rate_per_second {
        0 => limits.full_per_second,
        rate => rate,
    };
    let left = Left {
        notices: open.map(|status| progress.of(status)).iter().sum(),
        finish_by: campaign.limits.finish_by,
        full_rate: full.into(),
    };
    let (percent, reason) = match quiet {
        Some(held) => (0, Some(held)),
        None => pacing::helpline(load, left, limits, now),
    };
    let set = store::set_percent(&mut tx, id, percent, reason.as_deref(), app.now()).await?;
    if set.is_written() {
        let detail = json!({ "percent": percent, "reason": reason });
        audit::store::append(
            &mut tx,
            app.now(),
            PACING,
            Action::CampaignPace,
            id,
            &detail,
        )
        .await?;
        tx.commit().await?;
    }
    Ok(())
}
