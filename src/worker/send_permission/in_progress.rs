//! What a sender has in progress: batches, and notices on connections.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;

use super::Source;
use crate::id::{CampaignId, IncidentId};

/// What this sender has in progress.
#[derive(Debug, Default)]
pub(super) struct InProgress {
    /// Batches of each campaign.
    pub(super) campaigns: BTreeMap<CampaignId, usize>,
    /// Batches of each incident by the list version that they were read from.
    pub(super) scopes: BTreeMap<IncidentId, BTreeMap<i32, usize>>,
    /// Notices of each campaign that are on connections.
    pub(super) sending: BTreeMap<CampaignId, usize>,
    /// When messages of the outbox were last claimed.
    pub(super) outbox_at: Option<Instant>,
}

impl InProgress {
    pub(super) fn add(&mut self, of: &Source) {
        *self.campaigns.entry(of.campaign).or_default() += 1;
        let scopes = self.scopes.entry(of.incident).or_default();
        *scopes.entry(of.scope).or_default() += 1;
    }

    pub(super) fn remove(&mut self, of: &Source) {
        take_one(&mut self.campaigns, of.campaign);
        if let Some(scopes) = self.scopes.get_mut(&of.incident) {
            take_one(scopes, of.scope);
            if scopes.is_empty() {
                self.scopes.remove(&of.incident);
            }
        }
    }

    /// The oldest list version of each incident that a leased batch was read from.
    pub(super) fn oldest(&self) -> Vec<(IncidentId, i32)> {
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

/// A notice that is on a connection, as long as it lives.
pub(crate) struct OnConnection {
    pub(super) in_progress: Arc<Mutex<InProgress>>,
    pub(super) campaign: CampaignId,
}

impl Drop for OnConnection {
    fn drop(&mut self) {
        let mut in_progress = self
            .in_progress
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        take_one(&mut in_progress.sending, self.campaign);
    }
}
