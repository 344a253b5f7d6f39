//! Pace: at most so many messages a second, evenly, never by sleeping after a burst.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Hands out moments at an even distance; shared by all connections of a relay or campaign.
#[derive(Debug, Default)]
pub struct Pace {
    distance: Option<Duration>,
    next: Mutex<Option<Instant>>,
}

impl Pace {
    /// `per_second` messages a second; 0 is unlimited.
    pub fn new(per_second: u32) -> Self {
        Self {
            distance: (per_second > 0).then(|| Duration::from_secs(1) / per_second),
            next: Mutex::default(),
        }
    }

    /// Waits for the caller's moment.
    pub async fn turn(&self) {
        if let Some(moment) = self.next(Instant::now()) {
            tokio::time::sleep_until(moment).await;
        }
    }

    /// The moment of the next in line; `None` if there is no limit.
    fn next(&self, now: Instant) -> Option<Instant> {
        let distance = self.distance?;
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let moment = next.map_or(now, |next| next.max(now));
        *next = Some(moment + distance);
        Some(moment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_come_at_an_even_distance_and_unused_ones_are_not_saved_up() {
        let (pace, start) = (Pace::new(10), Instant::now());
        let turns: Vec<_> = (0..3).map(|_| pace.next(start).unwrap() - start).collect();
        assert_eq!(turns, [0, 100, 200].map(Duration::from_millis));
        let later = start + Duration::from_secs(9);
        assert_eq!(pace.next(later), Some(later));
        assert_eq!(Pace::new(0).next(start), None);
    }
}
