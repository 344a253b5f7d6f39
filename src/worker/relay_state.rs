//! The state that all connections to one relay share, whatever they send.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::Route;
use super::heard::Heard;
use super::pace::Pace;
use crate::address::EmailAddress;
use crate::delivery::policy::RelayHold;
use crate::delivery::refusals::{Hold, Refusal, Refusals};
use crate::delivery::streak::{Deferral, Means, Streak};

/// A message that waits for a relay: a notice, or a message of the outbox.
#[derive(Clone, Copy)]
pub(crate) struct Needs<'a> {
    /// The recipient's address.
    pub to: Option<&'a EmailAddress>,
    /// The relays ([`RelayState::id`]) that cannot carry it.
    pub not_by: &'a [usize],
}

impl Needs<'_> {
    /// Whether a relay may carry it: it did not turn out that it cannot.
    pub(crate) fn may_go_by(&self, relay_state: &RelayState) -> bool {
        !self.not_by.contains(&relay_state.id())
    }
}

/// One relay in use.
pub(crate) struct RelayState {
    /// The relay and how it may be used.
    pub route: Route,
    /// Its pace.
    pub pace: Pace,
    /// Not before this moment: the relay is away, or asked us to hold.
    held: Mutex<Option<(Instant, RelayHold)>>,
    refusals: Mutex<Refusals>,
    /// Something was refused: answers are told to `refusals`.
    watches: AtomicBool,
    /// Its latest bad results.
    pub streak: SharedStreak,
    /// Lines with an open connection.
    open: AtomicUsize,
    /// Of those, connections without a job.
    idle: AtomicUsize,
    /// Lines that are opening a connection.
    opening: AtomicUsize,
}

impl RelayState {
    /// The relay state of a relay.
    pub(crate) fn new(route: Route) -> Self {
        Self {
            route,
            pace: Pace::default(),
            held: Mutex::default(),
            refusals: Mutex::default(),
            watches: AtomicBool::new(false),
            streak: SharedStreak::default(),
            open: AtomicUsize::new(0),
            idle: AtomicUsize::new(0),
            opening: AtomicUsize::new(0),
        }
    }

    /// Tells it from the other relay states of this process.
    pub(crate) fn id(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    /// Holds it for a while, if it is not held for longer already.
    pub(crate) fn hold(&self, lasting: chrono::TimeDelta, why: RelayHold) {
        let until = Instant::now() + lasting.to_std().unwrap_or_default();
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.is_none_or(|(at, _)| at < until) {
            *held = Some((until, why));
        }
    }

    /// How much longer it is held.
    pub(crate) fn held(&self) -> Option<Duration> {
        self.held_because().map(|(left, _)| left)
    }

    /// How much longer it is held, and why.
    pub(crate) fn held_because(&self) -> Option<(Duration, &'static str)> {
        let (until, why) = (*self.held.lock().unwrap_or_else(PoisonError::into_inner))?;
        let left = until.checked_duration_since(Instant::now())?;
        Some((left, why.as_str())).filter(|_| !left.is_zero())
    }

    fn refusals(&self) -> MutexGuard<'_, Refusals> {
        self.refusals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether any provider refused messages of this relay so far. Until then no provider is held, and no lock is
    /// taken.
    pub(crate) fn watches(&self) -> bool {
        self.watches.load(Ordering::Relaxed)
    }

    /// A provider's answer was not against us.
    pub(crate) fn taken(&self, provider: &str) {
        self.refusals()
            .record_other_answer(provider, Instant::now());
    }

    /// A provider refused us. Returns what to hold from now on.
    pub(crate) fn refused(&self, provider: &str, refusal: Refusal) -> Option<Hold> {
        self.watches.store(true, Ordering::Relaxed);
        self.refusals()
            .record_refusal(provider, refusal, Instant::now())
    }

    /// Whether a provider accepts mail for other recipients at present.
    pub(crate) fn accepts_other_recipients(&self, provider: &str) -> bool {
        self.watches() && self.refusals().accepts_other_recipients(provider)
    }

    /// How much longer a provider is held here.
    pub(crate) fn provider_held(&self, provider: &str) -> Option<Duration> {
        let (left, _) = self.refusals().held(provider, Instant::now())?;
        Some(left)
    }

    /// The providers that are held here: which, for how much longer, why.
    pub(crate) fn providers_held(&self) -> Vec<(String, Duration, &'static str)> {
        if !self.watches() {
            return Vec::new();
        }
        let refusals = self.refusals();
        let held = refusals.all_held(Instant::now());
        held.into_iter()
            .map(|(name, left, why)| (name.to_owned(), left, why))
            .collect()
    }

    /// Whether `waiting` jobs need one more connection, after those that are being opened and those without a job. If
    /// so, it counts as being opened until the guard is dropped.
    pub(crate) fn wants_another(&self, waiting: usize) -> Option<Counted<'_>> {
        // Of several concurrent callers exactly one finds no other before it.
        let before = self.opening.fetch_add(1, Ordering::Relaxed);
        let opening = Counted(&self.opening);
        (waiting > before + self.idle.load(Ordering::Relaxed)).then_some(opening)
    }

