//! Rate limits: messages are spaced evenly, without bursts.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Assigns evenly spaced slots; shared by all connections of a relay, campaign or provider.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    next: Mutex<Option<Instant>>,
    /// The notice that waits for the next slot holds it; the others wait for it, in the order in which they came.
    first: tokio::sync::Mutex<()>,
}

impl Pace {
    /// Waits for a notice's slot at this rate, in messages a second; 0 is unlimited. Notices take slots in the order in
    /// which they came, and each only when it has come, so that a message of the outbox can take the next one
    /// ([`Self::turn_first`]).
    pub(crate) async fn turn(&self, per_second: f64) {
        if per_second <= 0.0 {
            return;
        }
        let asked = Instant::now();
        let _first = self.first.lock().await;
        loop {
            let moment = self.peek(asked);
            tokio::time::sleep_until(moment).await;
            if self.take_at(moment, asked, per_second) {
                return;
            }
        }
    }

    /// The same for a message of the outbox: it takes the next slot, whatever notices wait.
    pub(crate) async fn turn_first(&self, per_second: f64) {
        if per_second > 0.0 {
            let moment = self.take(Instant::now(), per_second);
            tokio::time::sleep_until(moment).await;
        }
    }

    /// Takes the slot at `moment`, if it is still the next one for a caller that asked at `asked`.
    fn take_at(&self, moment: Instant, asked: Instant, per_second: f64) -> bool {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let is_next = next.map_or(asked, |next| next.max(asked)) == moment;
        if is_next {
            *next = Some(moment + Duration::from_secs_f64(1.0 / per_second));
        }
        is_next
    }

    /// Takes the next free slot.
    pub(crate) fn take(&self, now: Instant, per_second: f64) -> Instant {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let moment = next.map_or(now, |next| next.max(now));
        *next = Some(moment + Duration::from_secs_f64(1.0 / per_second));
        moment
    }

    /// The next free slot, without taking it.
    pub(crate) fn peek(&self, now: Instant) -> Instant {
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

    #[tokio::test]
    async fn a_message_of_the_outbox_takes_the_next_slot_before_the_notices_that_wait() {
        let (pace, start) = (Pace::default(), Instant::now());
        pace.take(start, 5.0);
        let order = Mutex::new(Vec::new());
        let log = |name: &'static str| order.lock().expect("no panic").push(name);
        // Polled in this order: both notices wait before the answer and the code come.
        let notice = async |name| {
            pace.turn(5.0).await;
            log(name);
        };
        let message = async |name| {
            pace.turn_first(5.0).await;
            log(name);
        };
        tokio::join!(
            notice("first notice"),
            notice("second notice"),
            message("answer"),
            message("code"),
        );
        assert!(Instant::now() - start >= Duration::from_millis(800));
        let order = order.into_inner().expect("no panic");
        assert_eq!(order, ["answer", "code", "first notice", "second notice"]);
    }

    #[tokio::test]
    async fn a_notice_that_gives_up_its_turn_takes_no_slot() {
        let (pace, start) = (Pace::default(), Instant::now());
        pace.take(start, 0.1);
        let gave_up = tokio::time::timeout(Duration::from_millis(5), pace.turn(0.1));
        assert!(gave_up.await.is_err());
        assert_eq!(pace.peek(start) - start, Duration::from_secs(10));
    }
}
