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
        let Some(distance) = self.distance else {
            return;
        };
        let moment = {
            let now = Instant::now();
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let moment = next.map_or(now, |next| next.max(now));
            *next = Some(moment + distance);
            moment
        };
        tokio::time::sleep_until(moment).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn turns_come_at_an_even_distance() {
        let pace = Pace::new(10);
        let start = Instant::now();
        for _ in 0..11 {
            pace.turn().await;
        }
        assert_eq!(start.elapsed(), Duration::from_secs(1));
    }
}
