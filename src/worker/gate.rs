//! The gate: may this campaign's next message leave? Asked before every message, answered from a look
//! at the database that is never older than [`FRESH`] (promise P4).

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::shares::{FRESH, Said, Shares};
use super::trunk::Trunk;
use crate::app::App;
use crate::campaign::store::{Beat, RelaySeen, Seen};
use crate::campaign::{self, CampaignStatus};
use crate::db::Result;
use crate::db::bell::Bell;
use crate::id::{CampaignId, SenderId};
use crate::shutdown::Shutdown;

/// Whether a message may leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leave {
    /// It may.
    Go,
    /// Nobody knows at present.
    Wait,
    /// It may not: back to the queue with it.
    Back,
}

#[derive(Debug, Default)]
struct Last {
    at: Option<Instant>,
    stopped: bool,
    said: Said,
    shares: Shares,
    campaigns: HashMap<CampaignId, Seen>,
    /// Those of forgotten incidents: nothing of them leaves, however they stand.
    forgotten: HashSet<CampaignId>,
}

/// What was last seen of the campaigns in hand, and of who else is at work.
#[derive(Clone)]
pub struct Gate {
    me: SenderId,
    trunks: Arc<[Arc<Trunk>]>,
    /// How many batches of each campaign this sender has in hand.
    hands: Arc<Mutex<BTreeMap<CampaignId, usize>>>,
    /// A campaign came into hand.
    taken_up: Arc<Notify>,
    last: Arc<RwLock<Last>>,
}

impl Gate {
    /// That of a sender which has seen nothing yet, and of whose relays others are told.
    pub fn new(me: SenderId, trunks: &[Arc<Trunk>]) -> Self {
        Self {
            me,
            trunks: trunks.into(),
            hands: Arc::default(),
            taken_up: Arc::default(),
            last: Arc::default(),
        }
    }

    /// Whether the campaign's next message may leave.
    pub fn leave(&self, campaign: CampaignId) -> Leave {
        let last = self.last.read().unwrap_or_else(PoisonError::into_inner);
        if last.at.is_none_or(|at| at.elapsed() >= FRESH) {
            return Leave::Wait;
        }
        match last.campaigns.get(&campaign) {
            _ if last.forgotten.contains(&campaign) => Leave::Back,
            Some(seen) if !last.stopped && seen.percent > 0 => match seen.status {
                CampaignStatus::Sending => Leave::Go,
                _ => Leave::Back,
            },
            _ => Leave::Back,
        }
    }

    /// How many per cent of its rate the campaign may go.
    pub fn percent(&self, campaign: CampaignId) -> i16 {
        let last = self.last.read().unwrap_or_else(PoisonError::into_inner);
        last.campaigns
            .get(&campaign)
            .map_or(100, |seen| seen.percent)
    }

    /// This sender's part of what relays and providers take: those that have something to send share it evenly.
    pub fn share(&self) -> f64 {
        let last = self.last.read().unwrap_or_else(PoisonError::into_inner);
        last.shares.busy
    }

    /// This sender's part of a campaign's rate.
    pub fn share_of(&self, campaign: CampaignId) -> f64 {
        let last = self.last.read().unwrap_or_else(PoisonError::into_inner);
        last.shares.of(campaign)
    }

    /// A batch of a campaign comes into hand, or leaves it. The others hear of a campaign at once.
    pub fn hold(&self, campaign: CampaignId, held: bool) {
        let mut hands = self.hands.lock().unwrap_or_else(PoisonError::into_inner);
        let batches = hands.entry(campaign).or_default();
        if held && *batches == 0 {
            self.taken_up.notify_one();
        }
        *batches = match held {
            true => *batches + 1,
            false => batches.saturating_sub(1),
        };
        if *batches == 0 {
            hands.remove(&campaign);
        }
    }

    /// What this sender can send; nothing while all its relays are held.
    fn in_hand(&self) -> Vec<CampaignId> {
        if self.trunks.iter().all(|trunk| trunk.held().is_some()) {
            return Vec::new();
        }
        let hands = self.hands.lock().unwrap_or_else(PoisonError::into_inner);
        hands.keys().copied().collect()
    }

