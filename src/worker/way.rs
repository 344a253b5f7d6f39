//! Whether a job may go by a relay: its mailbox provider may be held there, or everywhere; the relay may be a standby
//! that is not needed, or lack what the letter needs.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::time::Instant;

use super::hand::Job;
use super::providers::Providers;
use super::trunk::Trunk;

/// Who looks for a job, and what bears on it.
pub struct Look<'a> {
    /// The time.
    pub now: Instant,
    /// Who runs the mailboxes.
    pub providers: &'a Providers,
    /// The relay that looks.
    pub by: &'a Trunk,
    /// All relays of this node.
    pub trunks: &'a [Arc<Trunk>],
}

/// What relays that are held, wait as standby or cannot carry its letter mean for a job.
#[derive(Debug, PartialEq, Eq)]
pub enum Way {
    /// It may go.
    Open,
    /// Another relay takes it.
    Elsewhere,
    /// No relay takes it for this long.
    Nowhere(Duration),
}

impl Look<'_> {
    /// The way of a job.
    pub fn way(&self, job: &Job) -> Way {
        if !self.by.watches() && !self.by.route.standby && job.not_by.is_empty() {
            return Way::Open;
        }
        let refuser = self.providers.refuser(job.person.contact.email.as_ref());
        let wait = |trunk: &Trunk| wait_for(trunk, self.trunks, job, &refuser);
        // Held as a whole, it takes no new job; one that asks has one to give.
        let here = match self.by.held() {
            Some(_) => None,
            None => wait(self.by),
        };
        if here == Some(Duration::ZERO) {
            return Way::Open;
        }
        match self.trunks.iter().filter_map(|trunk| wait(trunk)).min() {
            Some(Duration::ZERO) => Way::Elsewhere,
            Some(least) => Way::Nowhere(least),
            // No relay can carry the letter: the relay that looks takes the job to report that.
            None => Way::Open,
        }
    }
}

/// How long until the relay takes the job; `None`: it never does. Zero: now.
fn wait_for(trunk: &Trunk, all: &[Arc<Trunk>], job: &Job, refuser: &str) -> Option<Duration> {
    if !job.may_go_by(trunk) || trunk.route.standby && is_served(all, job) {
        return None;
    }
    let held = [trunk.held(), trunk.provider_held(refuser)];
    Some(held.into_iter().flatten().max().unwrap_or_default())
}

/// Whether a relay that goes first is in use and may carry a job: no standby takes it then.
pub fn is_served(all: &[Arc<Trunk>], job: &Job) -> bool {
    all.iter()
        .any(|trunk| !trunk.route.standby && trunk.held().is_none() && job.may_go_by(trunk))
}

/// Defers a job by the time for which no relay takes it.
pub fn put_off(job: Job, left: Duration) {
    let until = job.now() + TimeDelta::from_std(left).unwrap_or(TimeDelta::hours(1));
    job.put_off(until);
}
