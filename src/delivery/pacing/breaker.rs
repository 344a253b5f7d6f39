//! The breaker: pauses a campaign once its latest results are bad.

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
    /// Deferred, or its end is not known.
    Trouble,
}

impl Mark {
    const ALL: [Self; 4] = [Self::Accepted, Self::Bounced, Self::Against, Self::Trouble];
}

/// What the breaker says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Alarm {
    /// People should look.
    Warn(String),
    /// The campaign is to be paused.
    Pause(String),
}

/// The latest results of one campaign, in one process.
#[derive(Debug, Default)]
pub(crate) struct Window {
    /// Each with the number of its relay.
    marks: VecDeque<(Mark, usize)>,
    relays: Vec<Box<str>>,
    warned: bool,
}

impl Window {
    /// Records a delivery result by a relay. `tries` is the attempt number; `against` says that the reply was against
    /// us rather than the address. Returns the tripped limit, if any; after a pause the window is empty again.
    ///
    /// A notice that is deferred once more (for our sake or not), or given up after days of that, was counted when it
    /// was deferred first: at the end of a campaign only such notices are left, and they would pause it without need.
    pub(crate) fn take(
        &mut self,
        (relay, result, against): (&str, AttemptResult, bool),
        tries: u32,
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
        let relay = self.number(relay);
        self.marks.push_back((mark, relay));
        while self.marks.len() > limits.window {
            self.marks.pop_front();
        }
        // An accepted one trips nothing.
        if mark == Mark::Accepted || self.marks.len() < limits.least {
            return None;
        }
        self.judge(limits)
    }

    /// The number of a relay among those seen.
    fn number(&mut self, relay: &str) -> usize {
        if let Some(at) = self.relays.iter().position(|seen| **seen == *relay) {
            return at;
        }
        self.relays.push(relay.into());
        self.relays.len() - 1
    }

    fn judge(&mut self, limits: &Breaker) -> Option<Alarm> {
        let all = self.count(&Mark::ALL);
        let bounced = self.count(&[Mark::Bounced]);
        let pauses: [(&[Mark], u32, &str); 3] = [
            (&[Mark::Bounced], limits.bounce_pause_percent, "bounced"),
            (
                &[Mark::Against],
                limits.against_pause_percent,
                "were refused because of us",
            ),
            (
                &[Mark::Trouble, Mark::Against],
                limits.error_pause_percent,
                "were deferred",
            ),
        ];
        for (marks, percent, what) in pauses {
            let part = self.count(marks);
            if exceeds(part, all, percent) {
                let by = self.by_relay(marks);
                self.marks.clear();
                self.warned = false;
                return Some(Alarm::Pause(format!(
                    "{part} of the last {all} {what} ({by})"
                )));
            }
        }
        if exceeds(bounced, all, limits.bounce_warn_percent) && !self.warned {
            self.warned = true;
            let by = self.by_relay(&[Mark::Bounced]);
            return Some(Alarm::Warn(format!(
                "{bounced} of the last {all} bounced ({by})"
            )));
        }
        None
    }

    fn count(&self, of: &[Mark]) -> i64 {
        self.marks
            .iter()
            .filter(|(mark, _)| of.contains(mark))
            .count() as i64
    }

    /// The number of matching results of each relay, and of all its results.
    fn by_relay(&self, such: &[Mark]) -> String {
        let parts = self.relays.iter().enumerate().map(|(number, relay)| {
            let of = self.marks.iter().filter(|(_, by)| *by == number);
            let part = of.clone().filter(|(mark, _)| such.contains(mark)).count() as i64;
            (&**relay, part, of.count() as i64)
        });
        by_relay(parts)
    }
}

/// `relay alpha: 0 of 3, relay beta: 97 of 97`, for a sentence that says how many of all; `relay beta` if there is no
/// other. Relays without a result are left out.
pub(crate) fn by_relay<'a>(parts: impl Iterator<Item = (&'a str, i64, i64)>) -> String {
    let parts: Vec<_> = parts.filter(|(.., all)| *all > 0).collect();
    match &parts[..] {
        [(relay, ..)] => format!("relay {relay}"),
        parts => parts
            .iter()
            .map(|(relay, part, all)| format!("relay {relay}: {part} of {all}"))
            .collect::<Vec<_>>()
            .join(", "),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) const BREAKER: Breaker = Breaker {
        window: 1_000,
        least: 100,
        bounce_warn_percent: 5,
        bounce_pause_percent: 10,
        against_pause_percent: 5,
        error_pause_percent: 50,
    };

    fn fill(window: &mut Window, n: usize, result: AttemptResult, against: bool) -> Vec<Alarm> {
        (0..n)
            .filter_map(|_| window.take(("alpha", result, against), 1, &BREAKER))
            .collect()
    }

    #[test]
    fn bounces_warn_once_and_then_pause() {
        let mut window = Window::default();
        assert_eq!(fill(&mut window, 900, AttemptResult::Accepted, false), []);
        let alarms = fill(&mut window, 101, AttemptResult::Refused, false);
        assert!(
            matches!(&alarms[..], [Alarm::Warn(_), Alarm::Pause(why)] if why == "101 of the last 1000 bounced (relay alpha)"),
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
    fn who_is_deferred_again_was_counted_the_first_time() {
        let mut window = Window::default();
        fill(&mut window, 100, AttemptResult::Accepted, false);
        for result in [AttemptResult::Deferred, AttemptResult::Expired] {
            for _ in 0..1_000 {
                assert_eq!(window.take(("alpha", result, false), 2, &BREAKER), None);
            }
        }
        // The same people are refused for our sake once more: that was counted too.
        for _ in 0..1_000 {
            let again = window.take(("alpha", AttemptResult::Deferred, true), 2, &BREAKER);
            assert_eq!(again, None);
        }
    }

    #[test]
    fn a_pause_names_the_relays() {
        let mut window = Window::default();
        let mut take = |relay, result| window.take((relay, result, false), 1, &BREAKER);
        for _ in 0..3 {
            assert_eq!(take("alpha", AttemptResult::Accepted), None);
        }
        let alarms: Vec<_> = (0..97)
            .filter_map(|_| take("beta", AttemptResult::Deferred))
            .collect();
        let why = "97 of the last 100 were deferred (relay alpha: 0 of 3, relay beta: 97 of 97)";
        assert_eq!(alarms, [Alarm::Pause(why.to_owned())]);
    }
}
