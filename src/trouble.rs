//! Warnings that would repeat. Of a trouble the first time is said at once, then how often it came at growing intervals,
//! and its end. So an outage of an hour is some ten lines of the log.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// When the first summary is due after the first line. Each next one is due after twice the time.
const FIRST: Duration = Duration::from_secs(10);
/// The longest time between two summaries.
const LONGEST: Duration = Duration::from_secs(600);
/// A success so soon after a failure does not end a trouble: some callers fail while others succeed.
const SETTLED: Duration = Duration::from_secs(1);
/// What comes again so soon after its end waits for its turn to be said: what fails and works in turn does not fill the
/// log.
const AGAIN: Duration = Duration::from_secs(60);

/// The troubles of this process. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Troubles(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// How many go on: while it is 0, a success costs one load.
    open: AtomicUsize,
    each: Mutex<HashMap<String, Trouble>>,
}

#[derive(Debug, Clone, Copy)]
struct Trouble {
    since: Instant,
    last: Instant,
    times: u64,
    said: Instant,
    wait: Duration,
    ended: Option<Instant>,
    /// Whether something was said since it began: then its end is worth a line, too.
    heard: bool,
}

/// How often something failed, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// How many times since it began.
    pub times: u64,
    /// Seconds since it began.
    pub seconds: u64,
    /// Nothing was said of it since it began.
    pub is_new: bool,
}

impl Trouble {
    fn new(at: Instant) -> Self {
        Self {
            since: at,
            last: at,
            times: 1,
            said: at,
            wait: FIRST,
            ended: None,
            heard: false,
        }
    }

    /// It came again after its end: its length counts from here. It is said when the next summary is due.
    fn again(&self, at: Instant) -> Self {
        Self {
            said: self.said,
            wait: self.wait,
            ..Self::new(at)
        }
    }

    /// Says it.
    fn say(&mut self, at: Instant) -> Seen {
        let is_new = !self.heard;
        (self.said, self.heard) = (at, true);
        Seen {
            times: self.times,
            seconds: at.duration_since(self.since).as_secs(),
            is_new,
        }
    }

    /// Says it if a summary is due.
    fn summary(&mut self, at: Instant) -> Option<Seen> {
        if at.duration_since(self.said) < self.wait {
            return None;
        }
        self.wait = (self.wait * 2).min(LONGEST);
        Some(self.say(at))
    }
}

impl Troubles {
    /// Something failed. `Some`: say so now.
    pub fn failed(&self, what: &str) -> Option<Seen> {
        self.failed_at(what, Instant::now())
    }

    /// It works. `Some`: say that it is over.
    pub fn worked(&self, what: &str) -> Option<Seen> {
        if !self.any() {
            return None;
        }
        self.worked_at(what, Instant::now())
    }

    /// The caller found that it goes on. `Some`: a summary is due.
    pub fn goes_on(&self, what: &str) -> Option<Seen> {
        let mut each = self.0.each.lock().unwrap_or_else(PoisonError::into_inner);
        each.get_mut(what)?.summary(Instant::now())
    }

    /// Whether anything goes on. Cheap.
    pub fn any(&self) -> bool {
        self.0.open.load(Ordering::Relaxed) > 0
    }

    /// Whether it goes on.
    pub fn is_open(&self, what: &str) -> bool {
        let each = self.0.each.lock().unwrap_or_else(PoisonError::into_inner);
        each.get(what)
            .is_some_and(|trouble| trouble.ended.is_none())
    }

    fn failed_at(&self, what: &str, at: Instant) -> Option<Seen> {
        let mut each = self.0.each.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(trouble) = each.get_mut(what) else {
            let trouble = each.entry(what.to_owned()).or_insert(Trouble::new(at));
            self.0.open.fetch_add(1, Ordering::Relaxed);
            return Some(trouble.say(at));
        };
        // Silent for longer than it would have been silent while it went on: it was over, and no line said so.
        let quiet = at.duration_since(trouble.last) > LONGEST;
        let ended = trouble.ended.take();
        if ended.is_some() {
            self.0.open.fetch_add(1, Ordering::Relaxed);
        }
        if quiet || ended.is_some_and(|ended| at.duration_since(ended) > AGAIN) {
            *trouble = Trouble::new(at);
            return Some(trouble.say(at));
        }
        if ended.is_some() {
            *trouble = trouble.again(at);
        } else {
            trouble.times += 1;
            trouble.last = at;
        }
        trouble.summary(at)
    }

