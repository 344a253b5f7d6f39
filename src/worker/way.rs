//! Whether a message may go by a relay: its mailbox provider may be held there, or everywhere; the relay may be a standby
//! that is not needed, or lack what the message needs.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::time::Instant;

use super::leased_batch::Job;
use super::providers::Providers;
use super::relay_state::{Needs, RelayState};

/// Which relay looks for a message, and what bears on it.
pub(crate) struct Look<'a> {
    /// The time.
    pub now: Instant,
    /// Who runs the mailboxes.
    pub providers: &'a Providers,
    /// The relay that looks.
    pub by: &'a RelayState,
    /// All relays of this node.
    pub relay_states: &'a [Arc<RelayState>],
}

/// What relays that are held, wait as standby or cannot carry it mean for a message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// It may go.
    Open,
    /// Another relay takes it.
    Elsewhere,
    /// No relay takes it for this long.
    Nowhere(Duration),
}

impl Look<'_> {
    /// The way of a message.
    pub(crate) fn way(&self, of: Needs<'_>) -> Way {
        if !self.by.watches() && !self.by.route.standby && of.not_by.is_empty() {
            return Way::Open;
        }
        let refuser = self.providers.refuser(of.to);
        let wait =
            |relay_state: &RelayState| wait_for(relay_state, self.relay_states, of, &refuser);
        // Held as a whole, it takes no new message.
        let here = match self.by.held() {
            Some(_) => None,
            None => wait(self.by),
        };
        if here == Some(Duration::ZERO) {
            return Way::Open;
        }
        match self
            .relay_states
            .iter()
            .filter_map(|relay_state| wait(relay_state))
            .min()
        {
            Some(Duration::ZERO) => Way::Elsewhere,
            Some(least) => Way::Nowhere(least),
            // No relay can carry it: the relay that looks takes it to report that.
            None => Way::Open,
        }
    }
}

/// How long until the relay takes the message; `None`: it never does. Zero: now.
fn wait_for(
    relay_state: &RelayState,
    all: &[Arc<RelayState>],
    of: Needs<'_>,
    refuser: &str,
) -> Option<Duration> {
    if !of.may_go_by(relay_state) || relay_state.route.standby && is_served(all, of) {
        return None;
    }
    let held = [relay_state.held(), relay_state.provider_held(refuser)];
    Some(held.into_iter().flatten().max().unwrap_or_default())
}

/// Whether a relay that goes first is in use and may carry a message: no standby takes it then.
pub(crate) fn is_served(all: &[Arc<RelayState>], of: Needs<'_>) -> bool {
    all.iter().any(|relay_state| {
        !relay_state.route.standby && relay_state.held().is_none() && of.may_go_by(relay_state)
    })
}

/// Defers a job by the time for which no relay takes it.
pub(crate) fn defer(job: Job, left: Duration) {
    let until = job.now() + TimeDelta::from_std(left).unwrap_or(TimeDelta::hours(1));
    job.defer(until);
}
