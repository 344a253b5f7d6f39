//! What slows or holds a campaign by itself: the first slice, the breaker, the helpline, the ramp. Rules
//! only, all pure; each answer comes with the reason that people read.

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};

use crate::config::{Breaker, Pacing};
use crate::notice::{AttemptResult, NoticeStatus};
use crate::pg_enum;

pg_enum! {
    /// Where the first slice of a campaign stands.
    pub enum CanaryState: CanaryState {
        /// It has none.
        None = "none",
        /// It is being sent; the rest waits.
        Running = "running",
        /// It ended well, or somebody let the rest go.
        Passed = "passed",
    }
}

/// Notices of a first slice at most, unless the campaign says otherwise.
const CANARY: i64 = 1_000;
/// The helpline slows a campaign in steps of so many per cent.
const STEP: i16 = 10;
/// Below so many of the first slice there is nothing to learn from it.
const WORTH_IT: i64 = 10;

/// How many notices go first: as many as the campaign asks for, else one per cent of the people in scope
/// and a thousand at most. 0: all go at once, as where one per cent is fewer than ten.
pub fn canary_size(asked: Option<u32>, people: i64) -> i32 {
    let size = match asked {
        Some(asked) => i64::from(asked),
        None => Some((people / 100).min(CANARY))
            .filter(|size| *size >= WORTH_IT)
            .unwrap_or(0),
    };
    i32::try_from(size).unwrap_or(i32::MAX)
}

/// Whether the first slice ended well, once each of its notices was tried.
///
/// # Errors
/// Why not.
pub fn canary(notices: &BTreeMap<NoticeStatus, i64>, limits: &Breaker) -> Result<(), String> {
    let of = |status| notices.get(&status).copied().unwrap_or(0);
    let all = notices.values().sum::<i64>() - of(NoticeStatus::Withheld);
    let (sent, put_off) = (of(NoticeStatus::Sent), of(NoticeStatus::Deferred));
    let bounced = of(NoticeStatus::Bounced) + of(NoticeStatus::Expired);
    if all == 0 {
        return Ok(());
    }
    if exceeds(bounced, all, limits.bounce_pause_percent) {
        return Err(format!("{bounced} of the first {all} bounced"));
    }
    if exceeds(put_off, all, limits.error_pause_percent) {
        return Err(format!("{put_off} of the first {all} were put off"));
    }
    if sent == 0 {
        return Err(format!("none of the first {all} was accepted"));
    }
    Ok(())
}

