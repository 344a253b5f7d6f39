//! The gate: may this campaign's next message leave? Asked before every message, answered from a look
//! at the database that is never older than [`FRESH`] (promise P4).

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::idle::Wake;
use super::shares::{FRESH, Said, Shares};
use super::trunk::Trunk;
use crate::app::App;
use crate::campaign::ability::{ProviderHeld, RelaySeen};
use crate::campaign::store::{Beat, Seen};
use crate::campaign::{self, CampaignStatus};
use crate::db::bell::Bell;
use crate::db::{Conn, Result};
use crate::deployment::watch::Witness;
use crate::id::{CampaignId, IncidentId, SenderId};
use crate::scope;
use crate::shutdown::Shutdown;

/// How often it is seen whether the database is the latest.
const WITNESS: Duration = Duration::from_secs(1);
/// The same while nothing is in hand.
const WITNESS_IDLE: Duration = Duration::from_secs(2);
/// How often a sender that has nothing in hand looks: well before what it saw is too old.
const LOOK_IDLE: Duration = Duration::from_secs(1);
/// A relay whose hold ends sooner counts as free: what it takes then is claimed by then.
const MOMENT: Duration = Duration::from_secs(1);

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

/// From what a batch in hand was read.
#[derive(Debug, Clone, Copy)]
pub struct Source {
    /// Of which campaign.
    pub campaign: CampaignId,
    /// Of which incident.
    pub incident: IncidentId,
    /// The bucket of its people.
    pub bucket: i32,
    /// The list version that the bucket had.
    pub scope: i32,
    /// Before it was read.
    pub read_at: Instant,
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
    /// Buckets that have a newer list version than some batch in hand was read from.
    newer: HashMap<(IncidentId, i32), i32>,
}

impl Last {
    /// Whether the people of a batch that was taken up at `taken_up` are still as they were read.
    fn is_current(&self, of: &Source, taken_up: Instant) -> Leave {
        let newer = self.newer.get(&(of.incident, of.bucket));
        // A look that began before the batch was in hand did not ask for it.
        let is_covered = self.at.is_some_and(|at| at >= taken_up);
        match newer {
            Some(version) if *version > of.scope => Leave::Back,
            _ if is_covered || of.read_at.elapsed() < FRESH => Leave::Go,
            _ => Leave::Wait,
        }
    }
}

/// What this sender has in hand.
#[derive(Debug, Default)]
struct InHand {
    /// Batches of each campaign.
    campaigns: BTreeMap<CampaignId, usize>,
    /// Batches of each incident by the list version that they were read from.
    scopes: BTreeMap<IncidentId, BTreeMap<i32, usize>>,
    /// Notices of each campaign that are on connections.
    sending: BTreeMap<CampaignId, usize>,
}

impl InHand {
    fn add(&mut self, of: &Source) {
        *self.campaigns.entry(of.campaign).or_default() += 1;
        let scopes = self.scopes.entry(of.incident).or_default();
        *scopes.entry(of.scope).or_default() += 1;
    }

    fn remove(&mut self, of: &Source) {
        take_one(&mut self.campaigns, of.campaign);
        if let Some(scopes) = self.scopes.get_mut(&of.incident) {
            take_one(scopes, of.scope);
            if scopes.is_empty() {
                self.scopes.remove(&of.incident);
            }
        }
    }

    /// The oldest version of each incident from which a batch was read.
    fn oldest(&self) -> Vec<(IncidentId, i32)> {
        let oldest = self.scopes.iter();
        oldest
            .filter_map(|(incident, scopes)| Some((*incident, *scopes.first_key_value()?.0)))
            .collect()
    }
}

fn take_one<K: Ord>(counts: &mut BTreeMap<K, usize>, of: K) {
    if let Some(count) = counts.get_mut(&of) {
        *count -= 1;
        if *count == 0 {
            counts.remove(&of);
        }
    }
}

/// What was last seen of the campaigns in hand, and of who else is at work.
#[derive(Clone)]
pub struct Gate {
    me: SenderId,
    trunks: Arc<[Arc<Trunk>]>,
    hands: Arc<Mutex<InHand>>,
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

