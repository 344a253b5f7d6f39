//! Lanes: the notices in hand, one lane a campaign, and which of them goes next. Corrections go before
//! supplements before first notices; campaigns of one kind take turns. A notice whose provider is not to be
//! hurried steps aside for its moment, and whoever may go meanwhile goes.

use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering as AtomicOrdering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::gate::Leave;
use super::hand::Job;
use super::providers::Providers;
use super::trunk::Trunk;
use super::way::{Look, Way, is_served, put_off};
use crate::campaign::CampaignKind;
use crate::id::CampaignId;

/// So many times a lane's room may step aside before no more of its campaign is claimed.
const ASIDE: usize = 4;
/// How long somebody who waits for a job sleeps at most before looking again: gates open and shut meanwhile.
const LOOK: Duration = Duration::from_millis(200);

/// All lanes of this process. Cheap to clone.
#[derive(Clone)]
pub struct Lanes(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    /// There may be a job for those who wait for one.
    pushed: Notify,
    /// There may be room for those who wait for that.
    taken: Notify,
    providers: Providers,
    trunks: Box<[Arc<Trunk>]>,
    /// There may be jobs that some relay cannot carry.
    picky: AtomicBool,
    /// Jobs in a lane beyond which no more of its campaign is claimed.
    room: usize,
}

#[derive(Default)]
struct State {
    lanes: Vec<Lane>,
    /// The campaign that went last.
    last: Option<CampaignId>,
    aside: BinaryHeap<Aside>,
    closed: bool,
}

struct Lane {
    campaign: CampaignId,
    kind: CampaignKind,
    jobs: VecDeque<Job>,
    /// How many more of its jobs stepped aside.
    aside: usize,
}

/// A job that waits for its provider's moment.
struct Aside(Reverse<Instant>, Job);

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

/// What a look at the lanes found.
enum Found {
    /// This one goes.
    Job(Box<Job>),
    /// These may not go any more: they go back to the queue.
    Shut(Vec<Job>),
    /// The provider of this one is held by every relay for so long.
    Held(Box<Job>, Duration),
    /// Nobody before this moment, or before something changes.
    Nobody(Option<Instant>),
    /// Nobody ever again.
    Closed,
}

impl Lanes {
    /// Empty lanes; a campaign has room while fewer than `room` of its jobs wait.
    pub fn new(providers: Providers, trunks: &[Arc<Trunk>], room: usize) -> Self {
        Self(Arc::new(Inner {
            state: Mutex::default(),
            pushed: Notify::new(),
            taken: Notify::new(),
            providers,
            trunks: trunks.into(),
            picky: AtomicBool::new(false),
            room,
        }))
    }

    /// The providers whose limits hold here.
    pub fn providers(&self) -> &Providers {
        &self.0.providers
    }

    /// Puts jobs of one campaign in its lane. Closed lanes drop them: they go back.
    pub fn push(&self, campaign: CampaignId, kind: CampaignKind, jobs: Vec<Job>) {
        let dropped = self.with(|state| state.push(campaign, kind, jobs));
        drop(dropped);
        self.0.pushed.notify_waiters();
    }

    /// Puts a job before the others of its campaign: it was begun, and another connection may take it.
    pub fn put_back(&self, job: Job) {
        let (campaign, kind) = (job.notice.campaign, job.shared.kind);
        let dropped = self.with(|state| {
            if let (false, Some(lane)) = (state.closed, state.lane(campaign)) {
                lane.jobs.push_front(job);
                return Vec::new();
            }
            state.push(campaign, kind, vec![job])
        });
        drop(dropped);
        self.0.pushed.notify_waiters();
    }

    /// Puts a job behind the others of its campaign: should it be what breaks connections, they go first.
    pub fn put_behind(&self, job: Job) {
        if !job.not_by.is_empty() {
            self.0.picky.store(true, AtomicOrdering::Relaxed);
        }
        self.push(job.notice.campaign, job.shared.kind, vec![job]);
    }

    /// Waits until `wanted` makes something of the number of jobs that may go now; `None`: there will be none.
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

