//! Rate limits: messages are spaced evenly, without bursts.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Assigns evenly spaced slots; shared by all connections of a relay, campaign or provider.
#[derive(Debug, Default)]
pub struct Pace {
    next: Mutex<Option<Instant>>,
}

impl Pace {
    /// Waits for the caller's slot at this rate, in messages a second; 0 is unlimited.
    pub async fn turn(&self, per_second: f64) {
        if per_second > 0.0 {
            let moment = self.take(Instant::now(), per_second);
            tokio::time::sleep_until(moment).await;
        }
    }

    /// Takes the next free slot.
    pub fn take(&self, now: Instant, per_second: f64) -> Instant {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let moment = next.map_or(now, |next| next.max(now));
        *next = Some(moment + Duration::from_secs_f64(1.0 / per_second));
        moment
    }

    /// The next free slot, without taking it.
    pub fn peek(&self, now: Instant) -> Instant {
        let next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        next.map_or(now, |next| next.max(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_come_at_an_even_distance_and_unused_ones_are_not_saved_up() {
        let (pace, start) = (Pace::default(), Instant::now());
        let turns: Vec<_> = (0..3).map(|_| pace.take(start, 10.0) - start).collect();
        assert_eq!(turns, [0, 100, 200].map(Duration::from_millis));
        assert_eq!(pace.peek(start) - start, Duration::from_millis(300));
        let later = start + Duration::from_secs(9);
        assert_eq!(pace.take(later, 10.0), later);
    }
}
