//! How the send permission looks at the database, and when.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::SendPermission;
use crate::account;
use crate::app::App;
use crate::campaign;
use crate::campaign::ability::{ProviderHeld, RelaySeen, Unanswered};
use crate::campaign::store::Heartbeat;
use crate::db::notify::{self, Listener};
use crate::db::{Conn, Result};
use crate::delivery::pacing::shares::{FRESH, RateShares, Said};
use crate::deployment::watch::Witness;
use crate::id::{CampaignId, IncidentId};
use crate::shutdown::Shutdown;
use crate::worker::idle::Wake;
use crate::worker::relay_state::RelayState;

/// How often the sender checks that the database is not an older copy.
const WITNESS: Duration = Duration::from_secs(1);
/// The same while no batch is leased.
const WITNESS_IDLE: Duration = Duration::from_secs(2);
/// How often a sender without leased batches polls: well within [`FRESH`].
const LOOK_IDLE: Duration = Duration::from_secs(1);
/// A relay that takes longer for an answer is published as not answering.
const SLOW: Duration = Duration::from_secs(1);

impl SendPermission {
    /// The buckets with people that changed since a leased batch was read.
    async fn newer(&self, conn: &mut Conn) -> Result<HashMap<(IncidentId, i32), i32>> {
        let oldest = {
            let in_progress = self
                .in_progress
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            in_progress.oldest()
        };
        if oldest.is_empty() {
            return Ok(HashMap::new());
        }
        let newer = account::store::list_newer(conn, &oldest).await?;
        let version = |of: account::store::Newest| ((of.incident, of.bucket), of.version);
        Ok(newer.into_iter().map(version).collect())
    }

    /// Looks at the database.
    pub(crate) async fn look(&self, app: &App) -> Result<()> {
        let ids: Vec<CampaignId> = {
            let last = self.last.read().unwrap_or_else(PoisonError::into_inner);
            last.campaigns.keys().copied().collect()
        };
        // The age of the answer counts from before the question.
        let asked = Instant::now();
        let mut conn = app.db.get().await?;
        let heartbeat = Heartbeat {
            relays: self.relays(app),
            in_use: self.in_use(),
            sending: self.sending(),
            at_work: self.began.elapsed(),
        };
        let node = &app.config.mail.node;
        let others =
            campaign::store::publish_heartbeat(&mut conn, self.me, node, &heartbeat).await?;
        let (stopped, seen) = campaign::store::send_permission(&mut conn, &ids).await?;
        let forgotten = match ids.is_empty() {
            true => Vec::new(),
            false => campaign::store::without_key(&mut conn, &ids).await?,
        };
        let newer = self.newer(&mut conn).await?;
        let mut last = self.last.write().unwrap_or_else(PoisonError::into_inner);
        if last.at.is_none_or(|at| asked.duration_since(at) >= FRESH) {
            // The other senders may have considered this sender dead, and it them.
            last.said = Said::default();
        }
        last.at = Some(asked);
        last.stopped = stopped;
        let heard = last.said.say(&heartbeat.in_use, asked);
        last.shares = RateShares::new(&heard, &others);
        last.campaigns.extend(seen);
        last.forgotten.extend(forgotten);
        last.newer = newer;
        Ok(())
    }

    fn relays(&self, app: &App) -> Vec<RelaySeen> {
        let now = app.now();
        let provider = |(name, left, why): (String, Duration, &str)| ProviderHeld {
            name: Some(name).filter(|name| app.config.providers.contains_key(name)),
            until: now + left,
            why: why.to_owned(),
        };
        let unanswered = |relay_state: &RelayState| {
            let silence = relay_state.route.relay.silent_for(SLOW)?;
            Some(Unanswered {
                connections: i64::try_from(silence.connections).unwrap_or(i64::MAX),
                since: now - silence.longest,
            })
        };
        let seen = |relay_state: &Arc<RelayState>| {
            let name = relay_state.route.relay.name();
            let held = relay_state.held_because();
            RelaySeen {
                name: name.to_owned(),
                connections: app.metrics.connections.with_label_values(&[name]).get(),
                held_until: held.map(|(left, _)| now + left),
                why: held.map(|(_, why)| why.to_owned()),
                per_second: relay_state.route.rate_per_second,
                node_per_second: app.config.mail.rate_per_second,
                providers: relay_state
                    .providers_held()
                    .into_iter()
                    .map(provider)
                    .collect(),
                unanswered: unanswered(relay_state),
            }
        };
        self.relay_states.iter().map(seen).collect()
    }

    /// Polls until the process leaves: at every notification, and at every poll interval. A notification wakes the
    /// other loops too.
    pub(crate) async fn watch(self, app: App, wake: Wake, shutdown: Shutdown) {
        let poll = Duration::from_millis(app.config.mail.poll_milliseconds.min(500));
        let mut listener = None;
        let mut missed: u32 = 0;
        let witness = Witness::new(&app);
        let mut witnessed: Option<Instant> = None;
        while !shutdown.is_leaving() {
            let (every, rest) = match self.is_idle() {
                true => (WITNESS_IDLE, LOOK_IDLE.min(poll * 4)),
                false => (WITNESS, poll),
            };
            if witnessed.is_none_or(|at| at.elapsed() >= every) {
                witnessed = Some(Instant::now());
                // A doubt is recorded by now, and the poll sees it.
                if let Err(error) = witness.look(&app).await {
                    app.db
                        .trouble("cannot see whether the database is the latest", &error);
                }
            }
            if let Err(error) = self.look(&app).await {
                app.db.trouble(
                    "cannot see whether sending may go on: nothing leaves until I can",
                    &error,
                );
            }
            if listener.is_none() && missed.is_multiple_of(20) {
                listener = Listener::listen(&app.db, notify::SEND_PERMISSION)
                    .await
                    .ok();
            }
            missed = missed.wrapping_add(1);
            let rung = async {
                match &mut listener {
                    Some(listener) => listener.next().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = shutdown.soft().cancelled() => break,
                () = tokio::time::sleep(rest) => {}
                () = self.taken_up.notified() => {}
                alive = rung => match alive {
                    true => wake.all(),
                    false => listener = None,
                }
            }
        }
        // If this fails, the others notice some seconds later.
        let _ = self.part(&app).await;
    }

    async fn part(&self, app: &App) -> Result<()> {
        campaign::store::leave(&mut *app.db.get().await?, self.me).await
    }
}
