//! Rate limits: messages are spaced evenly, without bursts.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Assigns evenly spaced slots; shared by all connections of a relay, campaign or provider.
#[derive(Debug, Default)]
pub struct Pace {
    next: Mutex<Option<Instant>>,
    /// The notice that waits for the next slot holds it; the others wait for it, in the order in which they came.
    first: tokio::sync::Mutex<()>,
}

impl Pace {
    /// Waits for a notice's slot at this rate, in messages a second; 0 is unlimited. Notices take slots in the order in
    /// which they came, and each only when it has come, so that a message of the outbox can take the next one
    /// ([`Self::turn_first`]).
    pub async fn turn(&self, per_second: f64) {
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
    pub async fn turn_first(&self, per_second: f64) {
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

    #[tokio::test(start_paused = true)]
    async fn a_message_of_the_outbox_takes_the_next_slot_before_the_notices_that_wait() {
        let (pace, start) = (Pace::default(), Instant::now());
        let log = Mutex::new(Vec::new());
        let turn = async |name: &'static str, wait: u64, is_first: bool| {
            tokio::time::sleep(Duration::from_millis(wait)).await;
            match is_first {
                true => pace.turn_first(10.0).await,
                false => pace.turn(10.0).await,
            }
            let at = (Instant::now() - start).as_millis();
            log.lock().expect("no panic").push((name, at));
        };
        tokio::join!(
            turn("first notice", 0, false),
            turn("second notice", 1, false),
            turn("third notice", 2, false),
            turn("answer", 50, true),
            turn("code", 60, true),
        );
        let expected = [
            ("first notice", 0),
            ("answer", 100),
            ("code", 200),
            ("second notice", 300),
            ("third notice", 400),
        ];
        assert_eq!(log.into_inner().expect("no panic"), expected);
    }

    #[tokio::test(start_paused = true)]
    async fn a_notice_that_gives_up_its_turn_takes_no_slot() {
        let (pace, start) = (Pace::default(), Instant::now());
        pace.turn(1.0).await;
        let gave_up = tokio::time::timeout(Duration::from_millis(10), pace.turn(1.0));
        assert!(gave_up.await.is_err());
        pace.turn(1.0).await;
        assert_eq!(Instant::now() - start, Duration::from_secs(1));
    }
}
