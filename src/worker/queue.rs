//! The queue: what is in progress, one queue a campaign and one for the outbox, and what goes next. Messages of the outbox
//! go first, then corrections before supplements before first notices; campaigns of one kind take turns. A job whose mailbox provider is at its rate limit is parked
//! until its slot; the next eligible job is dispatched.

mod campaign;
mod state;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use self::campaign::{CampaignQueue, Found};
use self::state::State;
use super::leased_batch::Job;
use super::outbox_mail::OutboxMail;
use super::providers::Providers;
use super::relay_state::{Needs, RelayState};
use super::way::{Look, defer, is_served};
use crate::campaign::CampaignKind;
use crate::id::CampaignId;

/// The loader stops claiming batches of a campaign once this multiple of a queue's room is parked.
const ASIDE: usize = 4;
/// The longest wait of a connection for a job before it looks again: the send permission may have changed.
const LOOK: Duration = Duration::from_millis(200);

/// What a connection sends next.
pub(crate) enum Work {
    /// A notice.
    Notice(Box<Job>),
    /// A message of the outbox.
    Mail(Box<OutboxMail>),
}

/// All queues of this process. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Queue(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    /// Notified when there may be a job for a waiting connection.
    pushed: Notify,
    /// Notified when a job was taken and the loader may have room.
    taken: Notify,
    /// The same of messages of the outbox, for the outbox loader.
    mail_taken: Notify,
    /// How many messages of the outbox wait. Written only while `state` is locked.
    mails: AtomicUsize,
    providers: Providers,
    relay_states: Box<[Arc<RelayState>]>,
    /// Set while a job may wait, parked or not, that some relay cannot carry. Written only while `state` is locked.
    picky: AtomicBool,
    /// Jobs in a queue beyond which no more of its campaign is claimed.
    room: usize,
}

impl Queue {
    /// Empty queues; a campaign has room while fewer than `room` of its jobs wait.
    pub(crate) fn new(providers: Providers, relay_states: &[Arc<RelayState>], room: usize) -> Self {
        Self(Arc::new(Inner {
            state: Mutex::default(),
            pushed: Notify::new(),
            taken: Notify::new(),
            mail_taken: Notify::new(),
            mails: AtomicUsize::new(0),
            providers,
            relay_states: relay_states.into(),
            picky: AtomicBool::new(false),
            room,
        }))
    }

    /// The providers with limits that hold here.
    pub(crate) fn providers(&self) -> &Providers {
        &self.0.providers
    }

    /// Puts jobs of one campaign in its queue. Closed queues drop them: they go back.
    pub(crate) fn push(&self, campaign: CampaignId, kind: CampaignKind, jobs: Vec<Job>) {
        let dropped = self.with(|state| state.push(campaign, kind, jobs));
        drop(dropped);
        self.0.pushed.notify_waiters();
    }

