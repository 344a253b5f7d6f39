//! The only source of the present time: passed as a parameter, fixed in tests.
//!
//! `clippy.toml` forbids `Utc::now` elsewhere. Times are whole microseconds, as Postgres keeps them,
//! so that what was written equals what is read back.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, DurationRound, TimeDelta, Utc};

/// A clock: the system's, or one that stands still until it is told to move.
#[derive(Clone, Debug, Default)]
pub struct Clock(Option<Arc<Mutex<DateTime<Utc>>>>);

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self(None)
    }

    /// A clock that stands at `at`.
    pub fn fixed(at: DateTime<Utc>) -> Self {
        Self(Some(Arc::new(Mutex::new(at))))
    }

    /// The present time, to the microsecond.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that asks the system"
    )]
    pub fn now(&self) -> DateTime<Utc> {
        let now = match &self.0 {
            None => Utc::now(),
            Some(fixed) => *fixed.lock().unwrap_or_else(PoisonError::into_inner),
        };
        now.duration_trunc(TimeDelta::microseconds(1))
            .unwrap_or(now)
    }

    /// Moves a fixed clock forward; the system's clock does not listen.
    pub fn advance(&self, by: TimeDelta) {
        if let Some(fixed) = &self.0 {
            *fixed.lock().unwrap_or_else(PoisonError::into_inner) += by;
        }
    }
}

/// Limits how often something is done in this process. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Throttle(Arc<AtomicI64>);

impl Throttle {
    /// Whether a second has passed since it last said so; of several callers at once, one is told so.
    pub fn is_due(&self, now: DateTime<Utc>) -> bool {
        let now = now.timestamp_millis();
        let last = self.0.load(Ordering::Relaxed);
        let is_past = now.abs_diff(last) >= 1_000;
        let swap = || {
            self.0
                .compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed)
        };
        is_past && swap().is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_due_once_a_second_also_after_the_clock_was_set_back() {
        let at =
            |milliseconds: i64| DateTime::from_timestamp_millis(1_629_450_000_000 + milliseconds);
        let throttle = Throttle::default();
        let due = [0, 0, 999, 1_000, 1_500, 2_000, -9_000, -8_500, -8_000];
        let due = due.map(|milliseconds| throttle.is_due(at(milliseconds).unwrap()));
        assert_eq!(
            due,
            [true, false, false, true, false, true, true, false, true]
        );
    }
}