    /// A campaign comes into hand, as it was seen just now.
    pub fn admit(&self, campaign: CampaignId, seen: Seen) {
        let mut last = self.last.write().unwrap_or_else(PoisonError::into_inner);
        last.campaigns.entry(campaign).or_insert(seen);
    }

    /// Looks at the database.
    pub async fn look(&self, app: &App) -> Result<()> {
        let ids: Vec<CampaignId> = {
            let last = self.last.read().unwrap_or_else(PoisonError::into_inner);
            last.campaigns.keys().copied().collect()
        };
        // The age of the answer counts from before the question.
        let asked = Instant::now();
        let mut conn = app.db.get().await?;
        let beat = Beat {
            relays: self.relays(app),
            campaigns: self.in_hand(),
        };
        let node = &app.config.mail.node;
        let others = campaign::store::beat(&mut conn, self.me, node, &beat).await?;
        let (stopped, seen) = campaign::store::gate(&mut conn, &ids).await?;
        let forgotten = campaign::store::without_key(&mut conn, &ids).await?;
        let mut last = self.last.write().unwrap_or_else(PoisonError::into_inner);
        if last.at.is_none_or(|at| asked.duration_since(at) >= FRESH) {
            // The others may have taken this sender for dead, as it them.
            last.said = Said::default();
        }
        last.at = Some(asked);
        last.stopped = stopped;
        let heard = last.said.say(&beat.campaigns, asked);
        last.shares = Shares::new(&heard, &others);
        last.campaigns.extend(seen);
        last.forgotten.extend(forgotten);
        Ok(())
    }

    fn relays(&self, app: &App) -> Vec<RelaySeen> {
        let now = app.now();
        let seen = |trunk: &Arc<Trunk>| {
            let name = trunk.route.relay.name();
            let held = trunk.held_because();
            RelaySeen {
                name: name.to_owned(),
                connections: app.metrics.connections.with_label_values(&[name]).get(),
                held_until: held.map(|(left, _)| now + left),
                why: held.map(|(_, why)| why.to_owned()),
            }
        };
        self.trunks.iter().map(seen).collect()
    }

    /// Keeps looking until it is time to leave: at every ring, and every poll interval all the same.
    pub async fn watch(self, app: App, shutdown: Shutdown) {
        let poll = Duration::from_millis(app.config.mail.poll_milliseconds.min(500));
        let mut bell = None;
        let mut missed: u32 = 0;
        while !shutdown.is_leaving() {
            if let Err(error) = self.look(&app).await {
                tracing::warn!(%error, "cannot see whether sending may go on: nothing leaves until I can");
            }
            if bell.is_none() && missed.is_multiple_of(20) {
                bell = Bell::listen(&app.db, campaign::store::GATE).await.ok();
            }
            missed = missed.wrapping_add(1);
            let rung = async {
                match &mut bell {
                    Some(bell) => bell.heard().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = shutdown.soft().cancelled() => break,
                () = tokio::time::sleep(poll) => {}
                () = self.taken_up.notified() => {}
                alive = rung => if !alive {
                    bell = None;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_campaign_is_in_hand_until_its_last_batch_is_through() {
        let route = crate::worker::Route {
            relay: crate::mail::Relay::from_url("r", "file:///tmp/never").expect("a relay"),
            connections: 1,
            rate_per_second: 0,
            standby: false,
        };
        let trunk = Arc::new(Trunk::new(route));
        let me = SenderId::from_uuid(uuid::Uuid::nil());
        let gate = Gate::new(me, &[Arc::clone(&trunk)]);
        let campaign = CampaignId::from_uuid(uuid::Uuid::nil());
        for (held, expected) in [(true, 1), (true, 1), (false, 1), (false, 0), (true, 1)] {
            gate.hold(campaign, held);
            assert_eq!(gate.in_hand().len(), expected);
        }
        trunk.hold(chrono::TimeDelta::hours(1), "it is away");
        assert_eq!(gate.in_hand(), [], "nothing of it can be sent");
    }
}