fn exceeds(part: i64, all: i64, percent: u32) -> bool {
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
    /// A notice that is put off once more, or given up after days of that, was counted when it was put off first:
    /// at the end of a campaign nobody else is left, and they would pause it for nothing.
    pub fn take(
        &mut self,
        result: AttemptResult,
        tries: u32,
        against: bool,
        limits: &Breaker,
    ) -> Option<Alarm> {
        let mark = match result {
            _ if against => Mark::Against,
            AttemptResult::Deferred | AttemptResult::Expired if tries > 1 => return None,
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

/// How the helpline stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// Tickets that wait for an agent.
    pub waiting: i64,
    /// How long the first of them has waited.
    pub wait: TimeDelta,
}

/// What is left of a campaign, and until when it should be through.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Left {
    /// Notices that are still to be sent.
    pub notices: i64,
    /// The day it must be through, if there is one.
    pub finish_by: Option<DateTime<Utc>>,
    /// Messages a second at its full rate.
    pub full_rate: f64,
}

/// How many per cent of its rate a campaign may go, and why not 100. Between the two limits of the helpline
/// it slows evenly, above the second it holds; never below what its last day needs.
pub fn helpline(
    load: Load,
    left: Left,
    limits: &Pacing,
    now: DateTime<Utc>,
) -> (i16, Option<String>) {
    let minutes = load.wait.num_minutes();
    let by_backlog = room(load.waiting, limits.slow_at_waiting, limits.hold_at_waiting);
    let by_wait = room(minutes, limits.slow_at_minutes, limits.hold_at_minutes);
    let room = by_backlog.min(by_wait);
    if room >= 100 {
        return (100, None);
    }
    let why = if by_backlog <= by_wait {
        format!("{} people wait on the helpline", load.waiting)
    } else {
        format!("the first in line has waited {minutes} minutes for the helpline")
    };
    let needed = needed(left, now);
    // In steps, so that a decision stands for a while; the floor is never undercut.
    let percent = (room / STEP * STEP).max(needed).min(100);
    let does = match percent {
        0 => "It holds".to_owned(),
        100 => return (100, None),
        percent => format!("It goes at {percent} %"),
    };
    let floor = if needed > room {
        ", no slower, so that it is through in time"
    } else {
        ""
    };
    (percent, Some(format!("{does}: {why}{floor}.")))
}

/// Per cent of the way from `hold` back to `slow`; a limit of 0 does not count.
fn room(at: i64, slow: i64, hold: i64) -> i16 {
    let part = match (slow, hold) {
        (0, 0) => 100,
        (_, hold) if hold > 0 && at >= hold => 0,
        (slow, _) if slow > 0 && at <= slow => 100,
        // Without an upper limit it slows to half and no further.
        (_, 0) => 50,
        (slow, hold) => (hold - at) * 100 / (hold - slow).max(1),
    };
    i16::try_from(part.clamp(0, 100)).unwrap_or(100)
}

/// Per cent of the full rate that its last day needs.
fn needed(left: Left, now: DateTime<Utc>) -> i16 {
    let Some(finish_by) = left.finish_by.filter(|_| left.notices > 0) else {
        return 0;
    };
    let seconds = (finish_by - now).num_seconds();
    if seconds <= 0 {
        return 100;
    }
    let rate = left.notices as f64 / seconds as f64;
    (rate * 100.0 / left.full_rate).ceil().clamp(0.0, 100.0) as i16
}

/// Messages a second that one node may send of a campaign now; `None`: as many as the relays take. `percent`
/// must be above 0.
pub fn rate(limit: u32, percent: i16, since_launch: TimeDelta, limits: &Pacing) -> Option<f64> {
    let limit = Some(limit).filter(|limit| *limit > 0);
    let full = limit.into_iter().chain(ramp(since_launch, limits)).min();
    match percent {
        100.. => full.map(f64::from),
        percent => {
            let full = f64::from(full.unwrap_or(limits.full_per_second));
            Some(full * f64::from(percent.max(1)) / 100.0)
        }
    }
}

/// Messages a second that a campaign may go so long after its launch, while its relays warm to it; `None`
/// once that is more than anybody counts, or without a ramp.
pub fn ramp(since_launch: TimeDelta, limits: &Pacing) -> Option<u32> {
    if limits.ramp_start_per_second == 0 {
        return None;
    }
    let minutes = since_launch.num_minutes().max(0);
    let doublings = u32::try_from(minutes / i64::from(limits.ramp_double_minutes.max(1))).ok()?;
    let rate = u64::from(limits.ramp_start_per_second).checked_shl(doublings)?;
    u32::try_from(rate).ok().filter(|_| doublings < 24)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BREAKER: Breaker = Breaker {
        window: 1_000,
        least: 100,
        bounce_warn_percent: 5,
        bounce_pause_percent: 10,
        against_pause_percent: 5,
        error_pause_percent: 50,
    };
    const PACING: Pacing = Pacing {
        slow_at_waiting: 100,
        hold_at_waiting: 300,
        slow_at_minutes: 60,
        hold_at_minutes: 240,
        full_per_second: 100,
        ramp_start_per_second: 10,
        ramp_double_minutes: 30,
    };

    fn slice(counts: &[(NoticeStatus, i64)]) -> Result<(), String> {
        canary(&counts.iter().copied().collect(), &BREAKER)
    }

    #[test]
    fn the_first_slice_is_the_smaller_of_a_thousand_and_one_per_cent() {
        assert_eq!(canary_size(None, 10_000_000), 1_000);
        assert_eq!(canary_size(None, 50_000), 500);
        assert_eq!(canary_size(None, 999), 0, "nothing to learn from nine");
        assert_eq!(canary_size(Some(7), 50), 7);
        assert_eq!(canary_size(Some(0), 10_000_000), 0);
    }

    #[test]
    fn a_first_slice_ends_well_or_says_why_not() {
        use NoticeStatus::*;
        assert_eq!(slice(&[(Sent, 90), (Bounced, 10)]), Ok(()));
        let bounced = slice(&[(Sent, 89), (Bounced, 9), (Expired, 2)]);
        assert_eq!(bounced, Err("11 of the first 100 bounced".to_owned()));
        assert!(slice(&[(Sent, 40), (Deferred, 60)]).is_err());
        assert!(slice(&[(Uncertain, 3)]).is_err());
        assert_eq!(
            slice(&[(Withheld, 5)]),
            Ok(()),
            "there was nobody to send to"
        );
    }

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
        let against =
            (0..1_000).find_map(|_| window.take(AttemptResult::Deferred, 2, true, &BREAKER));
        assert!(matches!(against, Some(Alarm::Pause(_))));
    }

    fn at(waiting: i64, minutes: i64, left: Left) -> (i16, Option<String>) {
        let load = Load {
            waiting,
            wait: TimeDelta::minutes(minutes),
        };
        helpline(load, left, &PACING, DateTime::UNIX_EPOCH)
    }

    #[test]
    fn the_helpline_slows_a_campaign_then_holds_it_but_not_beyond_its_last_day() {
        let mut left = Left {
            notices: 36_000,
            finish_by: None,
            full_rate: 100.0,
        };
        assert_eq!(at(100, 60, left), (100, None));
        assert_eq!(at(200, 0, left).0, 50);
        assert_eq!(at(0, 195, left).0, 20, "in steps of ten");
        let (percent, why) = at(300, 0, left);
        assert_eq!(
            (percent, why.as_deref()),
            (0, Some("It holds: 300 people wait on the helpline."))
        );
        left.finish_by = Some(DateTime::UNIX_EPOCH + TimeDelta::hours(1));
        let (percent, why) = at(1_000, 0, left);
        assert_eq!(percent, 10, "36,000 in an hour are 10 a second");
        assert!(why.is_some_and(|why| why.contains("in time")));
        left.finish_by = Some(DateTime::UNIX_EPOCH);
        assert_eq!(at(1_000, 0, left), (100, None), "its last day is over");
    }

    #[test]
    fn the_lowest_limit_is_the_rate_and_less_of_it_where_something_slows() {
        let steep = Pacing {
            ramp_start_per_second: 0,
            ..PACING
        };
        let at = |limit, percent| rate(limit, percent, TimeDelta::zero(), &steep);
        assert_eq!(at(0, 100), None);
        assert_eq!(at(40, 100), Some(40.0));
        assert_eq!(at(40, 25), Some(10.0));
        assert_eq!(at(0, 25), Some(25.0), "of the full rate of the settings");
        assert_eq!(
            rate(40, 100, TimeDelta::zero(), &PACING),
            Some(10.0),
            "the ramp begins"
        );
    }

    #[test]
    fn the_ramp_doubles() {
        let after = |minutes| ramp(TimeDelta::minutes(minutes), &PACING);
        assert_eq!([0, 29, 30, 90].map(after), [10, 10, 20, 80].map(Some));
        assert_eq!(after(100_000), None);
        assert_eq!(
            ramp(
                TimeDelta::zero(),
                &Pacing {
                    ramp_start_per_second: 0,
                    ..PACING
                }
            ),
            None
        );
    }
}
