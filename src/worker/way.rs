//! Whether a job may go by a relay: its mailbox provider may be held there, or everywhere.

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

/// What held providers mean for a job.
pub enum Way {
    /// It may go.
    Open,
    /// Another relay takes it.
    Elsewhere,
    /// No relay takes it for so long.
    Nowhere(Duration),
}

impl Look<'_> {
    /// The way of a job.
    pub fn way(&self, job: &Job) -> Way {
        if !self.by.watches() {
            return Way::Open;
        }
        let refuser = self.providers.refuser(job.person.contact.email.as_ref());
        let Some(here) = self.by.provider_held(&refuser) else {
            return Way::Open;
        };
        // The least is none where a relay does not hold the provider.
        let all = self
            .trunks
            .iter()
            .map(|trunk| trunk.provider_held(&refuser));
        match all.min().flatten() {
            Some(least) => Way::Nowhere(least.min(here)),
            None => Way::Elsewhere,
        }
    }
}

/// Puts a job off that no relay takes for so long.
pub fn put_off(job: Job, left: Duration) {
    let until = job.now() + TimeDelta::from_std(left).unwrap_or(TimeDelta::hours(1));
    job.put_off(until);
}
