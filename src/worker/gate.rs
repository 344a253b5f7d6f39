//! The gate: may this campaign's next message leave? Asked before every message, answered from a look
//! at the database that is never older than [`FRESH`] (promise P4).

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::time::Instant;

use crate::app::App;
use crate::campaign::{self, CampaignStatus};
use crate::db::Result;
use crate::id::CampaignId;
use crate::shutdown::Shutdown;

/// An answer older than this is worth nothing: without the database nothing leaves.
const FRESH: Duration = Duration::from_millis(1_500);

#[derive(Debug, Default)]
struct Seen {
    at: Option<Instant>,
    stopped: bool,
    campaigns: HashMap<CampaignId, CampaignStatus>,
}

/// What was last seen of the campaigns in hand.
#[derive(Debug, Clone, Default)]
pub struct Gate(Arc<RwLock<Seen>>);

impl Gate {
    /// Whether the campaign's next message may leave.
    pub fn is_open(&self, campaign: CampaignId) -> bool {
        let seen = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let fresh = seen.at.is_some_and(|at| at.elapsed() < FRESH);
        fresh && !seen.stopped && seen.campaigns.get(&campaign) == Some(&CampaignStatus::Sending)
    }

    /// A campaign comes into hand, in a state that was read just now.
    pub fn admit(&self, campaign: CampaignId, status: CampaignStatus) {
        let mut seen = self.0.write().unwrap_or_else(PoisonError::into_inner);
        seen.campaigns.entry(campaign).or_insert(status);
    }

    /// Looks at the database.
    pub async fn look(&self, app: &App) -> Result<()> {
        let ids: Vec<CampaignId> = {
            let seen = self.0.read().unwrap_or_else(PoisonError::into_inner);
            seen.campaigns.keys().copied().collect()
        };
        // The age of the answer counts from before the question.
        let asked = Instant::now();
        let mut conn = app.db.get().await?;
        let (stopped, states) = campaign::store::gate(&mut conn, &ids).await?;
        let mut seen = self.0.write().unwrap_or_else(PoisonError::into_inner);
        seen.at = Some(asked);
        seen.stopped = stopped;
        seen.campaigns.extend(states);
        Ok(())
    }

    /// Keeps looking until the last task has left.
    pub async fn watch(self, app: App, shutdown: Shutdown) {
        let mut ticks = tokio::time::interval(Duration::from_millis(
            app.config.mail.poll_milliseconds.min(500),
        ));
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = shutdown.soft().cancelled() => return,
                _ = ticks.tick() => {}
            }
            if let Err(error) = self.look(&app).await {
                tracing::warn!(%error, "cannot see whether sending may go on: nothing leaves until I can");
            }
        }
    }
}
