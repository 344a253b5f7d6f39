//! The breaker: pauses a campaign when too many of its latest results are bad. Senders pass every result of a campaign
//! through it.

use std::sync::{Arc, PoisonError};

use super::heard::Heard;
use super::leased_batch::Job;
use crate::actor::{Actor, System};
use crate::app::App;
use crate::campaign::hold;
use crate::campaign::launch::CampaignError;
use crate::db::retry::retried;
use crate::delivery::pacing::Alarm;
use crate::id::CampaignId;
use crate::notice::AttemptResult;

const ME: Actor = Actor::System(System::Breaker);

/// The result of a job's attempt; `against` says that the reply was against us.
pub(crate) fn heard(job: &Job, result: AttemptResult, against: bool) -> Heard {
    Heard {
        window: Arc::clone(&job.shared.window),
        campaign: job.notice.campaign,
        result,
        tries: job.tries,
        against,
    }
}

/// Takes a result of a relay. The connection does not wait for what follows from it.
pub(crate) fn watch(app: &App, relay: &str, heard: &Heard) {
    let alarm = heard
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
            let done = retried(|| hold::warn(&app, ME, campaign, &reason)).await;
            (done, reason)
        }
        Alarm::Pause(reason) => {
            let done = retried(|| hold::pause(&app, ME, campaign, Some(&reason))).await;
            (done, reason)
        }
    };
    match done {
        Ok(()) => tracing::warn!(%campaign, reason, "the breaker"),
        // Another sender or a person paused it first.
        Err(CampaignError::IllegalMove { .. }) => {}
        Err(error) => tracing::error!(%error, %campaign, reason, "the breaker could not act"),
    }
}
