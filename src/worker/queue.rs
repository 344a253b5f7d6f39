//! The queue: the jobs in progress, one queue a campaign, and which of them goes next. Corrections go before supplements
//! before first notices; campaigns of one kind take turns. A job for a mailbox provider at its rate limit is parked
//! until its slot; the next eligible job is dispatched.

mod campaign;
mod state;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use self::campaign::{CampaignQueue, Found};
use self::state::State;
use super::leased_batch::Job;
use super::providers::Providers;
use super::relay_state::RelayState;
use super::way::{Look, defer, is_served};
use crate::campaign::CampaignKind;
use crate::id::CampaignId;

/// The loader stops claiming batches of a campaign once this multiple of a queue's room is parked.
const ASIDE: usize = 4;
/// The longest wait of a connection for a job before it looks again: the send permission may have changed.
const LOOK: Duration = Duration::from_millis(200);

/// All queues of this process. Cheap to clone.
#[derive(Clone)]
pub struct Queue(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    /// Notified when there may be a job for a waiting connection.
    pushed: Notify,
    /// Notified when a job was taken and the loader may have room.
    taken: Notify,
    providers: Providers,
    relay_states: Box<[Arc<RelayState>]>,
    /// Set while a job may wait, parked or not, that some relay cannot carry. Written only while `state` is locked.
    picky: AtomicBool,
    /// Jobs in a queue beyond which no more of its campaign is claimed.
    room: usize,
}

impl Queue {
    /// Empty queues; a campaign has room while fewer than `room` of its jobs wait.
    pub fn new(providers: Providers, relay_states: &[Arc<RelayState>], room: usize) -> Self {
        Self(Arc::new(Inner {
            state: Mutex::default(),
            pushed: Notify::new(),
            taken: Notify::new(),
            providers,
            relay_states: relay_states.into(),
            picky: AtomicBool::new(false),
            room,
        }))
    }

    /// The providers with limits that hold here.
    pub fn providers(&self) -> &Providers {
        &self.0.providers
    }

    /// Puts jobs of one campaign in its queue. Closed queues drop them: they go back.
    pub fn push(&self, campaign: CampaignId, kind: CampaignKind, jobs: Vec<Job>) {
        let dropped = self.with(|state| state.push(campaign, kind, jobs));
        drop(dropped);
        self.0.pushed.notify_waiters();
    }

    /// Puts a job before the others of its campaign: it was begun, and another connection may take it.
    pub fn put_back(&self, job: Job) {
        let (campaign, kind) = (job.notice.campaign, job.shared.kind);
        let dropped = self.with(|state| {
            self.note(&job);
            if let (false, Some(queue)) = (state.closed, state.queue(campaign)) {
                queue.jobs.push_front(job);
                return Vec::new();
            }
            state.push(campaign, kind, vec![job])
        });
        drop(dropped);
        self.0.pushed.notify_waiters();
    }

    /// Puts a job behind the others of its campaign: should it be what breaks connections, they go first.
    pub fn put_behind(&self, job: Job) {
        let (campaign, kind) = (job.notice.campaign, job.shared.kind);
        let dropped = self.with(|state| {
            self.note(&job);
            state.push(campaign, kind, vec![job])
        });
        drop(dropped);
        self.0.pushed.notify_waiters();
    }

    /// Remembers that a relay cannot carry a job that comes back, if so; `state` is locked. Jobs of a batch that was just
    /// claimed are not such.
    fn note(&self, job: &Job) {
        if !job.not_by.is_empty() {
            self.0.picky.store(true, Ordering::Relaxed);
        }
    }

