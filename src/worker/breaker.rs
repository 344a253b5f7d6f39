//! The breaker: every result that says something about a campaign passes here, and when too many of a campaign's latest are bad, it is paused.

use std::fmt;
use std::sync::{Arc, PoisonError};

use super::hand::{Job, Shared};
use crate::actor::Actor;
use crate::app::App;
use crate::campaign::hold;
use crate::campaign::launch::CampaignError;
use crate::campaign::pacing::Alarm;
use crate::id::CampaignId;
use crate::notice::AttemptResult;

const ME: Actor = Actor::System("breaker");

/// A result of a notice's attempt, as the breaker takes it.
pub struct Heard {
    shared: Arc<Shared>,
    campaign: CampaignId,
    result: AttemptResult,
    tries: u32,
    against: bool,
}

impl Heard {
    /// The result of a job's attempt; `against` says that the reply was against us.
    pub fn of(job: &Job, result: AttemptResult, against: bool) -> Self {
        Self {
            shared: Arc::clone(&job.shared),
            campaign: job.notice.campaign,
            result,
            tries: job.tries,
            against,
        }
    }
}

impl fmt::Debug for Heard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.result.as_str(), self.campaign)
    }
}

/// Takes a result of a relay. What follows from it does not keep the line waiting.
pub fn watch(app: &App, relay: &str, heard: &Heard) {
    let alarm = heard
        .shared
        .window
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take(
            (relay, heard.result, heard.against),
            heard.tries,
            &app.config.breaker,
        );
    if let Some(alarm) = alarm {
        tokio::spawn(act(app.clone(), heard.campaign, alarm));
    }
}

async fn act(app: App, campaign: CampaignId, alarm: Alarm) {
    let (done, reason) = match alarm {
        Alarm::Warn(reason) => {
            let done = hold::warn(&app, ME, campaign, &reason).await;
            (done, reason)
        }
        Alarm::Pause(reason) => {
            let done = hold::pause(&app, ME, campaign, Some(&reason)).await;
            (done, reason)
        }
    };
    match done {
        Ok(()) => tracing::warn!(%campaign, reason, "the breaker"),
        // Somebody was faster.
        Err(CampaignError::IllegalMove { .. }) => {}
        Err(error) => tracing::error!(%error, %campaign, reason, "the breaker could not act"),
    }
}