    /// Puts a job before the others of its campaign: it was begun, and another connection may take it.
    pub(crate) fn put_back(&self, job: Job) {
        let (campaign, kind) = (job.notice.campaign, job.shared.approved.kind);
        let dropped = self.with(|state| {
            self.note(job.needs());
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
    pub(crate) fn put_behind(&self, job: Job) {
        let (campaign, kind) = (job.notice.campaign, job.shared.approved.kind);
        let dropped = self.with(|state| {
            self.note(job.needs());
            state.push(campaign, kind, vec![job])
        });
        drop(dropped);
        self.0.pushed.notify_waiters();
    }

    /// Adds messages of the outbox. Returns them if the queues are closed.
    pub(crate) fn push_mails(&self, mails: Vec<OutboxMail>) -> Vec<OutboxMail> {
        let back = self.with(|state| {
            if state.closed {
                return mails;
            }
            state.mails.extend(mails);
            self.count_mails(state);
            Vec::new()
        });
        self.0.pushed.notify_waiters();
        back
    }

    /// Puts a message of the outbox behind the others: should it be what breaks connections, they go first. It has had
    /// its provider's slot. Returned if the queues are closed.
    pub(crate) fn put_mail_back(&self, mail: OutboxMail) -> Option<OutboxMail> {
        let back = self.with(|state| {
            self.note(mail.needs());
            if state.closed {
                return Some(mail);
            }
            state.mails.push_back(mail);
            self.count_mails(state);
            None
        });
        self.0.pushed.notify_waiters();
        back
    }

    /// How many messages of the outbox wait.
    pub(crate) fn mails(&self) -> usize {
        self.0.mails.load(Ordering::Relaxed)
    }

    /// Waits until a message of the outbox leaves the queue.
    pub(crate) async fn mail_taken(&self) {
        self.0.mail_taken.notified().await;
    }

    /// Takes all messages of the outbox that wait.
    fn take_mails(&self) -> Vec<OutboxMail> {
        if self.mails() == 0 {
            return Vec::new();
        }
        let mails = self.with(|state| {
            let mails = std::mem::take(&mut state.mails);
            self.count_mails(state);
            mails
        });
        self.0.mail_taken.notify_one();
        mails.into()
    }

    fn count_mails(&self, state: &State) {
        self.0.mails.store(state.mails.len(), Ordering::Relaxed);
    }

    /// Remembers that a relay cannot carry what comes back, if so; `state` is locked. Jobs of a batch that was just
    /// claimed are not such.
    fn note(&self, of: Needs<'_>) {
        if !of.not_by.is_empty() {
            self.0.picky.store(true, Ordering::Relaxed);
        }
    }

    /// Waits until `wanted` answers `Some` for the number of messages that may go now; `None`: the queues are closed.
    pub(crate) async fn until<T>(&self, wanted: impl Fn(usize) -> Option<T>) -> Option<T> {
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

    /// Whether a message waits, parked or not, that this standby can carry and none of the relays in use that go first.
    pub(crate) fn need(&self, standby: &RelayState) -> bool {
        if !self.0.picky.load(Ordering::Relaxed) {
            return false;
        }
        self.with(|state| {
            let mut picky = state.needs().filter(|of| !of.not_by.is_empty()).peekable();
            if picky.peek().is_none() {
                self.0.picky.store(false, Ordering::Relaxed);
            }
            picky.any(|of| of.may_go_by(standby) && !is_served(&self.0.relay_states, of))
        })
    }

    /// Whether more jobs than this wait in the queues.
    pub(crate) fn have_more_than(&self, jobs: usize) -> bool {
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
    pub(crate) fn full(&self) -> Vec<CampaignId> {
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
    pub(crate) async fn while_full(&self, full: &[CampaignId], poll: Duration) {
        let wait = async {
            while self.full() == full {
                self.0.taken.notified().await;
            }
        };
        let _ = tokio::time::timeout(poll, wait).await;
    }

    /// Returns all jobs to the queue; waiting connections get none.
    pub(crate) fn close(&self) {
        let dropped = self.with(|state| {
            state.closed = true;
            state.take_all()
        });
        drop(dropped);
        self.give_mails_back();
        self.0.pushed.notify_waiters();
    }

    /// Gives back every message of the outbox that waits: another sender may send it at once.
    pub(crate) fn give_mails_back(&self) {
        let mails = self.take_mails();
        mails
            .into_iter()
            .for_each(|mail| mail.give_back(Duration::ZERO));
    }

    /// Gives back every job that may not go any more, also while no connection asks for one: the decrypted contact data leave
    /// the memory. If all relays are held, those are `all` jobs, and the messages of the outbox.
    pub(crate) fn give_back(&self, all: bool) {
        if all {
            self.give_mails_back();
        }
        let back = self.with(|state| match all {
            true => state.take_all(),
            false => state.shut(),
        });
        if !back.is_empty() {
            back.into_iter().for_each(Job::go_back);
            self.0.taken.notify_one();
        }
    }

    /// The next message by this relay, if one may go now.
    pub(crate) fn try_next(&self, by: &RelayState) -> Option<Work> {
        loop {
            match self.taken(self.look(by)) {
                Ok(work) => return Some(work),
                Err(Found::Nobody(_) | Found::Closed) => return None,
                Err(_) => {}
            }
        }
    }

    /// The next notice by this relay, if no message of the outbox waits.
    pub(crate) fn try_next_notice(&self, by: &RelayState) -> Option<Job> {
        if self.mails() > 0 {
            return None;
        }
        match self.try_next(by)? {
            Work::Notice(job) => Some(*job),
            // It came in between.
            Work::Mail(mail) => {
                if let Some(mail) = self.put_mail_back(*mail) {
                    mail.give_back(Duration::ZERO);
                }
                None
            }
        }
    }

    /// Waits for the next message by this relay; `None`: there will be none.
    pub(crate) async fn next(&self, by: &RelayState) -> Option<Work> {
        loop {
            let pushed = self.0.pushed.notified();
            tokio::pin!(pushed);
            // Enlisted before the look, so that nothing pushed in between is missed.
            pushed.as_mut().enable();
            let until = match self.taken(self.look(by)) {
                Ok(work) => return Some(work),
                Err(Found::Closed) => return None,
                Err(Found::Nobody(moment)) => {
                    let look = Instant::now() + LOOK;
                    moment.map_or(look, |moment| moment.min(look))
                }
                Err(_) => continue,
            };
            tokio::select! {
                () = pushed => {}
                () = tokio::time::sleep_until(until) => {}
            }
        }
    }

    /// What is to be sent of what was found; what may not go is given back.
    fn taken(&self, found: Found) -> Result<Work, Found> {
        match found {
            Found::Job(job) => return Ok(Work::Notice(job)),
            Found::Mail(mail) => return Ok(Work::Mail(mail)),
            Found::Shut(jobs) => jobs.into_iter().for_each(Job::go_back),
            Found::Held(job, left) => defer(*job, left),
            Found::MailHeld(mail, left) => mail.give_back(left),
            Found::Nobody(_) | Found::Closed => return Err(found),
        }
        Err(Found::Shut(Vec::new()))
    }

    fn look(&self, by: &RelayState) -> Found {
        let look = Look {
            now: Instant::now(),
            providers: &self.0.providers,
            by,
            relay_states: &self.0.relay_states,
        };
        let found = self.with(|state| {
            let found = state.look(&look);
            if matches!(found, Found::Mail(_) | Found::MailHeld(..)) {
                self.count_mails(state);
            }
            found
        });
        if matches!(found, Found::Mail(_) | Found::MailHeld(..)) {
            self.0.mail_taken.notify_one();
        }
        if matches!(found, Found::Job(_) | Found::Shut(_) | Found::Held(..)) {
            self.0.taken.notify_one();
        }
        found
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.0.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