    /// Waits until `wanted` answers `Some` for the number of jobs that may go now; `None`: the queues are closed.
    pub async fn until<T>(&self, wanted: impl Fn(usize) -> Option<T>) -> Option<T> {
        loop {
            let pushed = self.0.pushed.notified();
            tokio::pin!(pushed);
            pushed.as_mut().enable();
            let now = Instant::now();
            let due = self.with(|state| (!state.closed).then(|| state.due(now)))?;
            if let Some(wanted) = wanted(due) {
                return Some(wanted);
            }
            tokio::select! {
                () = pushed => {}
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }

    /// Whether a job waits, parked or not, that this standby can carry and none of the relays in use that go first.
    pub fn need(&self, standby: &RelayState) -> bool {
        if !self.0.picky.load(Ordering::Relaxed) {
            return false;
        }
        self.with(|state| {
            let mut picky = state.jobs().filter(|job| !job.not_by.is_empty()).peekable();
            if picky.peek().is_none() {
                self.0.picky.store(false, Ordering::Relaxed);
            }
            picky.any(|job| job.may_go_by(standby) && !is_served(&self.0.relay_states, job))
        })
    }

    /// Whether more jobs than this wait in the queues.
    pub fn have_more_than(&self, jobs: usize) -> bool {
        let waiting = |state: &mut State| {
            state
                .queues
                .iter()
                .map(|queue| queue.jobs.len())
                .sum::<usize>()
        };
        self.with(waiting) > jobs
    }

    /// The campaigns that are at capacity.
    pub fn full(&self) -> Vec<CampaignId> {
        let room = self.0.room;
        let full = |queue: &&CampaignQueue| queue.jobs.len() >= room || queue.aside >= ASIDE * room;
        self.with(|state| {
            state
                .queues
                .iter()
                .filter(full)
                .map(|queue| queue.campaign)
                .collect()
        })
    }

    /// Waits while exactly these campaigns are at capacity, at most a poll interval: another campaign may have become
    /// due.
    pub async fn while_full(&self, full: &[CampaignId], poll: Duration) {
        let wait = async {
            while self.full() == full {
                self.0.taken.notified().await;
            }
        };
        let _ = tokio::time::timeout(poll, wait).await;
    }

    /// Returns all jobs to the queue; waiting connections get none.
    pub fn close(&self) {
        let dropped = self.with(|state| {
            state.closed = true;
            state.take_all()
        });
        drop(dropped);
        self.0.pushed.notify_waiters();
    }

    /// Gives back every job that may not go any more, also while no connection asks for one: the decrypted contact data leave
    /// the memory. If all relays are held, those are `all` jobs.
    pub fn give_back(&self, all: bool) {
        let back = self.with(|state| match all {
            true => state.take_all(),
            false => state.shut(),
        });
        if !back.is_empty() {
            back.into_iter().for_each(Job::go_back);
            self.0.taken.notify_one();
        }
    }

    /// The next job by this relay, if one may go now.
    pub fn try_next(&self, by: &RelayState) -> Option<Job> {
        loop {
            match self.look(by) {
                Found::Job(job) => return Some(*job),
                Found::Shut(jobs) => jobs.into_iter().for_each(Job::go_back),
                Found::Held(job, left) => defer(*job, left),
                Found::Nobody(_) | Found::Closed => return None,
            }
        }
    }

    /// Waits for the next job by this relay; `None`: there will be none.
    pub async fn next(&self, by: &RelayState) -> Option<Job> {
        loop {
            let pushed = self.0.pushed.notified();
            tokio::pin!(pushed);
            // Enlisted before the look, so that nothing pushed in between is missed.
            pushed.as_mut().enable();
            let until = match self.look(by) {
                Found::Job(job) => return Some(*job),
                Found::Closed => return None,
                Found::Held(job, left) => {
                    defer(*job, left);
                    continue;
                }
                Found::Shut(jobs) => {
                    jobs.into_iter().for_each(Job::go_back);
                    continue;
                }
                Found::Nobody(moment) => {
                    let look = Instant::now() + LOOK;
                    moment.map_or(look, |moment| moment.min(look))
                }
            };
            tokio::select! {
                () = pushed => {}
                () = tokio::time::sleep_until(until) => {}
            }
        }
    }

    fn look(&self, by: &RelayState) -> Found {
        let look = Look {
            now: Instant::now(),
            providers: &self.0.providers,
            by,
            relay_states: &self.0.relay_states,
        };
        let found = self.with(|state| state.look(&look));
        if matches!(found, Found::Job(_) | Found::Shut(_) | Found::Held(..)) {
            self.0.taken.notify_one();
        }
        found
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.0.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
