//! The breaker: pauses a campaign whose latest results are bad.

use std::collections::VecDeque;

use crate::config::Breaker;
use crate::notice::AttemptResult;

/// Whether `part` is more than `percent` of `all`.
pub(super) fn exceeds(part: i64, all: i64, percent: u32) -> bool {
    part * 100 > all * i64::from(percent)
}

/// One result, as the breaker sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Accepted,
    /// The address is no good.
    Bounced,
    /// The reply is against us: our content, our name, our rate.
    Against,
    /// Put off, or of unknown end.
    Trouble,
}

/// What the breaker says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Alarm {
    /// People should look.
    Warn(String),
    /// The campaign is to be paused.
    Pause(String),
}

/// The latest results of one campaign, in one process.
#[derive(Debug, Default)]
pub struct Window {
    marks: VecDeque<Mark>,
    warned: bool,
}

impl Window {
    /// Takes the next result, of so manieth try of its notice; `against` says that the reply was against us rather
    /// than the address. Tells when a limit is passed; after a pause it begins anew.
    ///
    /// A notice that is put off once more (for our sake or not), or given up after days of that, was counted when it
    /// was put off first: at the end of a campaign nobody else is left, and they would pause it for nothing.
    pub fn take(
        &mut self,
        result: AttemptResult,
        tries: u32,
        against: bool,
        limits: &Breaker,
    ) -> Option<Alarm> {
        let mark = match result {
            AttemptResult::Deferred | AttemptResult::Expired if tries > 1 => return None,
            _ if against => Mark::Against,
            AttemptResult::Accepted => Mark::Accepted,
            AttemptResult::Refused | AttemptResult::Expired => Mark::Bounced,
            AttemptResult::Deferred | AttemptResult::Uncertain => Mark::Trouble,
            // The relay was away or nothing left: it says nothing about the campaign.
            AttemptResult::Unreachable | AttemptResult::Cancelled | AttemptResult::InFlight => {
                return None;
            }
        };
        self.marks.push_back(mark);
        while self.marks.len() > limits.window {
            self.marks.pop_front();
        }
        // An accepted one trips nothing.
        if mark == Mark::Accepted || self.marks.len() < limits.least {
            return None;
        }
        self.judge(limits)
    }

    fn judge(&mut self, limits: &Breaker) -> Option<Alarm> {
        let all = i64::try_from(self.marks.len()).unwrap_or(i64::MAX);
        let count = |mark| self.marks.iter().filter(|m| **m == mark).count() as i64;
        let (bounced, against) = (count(Mark::Bounced), count(Mark::Against));
        let trouble = count(Mark::Trouble);
        let pauses = [
            (bounced, limits.bounce_pause_percent, "bounced"),
            (
                against,
                limits.against_pause_percent,
                "were refused because of us",
            ),
            (
                trouble + against,
                limits.error_pause_percent,
                "were put off",
            ),
        ];
        for (part, percent, what) in pauses {
            if exceeds(part, all, percent) {
                self.marks.clear();
                self.warned = false;
                return Some(Alarm::Pause(format!("{part} of the last {all} {what}")));
            }
        }
        if exceeds(bounced, all, limits.bounce_warn_percent) && !self.warned {
            self.warned = true;
            return Some(Alarm::Warn(format!("{bounced} of the last {all} bounced")));
        }
        None
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub const BREAKER: Breaker = Breaker {
        window: 1_000,
        least: 100,
        bounce_warn_percent: 5,
        bounce_pause_percent: 10,
        against_pause_percent: 5,
        error_pause_percent: 50,
    };

    fn fill(window: &mut Window, n: usize, result: AttemptResult, against: bool) -> Vec<Alarm> {
        (0..n)
            .filter_map(|_| window.take(result, 1, against, &BREAKER))
            .collect()
    }

    #[test]
    fn bounces_warn_once_and_then_pause() {
        let mut window = Window::default();
        assert_eq!(fill(&mut window, 900, AttemptResult::Accepted, false), []);
        let alarms = fill(&mut window, 101, AttemptResult::Refused, false);
        assert!(
            matches!(&alarms[..], [Alarm::Warn(_), Alarm::Pause(why)] if why == "101 of the last 1000 bounced"),
            "{alarms:?}"
        );
        assert_eq!(
            fill(&mut window, 99, AttemptResult::Refused, false),
            [],
            "it begins anew"
        );
    }

    #[test]
    fn a_few_results_prove_nothing_and_old_ones_are_forgotten() {
        let mut window = Window::default();
        assert_eq!(fill(&mut window, 99, AttemptResult::Refused, false), []);
        let mut window = Window::default();
        for _ in 0..40 {
            fill(&mut window, 96, AttemptResult::Accepted, false);
            assert_eq!(fill(&mut window, 4, AttemptResult::Refused, false), []);
        }
    }

    #[test]
    fn replies_against_us_pause_sooner_and_a_relay_that_is_away_never() {
        let mut window = Window::default();
        fill(&mut window, 500, AttemptResult::Accepted, false);
        let alarms = fill(&mut window, 27, AttemptResult::Deferred, true);
        assert!(
            matches!(&alarms[..], [Alarm::Pause(why)] if why.contains("because of us")),
            "{alarms:?}"
        );
        assert_eq!(
            fill(&mut window, 5_000, AttemptResult::Unreachable, false),
            []
        );
    }

    #[test]
    fn who_is_put_off_again_was_counted_the_first_time() {
        let mut window = Window::default();
        fill(&mut window, 100, AttemptResult::Accepted, false);
        for result in [AttemptResult::Deferred, AttemptResult::Expired] {
            for _ in 0..1_000 {
                assert_eq!(window.take(result, 2, false, &BREAKER), None);
            }
        }
        // The same people are refused for our sake once more: that was counted too.
        for _ in 0..1_000 {
            let again = window.take(AttemptResult::Deferred, 2, true, &BREAKER);
            assert_eq!(again, None);
        }
    }
}