    /// Counts an open connection until the guard is dropped.
    pub(crate) fn opened(&self) -> Counted<'_> {
        Counted::new(&self.open)
    }

    /// Whether another connection has an open connection, or may have one in a moment.
    pub(crate) fn is_open(&self) -> bool {
        self.open.load(Ordering::Relaxed) > 0 || self.opening.load(Ordering::Relaxed) > 0
    }

    /// Whether a connection of it could take another job now: one is open and has none, or not all are open.
    pub(crate) fn has_room(&self) -> bool {
        let begun = self.open.load(Ordering::Relaxed) + self.opening.load(Ordering::Relaxed);
        self.idle.load(Ordering::Relaxed) > 0 || begun < self.route.connections
    }

    /// Counts a connection without a job until the guard is dropped.
    pub(crate) fn rests(&self) -> Counted<'_> {
        Counted::new(&self.idle)
    }
}

/// The latest bad results of one relay, shared by its connections.
#[derive(Default)]
pub(crate) struct SharedStreak {
    /// Whether there are any: a relay that takes everything takes no lock.
    any: AtomicBool,
    streak: Mutex<Streak<Heard>>,
}

impl SharedStreak {
    fn lock(&self) -> MutexGuard<'_, Streak<Heard>> {
        self.any.store(true, Ordering::Relaxed);
        self.streak.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// As [`Streak::lost`].
    pub(crate) fn lost(&self, heard: Option<Heard>, others_take: bool) -> Means<Heard> {
        self.lock().lost(heard, others_take)
    }

    /// As [`Streak::answered`].
    pub(crate) fn answered(&self) -> Vec<Heard> {
        match self.any.load(Ordering::Relaxed) {
            true => self.lock().answered(),
            false => Vec::new(),
        }
    }

    /// As [`Streak::taken`].
    pub(crate) fn taken(&self) -> Vec<Heard> {
        if !self.any.load(Ordering::Relaxed) {
            return Vec::new();
        }
        let mut streak = self.lock();
        self.any.store(false, Ordering::Relaxed);
        streak.taken()
    }

    /// As [`Streak::defer`].
    pub(crate) fn defer(&self, one: &Deferral<'_>, heard: Option<Heard>) -> Means<Heard> {
        self.lock().defer(one, heard)
    }

    /// As [`Streak::defers`].
    pub(crate) fn defers(&self) -> bool {
        self.any.load(Ordering::Relaxed) && self.lock().defers()
    }
}

/// One of something, as long as it lives.
pub(crate) struct Counted<'a>(&'a AtomicUsize);

impl<'a> Counted<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