    /// Whether a job waits that this standby can carry and none of the relays in use that go first.
    pub fn need(&self, standby: &Trunk) -> bool {
        if !self.0.picky.load(AtomicOrdering::Relaxed) {
            return false;
        }
        self.with(|state| {
            let mut picky = state.jobs().filter(|job| !job.not_by.is_empty()).peekable();
            if picky.peek().is_none() {
                self.0.picky.store(false, AtomicOrdering::Relaxed);
            }
            picky.any(|job| job.may_go_by(standby) && !is_served(&self.0.trunks, job))
        })
    }

    /// Whether more than so many jobs wait in the lanes.
    pub fn have_more_than(&self, jobs: usize) -> bool {
        let waiting = |state: &mut State| {
            state
                .lanes
                .iter()
                .map(|lane| lane.jobs.len())
                .sum::<usize>()
        };
        self.with(waiting) > jobs
    }

    /// The campaigns of which enough is in hand.
    pub fn full(&self) -> Vec<CampaignId> {
        let room = self.0.room;
        let full = |lane: &&Lane| lane.jobs.len() >= room || lane.aside >= ASIDE * room;
        self.with(|state| {
            state
                .lanes
                .iter()
                .filter(full)
                .map(|lane| lane.campaign)
                .collect()
        })
    }

    /// Waits while just these have enough, a poll interval at most: others may have become due.
    pub async fn while_full(&self, full: &[CampaignId], poll: Duration) {
        let wait = async {
            while self.full() == full {
                self.0.taken.notified().await;
            }
        };
        let _ = tokio::time::timeout(poll, wait).await;
    }

    /// Gives everything back; whoever waits for a job gets none.
    pub fn close(&self) {
        let dropped = self.with(|state| {
            state.closed = true;
            state.take_all()
        });
        drop(dropped);
        self.0.pushed.notify_waiters();
    }

    /// Gives back every job that may not go any more, also while no line asks for one: what was opened of its
    /// person leaves the memory. If all relays are held, those are `all` jobs.
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
    pub fn try_next(&self, by: &Trunk) -> Option<Job> {
        loop {
            match self.look(by) {
                Found::Job(job) => return Some(*job),
                Found::Shut(jobs) => jobs.into_iter().for_each(Job::go_back),
                Found::Held(job, left) => put_off(*job, left),
                Found::Nobody(_) | Found::Closed => return None,
            }
        }
    }