    /// Whether the next message of a batch that was taken up at `taken_up` may leave.
    pub fn leave(&self, of: &Source, taken_up: Instant) -> Leave {
        let last = self.last.read().unwrap_or_else(PoisonError::into_inner);
        if last.at.is_none_or(|at| at.elapsed() >= FRESH) {
            return Leave::Wait;
        }
        match last.campaigns.get(&of.campaign) {
            _ if last.forgotten.contains(&of.campaign) => Leave::Back,
            Some(seen) if !last.stopped && seen.percent > 0 => match seen.status {
                CampaignStatus::Sending => last.is_current(of, taken_up),
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

    /// A batch comes into hand; when that was. The others hear of a campaign at once.
    pub fn take_up(&self, of: &Source) -> Instant {
        let mut hands = self.hands.lock().unwrap_or_else(PoisonError::into_inner);
        if !hands.campaigns.contains_key(&of.campaign) {
            self.taken_up.notify_one();
        }
        hands.add(of);
        Instant::now()
    }

    /// A batch leaves this sender's hands.
    pub fn put_down(&self, of: &Source) {
        let mut hands = self.hands.lock().unwrap_or_else(PoisonError::into_inner);
        hands.remove(of);
    }

    fn is_idle(&self) -> bool {
        let hands = self.hands.lock().unwrap_or_else(PoisonError::into_inner);
        hands.campaigns.is_empty()
    }

    /// Whether every relay is held: what is in hand goes back, so that figures are right and other senders can send it.
    pub fn is_held(&self) -> bool {
        let held = |trunk: &Arc<Trunk>| trunk.held().is_some_and(|left| left > MOMENT);
        !self.trunks.is_empty() && self.trunks.iter().all(held)
    }

    /// Whether the campaign was cancelled.
    pub fn is_cancelled(&self, campaign: CampaignId) -> bool {
        let last = self.last.read().unwrap_or_else(PoisonError::into_inner);
        let seen = last.campaigns.get(&campaign);
        seen.is_some_and(|seen| seen.status == CampaignStatus::Cancelled)
    }

    /// A notice of the campaign is on a connection until the guard is dropped.
    pub fn begin(&self, campaign: CampaignId) -> OnConnection {
        let mut hands = self.hands.lock().unwrap_or_else(PoisonError::into_inner);
        *hands.sending.entry(campaign).or_default() += 1;
        OnConnection {
            hands: Arc::clone(&self.hands),
            campaign,
        }
    }

    fn sending(&self) -> BTreeMap<CampaignId, usize> {
        let hands = self.hands.lock().unwrap_or_else(PoisonError::into_inner);
        hands.sending.clone()
    }

    /// What this sender can send; nothing while all its relays are held.
    fn in_hand(&self) -> Vec<CampaignId> {
        if self.trunks.iter().all(|trunk| trunk.held().is_some()) {
            return Vec::new();
        }
        let hands = self.hands.lock().unwrap_or_else(PoisonError::into_inner);
        hands.campaigns.keys().copied().collect()
    }

    /// A campaign comes into hand, as it was seen just now.
    pub fn admit(&self, campaign: CampaignId, seen: Seen) {
        let mut last = self.last.write().unwrap_or_else(PoisonError::into_inner);
        last.campaigns.entry(campaign).or_insert(seen);
    }

    /// The buckets of incidents in hand whose people are no longer as some batch was read.
    async fn newer(&self, conn: &mut Conn) -> Result<HashMap<(IncidentId, i32), i32>> {
        let oldest = {
            let hands = self.hands.lock().unwrap_or_else(PoisonError::into_inner);
            hands.oldest()
        };
        if oldest.is_empty() {
            return Ok(HashMap::new());
        }
        let newer = scope::store::list_newer(conn, &oldest).await?;
        let version = |of: scope::store::Newest| ((of.incident, of.bucket), of.version);
        Ok(newer.into_iter().map(version).collect())
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
            sending: self.sending(),
        };
        let node = &app.config.mail.node;
        let others = campaign::store::beat(&mut conn, self.me, node, &beat).await?;
        let (stopped, seen) = campaign::store::gate(&mut conn, &ids).await?;
        let forgotten = match ids.is_empty() {
            true => Vec::new(),
            false => campaign::store::without_key(&mut conn, &ids).await?,
        };
        let newer = self.newer(&mut conn).await?;
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
        let seen = |trunk: &Arc<Trunk>| {
            let name = trunk.route.relay.name();
            let held = trunk.held_because();
            RelaySeen {
                name: name.to_owned(),
                connections: app.metrics.connections.with_label_values(&[name]).get(),
                held_until: held.map(|(left, _)| now + left),
                why: held.map(|(_, why)| why.to_owned()),
                per_second: trunk.route.rate_per_second,
                node_per_second: app.config.mail.rate_per_second,
                providers: trunk.providers_held().into_iter().map(provider).collect(),
            }
        };
        self.trunks.iter().map(seen).collect()
    }

    /// Keeps looking until it is time to leave: at every ring, and every poll interval all the same. A ring wakes the
    /// other loops too.
    pub async fn watch(self, app: App, wake: Wake, shutdown: Shutdown) {
        let poll = Duration::from_millis(app.config.mail.poll_milliseconds.min(500));
        let mut bell = None;
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
                // A doubt is on record by then, and the look sees it.
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
                () = tokio::time::sleep(rest) => {}
                () = self.taken_up.notified() => {}
                alive = rung => match alive {
                    true => wake.all(),
                    false => bell = None,
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

/// A notice that is on a connection, as long as it lives.
pub struct OnConnection {
    hands: Arc<Mutex<InHand>>,
    campaign: CampaignId,
}

impl Drop for OnConnection {
    fn drop(&mut self) {
        let mut hands = self.hands.lock().unwrap_or_else(PoisonError::into_inner);
        take_one(&mut hands.sending, self.campaign);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate() -> (Gate, Arc<Trunk>) {
        let route = crate::worker::Route {
            relay: crate::mail::Relay::from_url("r", "file:///tmp/never").expect("a relay"),
            connections: 1,
            rate_per_second: 0,
            standby: false,
        };
        let trunk = Arc::new(Trunk::new(route));
        let me = SenderId::from_uuid(uuid::Uuid::nil());
        (Gate::new(me, &[Arc::clone(&trunk)]), trunk)
    }

    fn source(bucket: i32, scope: i32) -> Source {
        Source {
            campaign: CampaignId::from_uuid(uuid::Uuid::nil()),
            incident: IncidentId::from_uuid(uuid::Uuid::nil()),
            bucket,
            scope,
            read_at: Instant::now(),
        }
    }

    #[test]
    fn a_campaign_is_in_hand_until_its_last_batch_is_through() {
        let (gate, trunk) = gate();
        let of = source(0, 1);
        for (held, expected) in [(true, 1), (true, 1), (false, 1), (false, 0), (true, 1)] {
            match held {
                true => {
                    gate.take_up(&of);
                }
                false => gate.put_down(&of),
            }
            assert_eq!(gate.in_hand().len(), expected);
        }
        assert!(!gate.is_held());
        trunk.hold(chrono::TimeDelta::milliseconds(500), "it is away");
        assert!(!gate.is_held(), "it is free in a moment");
        trunk.hold(chrono::TimeDelta::hours(1), "it is away");
        assert_eq!(gate.in_hand(), [], "nothing of it can be sent");
        assert!(gate.is_held());
    }

    #[test]
    fn a_notice_is_being_sent_while_it_is_on_a_connection() {
        let (gate, _) = gate();
        let campaign = source(0, 1).campaign;
        let both = [gate.begin(campaign), gate.begin(campaign)];
        assert_eq!(gate.sending(), BTreeMap::from([(campaign, 2)]));
        drop(both);
        assert_eq!(gate.sending(), BTreeMap::new());
    }

    #[test]
    fn the_oldest_version_in_hand_is_asked_for() {
        let (gate, _) = gate();
        let oldest = || gate.hands.lock().expect("no panic").oldest();
        let all = [source(3, 2), source(4, 5), source(5, 2)];
        for of in &all {
            gate.take_up(of);
        }
        let incident = all[0].incident;
        for (put_down, expected) in [(0, Some(2)), (2, Some(5)), (1, None)] {
            gate.put_down(&all[put_down]);
            let expected: Vec<_> = expected
                .map(|version| (incident, version))
                .into_iter()
                .collect();
            assert_eq!(oldest(), expected);
        }
    }

    #[test]
    fn a_batch_goes_back_once_its_bucket_has_a_newer_version_and_waits_while_that_is_not_known() {
        let (gate, _) = gate();
        let of = source(7, 1);
        let see = |at: Instant, newer: &[(i32, i32)]| {
            let mut last = gate.last.write().expect("no panic");
            last.at = Some(at);
            let status = CampaignStatus::Sending;
            let seen = Seen {
                status,
                percent: 100,
            };
            last.campaigns.insert(of.campaign, seen);
            let newer = newer.iter();
            last.newer = newer
                .map(|(bucket, scope)| ((of.incident, *bucket), *scope))
                .collect();
        };
        let before = Instant::now();
        let taken_up = before + Duration::from_millis(1);
        see(before, &[]);
        assert_eq!(gate.leave(&of, taken_up), Leave::Go, "it was read just now");
        let slow = Source {
            read_at: before - FRESH,
            ..of
        };
        assert_eq!(
            gate.leave(&slow, taken_up),
            Leave::Wait,
            "no look asked for it"
        );
        see(taken_up, &[(6, 2)]);
        assert_eq!(gate.leave(&slow, taken_up), Leave::Go, "another bucket");
        see(taken_up, &[(7, 1)]);
        assert_eq!(
            gate.leave(&of, taken_up),
            Leave::Go,
            "it was read from that"
        );
        see(taken_up, &[(7, 2)]);
        assert_eq!(gate.leave(&of, taken_up), Leave::Back);
        see(before - FRESH, &[(7, 2)]);
        assert_eq!(gate.leave(&of, taken_up), Leave::Wait, "nothing is known");
    }
}
