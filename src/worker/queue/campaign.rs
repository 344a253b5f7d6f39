//! The jobs of one campaign, and which of them goes next.

use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use crate::campaign::CampaignKind;
use crate::id::CampaignId;
use crate::worker::leased_batch::Job;
use crate::worker::outbox_mail::OutboxMail;
use crate::worker::send_permission::Leave;
use crate::worker::way::{Look, Way};

pub(super) struct CampaignQueue {
    pub(super) campaign: CampaignId,
    pub(super) kind: CampaignKind,
    pub(super) jobs: VecDeque<Job>,
    /// How many more of its jobs are parked.
    pub(super) aside: usize,
}

/// A parked job, ordered by the slot that its provider allows.
pub(super) struct Aside(pub(super) Reverse<Instant>, pub(super) Job);

impl PartialEq for Aside {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Eq for Aside {}

impl PartialOrd for Aside {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Aside {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}

/// What a look at the queues found.
pub(super) enum Found {
    /// The job to send.
    Job(Box<Job>),
    /// The message of the outbox to send.
    Mail(Box<OutboxMail>),
    /// No relay takes this message of the outbox for this long, or it has waited too long here.
    MailHeld(Box<OutboxMail>, Duration),
    /// These may not go any more: they go back to the queue.
    Shut(Vec<Job>),
    /// Every relay holds the provider of this job, for this long at least.
    Held(Box<Job>, Duration),
    /// No job before this moment, or before something changes.
    Nobody(Option<Instant>),
    /// The queue is closed.
    Closed,
}

impl CampaignQueue {
    /// Its jobs that may not go any more.
    pub(super) fn shut(&mut self) -> Vec<Job> {
        let jobs = std::mem::take(&mut self.jobs);
        let (back, stay): (Vec<_>, Vec<_>) =
            jobs.into_iter().partition(|job| job.leave() == Leave::Back);
        self.jobs = stay.into();
        back
    }

    pub(super) fn due(&self, now: Instant) -> usize {
        match self.jobs.front() {
            Some(first) if first.leave() == Leave::Go => match first.rate() {
                None => self.jobs.len(),
                Some(_) => usize::from(first.shared.pace.peek(now) <= now),
            },
            _ => 0,
        }
    }

    pub(super) fn look(&mut self, look: &Look<'_>, aside: &mut BinaryHeap<Aside>) -> Found {
        let now = look.now;
        // Each job that waits for another relay is skipped once.
        let mut passed = 0;
        while passed < self.jobs.len()
            && let Some(first) = self.jobs.front()
        {
            match first.leave() {
                Leave::Go => {}
                Leave::Wait => return Found::Nobody(None),
                Leave::Back => return Found::Shut(self.shut()),
            }
            match look.way(first.needs()) {
                Way::Open => {}
                Way::Elsewhere => {
                    self.jobs.rotate_left(1);
                    passed += 1;
                    continue;
                }
                Way::Nowhere(left) => match self.jobs.pop_front() {
                    Some(job) => return Found::Held(Box::new(job), left),
                    None => break,
                },
            }
            let has_turn = first.has_turn;
            let rate = first.rate().filter(|_| !has_turn);
            let moment = rate.map_or(now, |_| first.shared.pace.peek(now));
            if moment > now {
                return Found::Nobody(Some(moment));
            }
            let Some(mut job) = self.jobs.pop_front() else {
                break;
            };
            if std::mem::take(&mut job.has_turn) {
                return Found::Job(Box::new(job));
            }
            let address = job.person.contact.email.as_ref();
            let theirs = look.providers.moment(address, now, job.share());
            if let Some(rate) = rate {
                job.shared.pace.take(now, rate);
            }
            if theirs > now {
                self.aside += 1;
                aside.push(Aside(Reverse(theirs), job));
                continue;
            }
            return Found::Job(Box::new(job));
        }
        Found::Nobody(None)
    }
}