    /// Waits for the next job by this relay; `None`: there will be none.
    pub async fn next(&self, by: &Trunk) -> Option<Job> {
        loop {
            let pushed = self.0.pushed.notified();
            tokio::pin!(pushed);
            // Enlisted before the look, so that nothing pushed in between is missed.
            pushed.as_mut().enable();
            let until = match self.look(by) {
                Found::Job(job) => return Some(*job),
                Found::Closed => return None,
                Found::Held(job, left) => {
                    put_off(*job, left);
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

    fn look(&self, by: &Trunk) -> Found {
        let look = Look {
            now: Instant::now(),
            providers: &self.0.providers,
            by,
            trunks: &self.0.trunks,
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

impl State {
    fn jobs(&self) -> impl Iterator<Item = &Job> {
        self.lanes.iter().flat_map(|lane| &lane.jobs)
    }

    /// How many jobs may go now, more or less: of a campaign with a rate one at a time.
    fn due(&self, now: Instant) -> usize {
        let aside = self.aside.peek().is_some_and(|aside| aside.0.0 <= now);
        self.lanes.iter().map(|lane| lane.due(now)).sum::<usize>() + usize::from(aside)
    }

    /// What comes back is not wanted any more.
    fn push(&mut self, campaign: CampaignId, kind: CampaignKind, jobs: Vec<Job>) -> Vec<Job> {
        if self.closed {
            return jobs;
        }
        self.lanes
            .retain(|lane| !lane.jobs.is_empty() || lane.aside > 0);
        match self.lane(campaign) {
            Some(lane) => lane.jobs.extend(jobs),
            None => self.lanes.push(Lane {
                campaign,
                kind,
                jobs: jobs.into(),
                aside: 0,
            }),
        }
        Vec::new()
    }

    fn lane(&mut self, campaign: CampaignId) -> Option<&mut Lane> {
        self.lanes.iter_mut().find(|lane| lane.campaign == campaign)
    }

    fn look(&mut self, look: &Look<'_>) -> Found {
        if self.closed {
            return Found::Closed;
        }
        while let Some(job) = self.back_from_aside(look.now) {
            return match (job.leave(), look.way(&job)) {
                (Leave::Go, Way::Open) => Found::Job(Box::new(job)),
                (Leave::Go, Way::Nowhere(left)) => Found::Held(Box::new(job), left),
                (Leave::Go, Way::Elsewhere) => match self.lane(job.notice.campaign) {
                    Some(lane) => {
                        lane.jobs.push_back(job);
                        continue;
                    }
                    None => Found::Shut(vec![job]),
                },
                (Leave::Wait | Leave::Back, _) => Found::Shut(vec![job]),
            };
        }
        let last = self.last;
        // Few campaigns are under way at once.
        self.lanes
            .sort_by_key(|lane| (lane.kind.rank(), Some(lane.campaign) <= last, lane.campaign));
        let mut soonest = self.aside.peek().map(|aside| aside.0.0);
        for lane in &mut self.lanes {
            match lane.look(look, &mut self.aside) {
                Found::Nobody(moment) => soonest = soonest.into_iter().chain(moment).min(),
                found => {
                    self.last = Some(lane.campaign);
                    return found;
                }
            }
        }
        self.shut_aside()
            .map_or(Found::Nobody(soonest), Found::Shut)
    }

    /// A job that stepped aside and whose moment has come.
    fn back_from_aside(&mut self, now: Instant) -> Option<Job> {
        self.aside.peek().filter(|aside| aside.0.0 <= now)?;
        let Aside(_, job) = self.aside.pop()?;
        if let Some(lane) = self.lane(job.notice.campaign) {
            lane.aside -= 1;
        }
        Some(job)
    }

    /// All jobs.
    fn take_all(&mut self) -> Vec<Job> {
        let aside = std::mem::take(&mut self.aside).into_iter();
        let lanes = std::mem::take(&mut self.lanes).into_iter();
        aside
            .map(|aside| aside.1)
            .chain(lanes.flat_map(|lane| lane.jobs))
            .collect()
    }

    /// All jobs that may not go any more.
    fn shut(&mut self) -> Vec<Job> {
        let mut back = self.shut_aside().unwrap_or_default();
        for lane in &mut self.lanes {
            if lane.jobs.iter().any(|job| job.leave() == Leave::Back) {
                back.extend(lane.shut());
            }
        }
        back
    }

    /// Those who stepped aside and may not go any more.
    fn shut_aside(&mut self) -> Option<Vec<Job>> {
        let shut = |aside: &Aside| aside.1.leave() == Leave::Back;
        if !self.aside.iter().any(shut) {
            return None;
        }
        let (back, stay): (Vec<_>, Vec<_>) = self.aside.drain().partition(shut);
        self.aside = stay.into();
        let jobs: Vec<Job> = back.into_iter().map(|aside| aside.1).collect();
        for job in &jobs {
            if let Some(lane) = self.lane(job.notice.campaign) {
                lane.aside -= 1;
            }
        }
        Some(jobs)
    }
}

impl Lane {
    /// Its jobs that may not go any more.
    fn shut(&mut self) -> Vec<Job> {
        let jobs = std::mem::take(&mut self.jobs);
        let (back, stay): (Vec<_>, Vec<_>) =
            jobs.into_iter().partition(|job| job.leave() == Leave::Back);
        self.jobs = stay.into();
        back
    }

    fn due(&self, now: Instant) -> usize {
        match self.jobs.front() {
            Some(first) if first.leave() == Leave::Go => match first.rate() {
                None => self.jobs.len(),
                Some(_) => usize::from(first.shared.pace.peek(now) <= now),
            },
            _ => 0,
        }
    }

    fn look(&mut self, look: &Look<'_>, aside: &mut BinaryHeap<Aside>) -> Found {
        let now = look.now;
        // Jobs that wait for another relay are passed over once.
        let mut passed = 0;
        while passed < self.jobs.len()
            && let Some(first) = self.jobs.front()
        {
            match first.leave() {
                Leave::Go => {}
                Leave::Wait => return Found::Nobody(None),
                Leave::Back => return Found::Shut(self.shut()),
            }
            match look.way(first) {
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
            let rate = first.rate();
            let moment = rate.map_or(now, |_| first.shared.pace.peek(now));
            if moment > now {
                return Found::Nobody(Some(moment));
            }
            let Some(job) = self.jobs.pop_front() else {
                break;
            };
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
