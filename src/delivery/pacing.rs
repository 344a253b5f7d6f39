//! What slows or holds a campaign by itself: the canary, the breaker, the helpline, the ramp; and which share of a limit
//! one sender has. Rules only, all pure; each answer comes with the reason that people read.

mod breaker;
mod canary;
pub(crate) mod shares;

use chrono::{DateTime, TimeDelta, Utc};

pub(crate) use self::breaker::{Alarm, Window, by_relay};
pub(crate) use self::canary::canary;
use crate::config::Pacing;

/// The helpline slows a campaign in steps of this many per cent.
const STEP: i16 = 10;

/// How the helpline stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Load {
    /// Tickets that wait for an agent, counted as far as the limits ask.
    pub waiting: i64,
    /// How long the first of them has waited.
    pub wait: TimeDelta,
}

/// What is left of a campaign, and until when it should be through.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Left {
    /// Notices that are still to be sent.
    pub notices: i64,
    /// The day it must be through, if there is one.
    pub finish_by: Option<DateTime<Utc>>,
    /// Messages a second at its full rate.
    pub full_rate: f64,
}

/// How many per cent of its rate a campaign may go, and why not 100. Between the two limits of the helpline
/// it slows evenly, above the second it holds; never below what its last day needs.
pub(crate) fn helpline(
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
    // The reason names the limits and not the figures, so that it stays true while the figures change.
    let why = if by_backlog <= by_wait {
        match passed(load.waiting, limits.slow_at_waiting, limits.hold_at_waiting) {
            Passed::Held(1) => "at least one person waits on the helpline".to_owned(),
            Passed::Held(limit) => format!("{limit} or more people wait on the helpline"),
            Passed::Slowed(0) => "people wait on the helpline".to_owned(),
            Passed::Slowed(1) => "more than one person waits on the helpline".to_owned(),
            Passed::Slowed(limit) => format!("more than {limit} people wait on the helpline"),
        }
    } else {
        let than = match passed(minutes, limits.slow_at_minutes, limits.hold_at_minutes) {
            Passed::Held(limit) => format!("{limit} minutes or longer"),
            Passed::Slowed(limit) => format!("more than {limit} minutes"),
        };
        format!("the first in line has waited {than} for the helpline")
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

/// Which limit of the helpline is passed.
enum Passed {
    /// The one at which sending holds: reached, or more.
    Held(i64),
    /// The one above which it slows; 0 where there is none.
    Slowed(i64),
}

fn passed(at: i64, slow: i64, hold: i64) -> Passed {
    match hold > 0 && at >= hold {
        true => Passed::Held(hold),
        false => Passed::Slowed(slow),
    }
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

/// Messages a second that all senders together may send of a campaign now; `None`: as many as the relays take.
/// `percent` must be above 0.
pub(crate) fn rate(
    limit: u32,
    percent: i16,
    since_launch: TimeDelta,
    limits: &Pacing,
) -> Option<f64> {
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

/// The least seconds that a campaign needs for `people` messages at its own limit and during the ramp of the settings;
/// `None` if neither limits it. Relays, providers and the helpline may slow it further.
pub(crate) fn least_seconds(people: i64, limit: u32, limits: &Pacing) -> Option<i64> {
    let step = TimeDelta::minutes(i64::from(limits.ramp_double_minutes.max(1)));
    let mut left = people.max(0);
    let mut gone = TimeDelta::zero();
    loop {
        let own = Some(limit).filter(|limit| *limit > 0);
        let ramp = ramp(gone, limits);
        let Some(now) = own.into_iter().chain(ramp).min() else {
            // From here on nothing limits it.
            return Some(gone.num_seconds()).filter(|seconds| *seconds > 0);
        };
        let rate = i64::from(now.max(1));
        let is_last = ramp.is_none_or(|ramp| own.is_some_and(|own| own <= ramp));
        let in_step = rate.saturating_mul(step.num_seconds());
        if is_last || left <= in_step {
            return Some(gone.num_seconds() + (left + rate - 1) / rate);
        }
        left -= in_step;
        gone += step;
    }
}

/// The rate limit of the warm-up ramp at this time after the launch, in messages a second; `None` once it is
/// practically unlimited, or without a ramp.
pub(crate) fn ramp(since_launch: TimeDelta, limits: &Pacing) -> Option<u32> {
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

    const PACING: Pacing = Pacing {
        slow_at_waiting: 100,
        hold_at_waiting: 300,
        slow_at_minutes: 60,
        hold_at_minutes: 240,
        full_per_second: 100,
        ramp_start_per_second: 10,
        ramp_double_minutes: 30,
    };

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
            (
                0,
                Some("It holds: 300 or more people wait on the helpline.")
            )
        );
        let (_, later) = at(40_000, 0, left);
        assert_eq!(later, why, "the reason does not grow stale");
        left.finish_by = Some(DateTime::UNIX_EPOCH + TimeDelta::hours(1));
        let (percent, why) = at(1_000, 0, left);
        assert_eq!(percent, 10, "36,000 in an hour are 10 a second");
        assert!(why.is_some_and(|why| why.contains("in time")));
        left.finish_by = Some(DateTime::UNIX_EPOCH);
        assert_eq!(at(1_000, 0, left), (100, None), "its last day is over");
    }

    #[test]
    fn a_campaign_needs_the_time_of_its_own_limit_and_of_the_ramp() {
        let level = Pacing {
            ramp_start_per_second: 0,
            ..PACING
        };
        assert_eq!(least_seconds(1_000, 0, &level), None, "nothing limits it");
        assert_eq!(least_seconds(1_001, 50, &level), Some(21));
        assert_eq!(least_seconds(0, 50, &level), Some(0));
        // Half an hour at 10, then at 20.
        assert_eq!(least_seconds(18_000, 0, &PACING), Some(1_800));
        assert_eq!(least_seconds(18_020, 0, &PACING), Some(1_801));
        assert_eq!(least_seconds(18_030, 15, &PACING), Some(1_802));
        assert_eq!(least_seconds(18_030, 5, &PACING), Some(3_606));
    }

    #[test]
    fn the_reason_names_the_limit_that_is_passed() {
        let left = Left {
            notices: 1,
            finish_by: None,
            full_rate: 100.0,
        };
        let why = |waiting, minutes| at(waiting, minutes, left).1.expect("a reason");
        assert_eq!(
            why(101, 0),
            "It goes at 90 %: more than 100 people wait on the helpline."
        );
        assert_eq!(why(120, 0), why(119, 0), "in the same step the same words");
        assert_eq!(
            why(0, 61),
            "It goes at 90 %: the first in line has waited more than 60 minutes for the helpline."
        );
        assert_eq!(
            why(0, 600),
            "It holds: the first in line has waited 240 minutes or longer for the helpline."
        );
        let only = |slow_at_waiting, hold_at_waiting, waiting| {
            let limits = Pacing {
                slow_at_waiting,
                hold_at_waiting,
                ..PACING
            };
            let wait = TimeDelta::zero();
            let load = Load { waiting, wait };
            helpline(load, left, &limits, DateTime::UNIX_EPOCH).1
        };
        assert_eq!(
            only(0, 5, 1).as_deref(),
            Some("It goes at 80 %: people wait on the helpline.")
        );
        assert_eq!(
            only(10, 0, 900).as_deref(),
            Some("It goes at 50 %: more than 10 people wait on the helpline.")
        );
        assert_eq!(only(0, 0, 900), None);
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
