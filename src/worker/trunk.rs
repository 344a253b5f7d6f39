//! A trunk: what all lines to one relay share.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::Route;
use super::pace::Pace;

/// One relay in use.
pub struct Trunk {
    /// The relay and how it may be used.
    pub route: Route,
    /// Its pace.
    pub pace: Pace,
    /// Not before this moment: the relay is away, or asked us to hold.
    held: Mutex<Option<(Instant, &'static str)>>,
}

impl Trunk {
    /// The trunk of a relay.
    pub fn new(route: Route) -> Self {
        Self {
            route,
            pace: Pace::default(),
            held: Mutex::default(),
        }
    }

    /// Holds it for a while, if it is not held for longer already.
    pub fn hold(&self, lasting: chrono::TimeDelta, why: &'static str) {
        let until = Instant::now() + lasting.to_std().unwrap_or_default();
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.is_none_or(|(at, _)| at < until) {
            *held = Some((until, why));
        }
    }

    /// How much longer it is held.
    pub fn held(&self) -> Option<Duration> {
        self.held_because().map(|(left, _)| left)
    }

    /// How much longer it is held, and why.
    pub fn held_because(&self) -> Option<(Duration, &'static str)> {
        let (until, why) = (*self.held.lock().unwrap_or_else(PoisonError::into_inner))?;
        let left = until.checked_duration_since(Instant::now())?;
        Some((left, why)).filter(|_| !left.is_zero())
    }
}
