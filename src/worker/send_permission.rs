//! The send permission: may this campaign's next message leave? Asked before every message, answered from a look
//! at the database that is never older than [`FRESH`] (promise P4).

mod in_progress;
mod look;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use self::in_progress::InProgress;
pub(crate) use self::in_progress::OnConnection;
use super::relay_state::RelayState;
use crate::campaign::CampaignStatus;
use crate::campaign::ability::InUse;
use crate::campaign::store::Seen;
use crate::delivery::pacing::shares::{FRESH, RateShares, Said};
use crate::id::{CampaignId, IncidentId, SenderId};

/// A relay with a hold that ends within this time counts as free: the batches that it will take can be claimed by then.
const MOMENT: Duration = Duration::from_secs(1);
/// A sender counts among those that use the relays for this long after it claimed messages of the outbox.
const OUTBOX_BUSY: Duration = Duration::from_secs(5);

/// Whether a message may leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leave {
    /// It may.
    Go,
    /// Unknown at present.
    Wait,
    /// It may not: the job goes back to the queue.
    Back,
}

/// The state of the database from which a leased batch was read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source {
    pub campaign: CampaignId,
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
    shares: RateShares,
    campaigns: HashMap<CampaignId, Seen>,
    /// Those of forgotten incidents: nothing of them leaves, however they stand.
    forgotten: HashSet<CampaignId>,
    /// Buckets that have a newer list version than some leased batch was read from.
    newer: HashMap<(IncidentId, i32), i32>,
}

impl Last {
    /// Whether the people of a batch that was taken up at `taken_up` are still as they were read.
    fn is_current(&self, of: &Source, taken_up: Instant) -> Leave {
        let newer = self.newer.get(&(of.incident, of.bucket));
        // A poll that began before the batch was taken up did not cover it.
        let is_covered = self.at.is_some_and(|at| at >= taken_up);
        match newer {
            Some(version) if *version > of.scope => Leave::Back,
            _ if is_covered || of.read_at.elapsed() < FRESH => Leave::Go,
            _ => Leave::Wait,
        }
    }
}

/// The latest poll: the campaigns of leased batches, and the other senders.
#[derive(Clone)]
pub(crate) struct SendPermission {
    me: SenderId,
    began: Instant,
    relay_states: Arc<[Arc<RelayState>]>,
    in_progress: Arc<Mutex<InProgress>>,
    /// Notified when the first batch of a campaign is taken up.
    taken_up: Arc<Notify>,
    last: Arc<RwLock<Last>>,
}

impl SendPermission {
    /// The send permission of a sender that has not polled the database yet. Its heartbeat publishes the state of these relays.
    pub(crate) fn new(me: SenderId, relay_states: &[Arc<RelayState>]) -> Self {
        Self {
            me,
            began: Instant::now(),
            relay_states: relay_states.into(),
            in_progress: Arc::default(),
            taken_up: Arc::default(),
            last: Arc::default(),
        }
    }

    /// Whether the next message of a batch that was taken up at `taken_up` may leave.
    pub(crate) fn leave(&self, of: &Source, taken_up: Instant) -> Leave {
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
    pub(crate) fn percent(&self, campaign: CampaignId) -> i16 {
        let last = self.last.read().unwrap_or_else(PoisonError::into_inner);
        last.campaigns
            .get(&campaign)
            .map_or(100, |seen| seen.percent)
    }

    /// This sender's part of what relays and providers take: those that have something to send share it evenly.
    pub(crate) fn share(&self) -> f64 {
        let last = self.last.read().unwrap_or_else(PoisonError::into_inner);
        last.shares.busy
    }

    /// This sender's part of a campaign's rate.
    pub(crate) fn share_of(&self, campaign: CampaignId) -> f64 {
        let last = self.last.read().unwrap_or_else(PoisonError::into_inner);
        last.shares.of(campaign)
    }

    /// Records a leased batch and returns the time. The other senders hear of a new campaign at once.
    pub(crate) fn take_up(&self, of: &Source) -> Instant {
        let mut in_progress = self
            .in_progress
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if !in_progress.campaigns.contains_key(&of.campaign) {
            self.taken_up.notify_one();
        }
        in_progress.add(of);
        Instant::now()
    }

    /// Removes a batch that this sender returned or settled.
    pub(crate) fn put_down(&self, of: &Source) {
        let mut in_progress = self
            .in_progress
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        in_progress.remove(of);
    }

    /// Records that messages of the outbox were claimed. The other senders hear of the first ones at once.
    pub(crate) fn take_up_outbox(&self) {
        let mut in_progress = self
            .in_progress
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let before = in_progress.outbox_at.replace(Instant::now());
        if before.is_none_or(|at| at.elapsed() >= OUTBOX_BUSY) {
            self.taken_up.notify_one();
        }
    }

    fn is_idle(&self) -> bool {
        let in_progress = self
            .in_progress
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        in_progress.campaigns.is_empty()
    }

    /// Whether every relay is held: what is in progress goes back, so that figures are right and other senders can send it.
    pub(crate) fn is_held(&self) -> bool {
        let held =
            |relay_state: &Arc<RelayState>| relay_state.held().is_some_and(|left| left > MOMENT);
        !self.relay_states.is_empty() && self.relay_states.iter().all(held)
    }

    /// Whether the campaign was cancelled.
    pub(crate) fn is_cancelled(&self, campaign: CampaignId) -> bool {
        let last = self.last.read().unwrap_or_else(PoisonError::into_inner);
        let seen = last.campaigns.get(&campaign);
        seen.is_some_and(|seen| seen.status == CampaignStatus::Cancelled)
    }

    /// A notice of the campaign is on a connection until the guard is dropped.
    pub(crate) fn begin(&self, campaign: CampaignId) -> OnConnection {
        let mut in_progress = self
            .in_progress
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *in_progress.sending.entry(campaign).or_default() += 1;
        OnConnection {
            in_progress: Arc::clone(&self.in_progress),
            campaign,
        }
    }

    fn sending(&self) -> BTreeMap<CampaignId, usize> {
        let in_progress = self
            .in_progress
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        in_progress.sending.clone()
    }

    /// What this sender can send; nothing while all its relays are held.
    fn in_use(&self) -> InUse {
        if self
            .relay_states
            .iter()
            .all(|relay_state| relay_state.held().is_some())
        {
            return InUse::default();
        }
        let in_progress = self
            .in_progress
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let outbox_at = in_progress.outbox_at;
        InUse {
            campaigns: in_progress.campaigns.keys().copied().collect(),
            outbox: outbox_at.is_some_and(|at| at.elapsed() < OUTBOX_BUSY),
        }
    }

    /// Records the state of a campaign as the claim of its batch saw it.
    pub(crate) fn admit(&self, campaign: CampaignId, seen: Seen) {
        let mut last = self.last.write().unwrap_or_else(PoisonError::into_inner);
        last.campaigns.entry(campaign).or_insert(seen);
    }
}

#[cfg(test)]
mod tests;