    fn worked_at(&self, what: &str, at: Instant) -> Option<Seen> {
        let mut each = self.0.each.lock().unwrap_or_else(PoisonError::into_inner);
        let trouble = each.get_mut(what)?;
        if trouble.ended.is_some() || at.duration_since(trouble.last) < SETTLED {
            return None;
        }
        trouble.ended = Some(at);
        self.0.open.fetch_sub(1, Ordering::Relaxed);
        trouble.heard.then(|| trouble.say(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What was said over `seconds` of failures at `rate` a second.
    fn outage(troubles: &Troubles, from: Instant, (seconds, rate): (u64, u64)) -> Vec<Seen> {
        let at = |n: u64| from + Duration::from_millis(n * 1_000 / rate);
        (0..seconds * rate)
            .filter_map(|n| troubles.failed_at("postgres", at(n)))
            .collect()
    }

    #[test]
    fn an_hour_at_37_warnings_a_second_is_one_line_and_few_summaries() {
        let (troubles, from) = (Troubles::default(), Instant::now());
        let said = outage(&troubles, from, (3_600, 37));
        assert_eq!(
            said[0],
            Seen {
                times: 1,
                seconds: 0,
                is_new: true,
            }
        );
        assert!((5..=12).contains(&said.len()), "{said:?}");
        let gaps: Vec<_> = said
            .windows(2)
            .map(|two| two[1].seconds - two[0].seconds)
            .collect();
        assert!(
            gaps.windows(2).all(|two| two[0] <= two[1]),
            "growing: {gaps:?}"
        );
        let over = troubles.worked_at("postgres", from + Duration::from_secs(3_602));
        let expected = Seen {
            times: 3_600 * 37,
            seconds: 3_602,
            is_new: false,
        };
        assert_eq!(over, Some(expected));
        assert_eq!(troubles.worked("postgres"), None, "its end is said once");
    }

    #[test]
    fn what_fails_and_works_in_turn_does_not_fill_the_log() {
        let (troubles, from) = (Troubles::default(), Instant::now());
        let mut lines = 0;
        for second in 0..600 {
            let at = from + Duration::from_millis(second * 2_000);
            lines += usize::from(troubles.failed_at("postgres", at).is_some());
            let at = at + Duration::from_millis(1_500);
            lines += usize::from(troubles.worked_at("postgres", at).is_some());
        }
        assert!(lines <= 20, "{lines} lines in twenty minutes");
    }

    #[test]
    fn another_outage_an_hour_later_is_a_new_one() {
        let (troubles, from) = (Troubles::default(), Instant::now());
        troubles.failed_at("postgres", from);
        assert_eq!(
            troubles.worked_at("postgres", from),
            None,
            "too soon to tell"
        );
        assert!(troubles.worked_at("postgres", from + SETTLED).is_some());
        let again = troubles.failed_at("postgres", from + Duration::from_secs(3_600));
        assert_eq!(
            again,
            Some(Seen {
                times: 1,
                seconds: 0,
                is_new: true,
            })
        );
    }

    /// Away for 61 s, back for 6 s, away again for 8 s.
    #[test]
    fn the_length_of_a_second_outage_soon_after_the_first_is_its_own() {
        let (troubles, from) = (Troubles::default(), Instant::now());
        let at = |seconds: u64| from + Duration::from_secs(seconds);
        for second in 0..61 {
            troubles.failed_at("postgres", at(second));
        }
        let back = troubles
            .worked_at("postgres", at(61))
            .map(|seen| seen.seconds);
        assert_eq!(back, Some(61));
        let said: Vec<Seen> = (67..110)
            .filter_map(|second| troubles.failed_at("postgres", at(second)))
            .collect();
        let away = Seen {
            times: 35,
            seconds: 34,
            is_new: true,
        };
        assert_eq!(
            said,
            [away],
            "said 40 s after the last line, as one that is new"
        );
        let back = troubles.worked_at("postgres", at(110));
        let over = Seen {
            times: 43,
            seconds: 43,
            is_new: false,
        };
        assert_eq!(back, Some(over));
    }
}
