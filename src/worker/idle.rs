//! The poll interval of a loop that found no work.

use std::time::Duration;

use tokio::sync::watch;

use crate::shutdown::Shutdown;

/// A loop is idle after this many polls in a row without work.
const SOON: u32 = 10;

/// The rest between looks: short while there was work a moment ago, long once a loop is idle.
#[derive(Debug)]
pub(crate) struct Idle {
    short: Duration,
    long: Duration,
    empty: u32,
}

impl Idle {
    /// An idle loop rests `times` as long as a busy one.
    pub(crate) fn new(short: Duration, times: u32) -> Self {
        Self {
            short,
            long: short * times,
            empty: 0,
        }
    }

    /// There was work, or there may be now.
    pub(crate) fn wake(&mut self) {
        self.empty = 0;
    }

    /// How long to rest after a look that found nothing.
    pub(crate) fn rest(&mut self) -> Duration {
        self.empty = self.empty.saturating_add(1);
        match self.empty > SOON {
            true => self.long,
            false => self.short,
        }
    }
}

/// Tells loops of this process that there may be work: something about a campaign changed.
#[derive(Debug, Clone)]
pub(crate) struct Wake(watch::Sender<()>);

impl Wake {
    /// Nothing has changed yet.
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(()))
    }

    /// Wakes every loop, also one that is at work and rests next.
    pub(crate) fn all(&self) {
        self.0.send_replace(());
    }

    /// One loop's side.
    pub(crate) fn waiter(&self) -> Waiter {
        Waiter(self.0.subscribe())
    }
}

/// A loop's side of [`Wake`].
#[derive(Debug)]
pub(crate) struct Waiter(watch::Receiver<()>);

impl Waiter {
    /// Rests until there may be work. `false`: the end was asked for.
    pub(crate) async fn rest(&mut self, idle: &mut Idle, shutdown: &Shutdown) -> bool {
        tokio::select! {
            goes_on = shutdown.rest(idle.rest()) => goes_on,
            Ok(()) = self.0.changed() => {
                idle.wake();
                true
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_is_idle_after_some_looks_and_awake_with_the_first_work() {
        let [short, long] = [50, 200].map(Duration::from_millis);
        let mut idle = Idle::new(short, 4);
        for _ in 0..SOON {
            assert_eq!(idle.rest(), short);
        }
        assert_eq!(idle.rest(), long);
        idle.wake();
        assert_eq!(idle.rest(), short);
    }

    #[tokio::test]
    async fn a_wake_while_a_loop_is_at_work_ends_its_next_rest() {
        let wake = Wake::new();
        let mut waiter = wake.waiter();
        wake.all();
        let mut idle = Idle::new(Duration::from_secs(600), 1);
        assert!(waiter.rest(&mut idle, &Shutdown::new()).await);
    }
}
