//! How long connections to a relay have waited for an answer.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

/// Connections on which a relay has not answered yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Silence {
    /// How many there are.
    pub connections: usize,
    /// How long the one has waited that waits longest.
    pub longest: Duration,
}

/// The connections to one relay.
#[derive(Debug)]
pub(super) struct Connections {
    begun: Instant,
    each: Mutex<Vec<Weak<AtomicU64>>>,
}

/// Since when one connection waits: milliseconds after `begun`, plus one; 0 while it does not.
#[derive(Debug)]
pub(super) struct Wait {
    begun: Instant,
    since: Arc<AtomicU64>,
}

impl Default for Connections {
    fn default() -> Self {
        Self {
            begun: Instant::now(),
            each: Mutex::default(),
        }
    }
}

impl Connections {
    /// One more connection. It counts until it is dropped.
    pub(super) fn add(&self) -> Wait {
        let since = Arc::new(AtomicU64::new(0));
        let mut each = self.each.lock().unwrap_or_else(PoisonError::into_inner);
        each.retain(|one| one.strong_count() > 0);
        each.push(Arc::downgrade(&since));
        Wait {
            begun: self.begun,
            since,
        }
    }

    /// Those that have waited for at least this long; `None`: none has.
    pub(super) fn silent_for(&self, least: Duration) -> Option<Silence> {
        let now = milliseconds(self.begun);
        let each = self.each.lock().unwrap_or_else(PoisonError::into_inner);
        let waits = each.iter().filter_map(Weak::upgrade).filter_map(|one| {
            let since = one.load(Ordering::Relaxed);
            let waited = now.saturating_sub(since.checked_sub(1)?);
            Some(Duration::from_millis(waited)).filter(|waited| *waited >= least)
        });
        let (connections, longest) = waits.fold((0, Duration::ZERO), |(n, longest), waited| {
            (n + 1, longest.max(waited))
        });
        (connections > 0).then_some(Silence {
            connections,
            longest,
        })
    }
}

impl Default for Wait {
    /// Of a connection that no task watches.
    fn default() -> Self {
        Connections::default().add()
    }
}

impl Wait {
    /// The relay is asked something.
    pub(super) fn begin(&self) {
        self.since
            .store(milliseconds(self.begun) + 1, Ordering::Relaxed);
    }

    /// It has answered, or is waited for no longer.
    pub(super) fn end(&self) {
        self.since.store(0, Ordering::Relaxed);
    }
}

fn milliseconds(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_counts_from_the_question_to_the_answer_and_not_after_its_end() {
        let all = Connections::default();
        let (one, other) = (all.add(), all.add());
        assert_eq!(all.silent_for(Duration::ZERO), None);
        one.begin();
        other.begin();
        let count = || {
            all.silent_for(Duration::ZERO)
                .map(|silence| silence.connections)
        };
        assert_eq!(count(), Some(2));
        assert_eq!(all.silent_for(Duration::from_secs(3_600)), None);
        other.end();
        assert_eq!(count(), Some(1));
        drop(one);
        assert_eq!(count(), None);
    }
}
