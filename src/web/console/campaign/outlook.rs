//! What an approver can know of how a campaign will go: when it ends at the earliest, and how the helpline stands.

use chrono::{DateTime, TimeDelta, Utc};

use crate::campaign::Limits;
use crate::config::Pacing;
use crate::delivery::pacing;
use crate::ticket::store::Waiting;
use crate::web::figures::count;
use crate::web::page::span;

/// Sentences; an empty one has nothing to say.
#[derive(Debug, Clone, Default)]
pub struct Outlook {
    /// When it ends at the earliest, and whether that is before its deadline.
    pub ends: String,
    /// Whether the deadline cannot be kept.
    pub is_late: bool,
    /// How the helpline stands, and from what load on it slows the campaign.
    pub helpline: String,
}

impl Outlook {
    /// The outlook of a campaign to this number of people, if it were launched now.
    pub(crate) fn of(
        settings: &Pacing,
        limits: &Limits,
        people: Option<i64>,
        waiting: Waiting,
        now: DateTime<Utc>,
    ) -> Self {
        let least = people.and_then(|n| pacing::least_seconds(n, limits.rate_per_second, settings));
        let end = least.map(|seconds| now + TimeDelta::seconds(seconds));
        let at = |moment: DateTime<Utc>| moment.format("%A %-d %B %Y, %H:%M UTC");
        let ends = match (end, limits.finish_by) {
            (None, None) => {
                "No limit of its own slows it: when it ends follows from the relays.".to_owned()
            }
            (None, Some(by)) => format!("It must be finished by {}.", at(by)),
            (Some(end), by) => {
                let earliest = format!(
                    "Launched now, it ends {} at the earliest: it needs {} at this rate.",
                    at(end),
                    span(end - now)
                );
                match by {
                    None => earliest,
                    Some(by) if end <= by => format!(
                        "{earliest} It must be finished by {}: {} are left then.",
                        at(by),
                        span(by - end)
                    ),
                    Some(by) => {
                        format!(
                            "{earliest} It must be finished by {}: that is too early.",
                            at(by)
                        )
                    }
                }
            }
        };
        Self {
            ends,
            is_late: end.zip(limits.finish_by).is_some_and(|(end, by)| end > by),
            helpline: helpline(settings, waiting, now),
        }
    }
}

fn helpline(settings: &Pacing, waiting: Waiting, now: DateTime<Utc>) -> String {
    let stands = match waiting.oldest {
        None => "No ticket waits on the helpline now.".to_owned(),
        Some(oldest) => format!(
            "Waiting tickets now: {waiting}. The oldest has waited for {}.",
            span(now - oldest)
        ),
    };
    let above = |slow: i64, hold: i64, unit: &str| {
        let parts = [
            (slow > 0).then(|| format!("slows down above {}{unit}", count(slow))),
            (hold > 0).then(|| format!("is held at {}{unit}", count(hold))),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join(" and "))
    };
    let limits = [
        above(
            settings.slow_at_waiting,
            settings.hold_at_waiting,
            " waiting tickets",
        ),
        above(
            settings.slow_at_minutes,
            settings.hold_at_minutes,
            " minutes of waiting",
        ),
    ];
    let limits: Vec<String> = limits.into_iter().flatten().collect();
    match limits.is_empty() {
        true => format!("{stands} The settings slow sending for no load of the helpline."),
        false => format!("{stands} Sending {}.", limits.join("; it ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACING: Pacing = Pacing {
        slow_at_waiting: 100,
        hold_at_waiting: 300,
        slow_at_minutes: 0,
        hold_at_minutes: 0,
        full_per_second: 100,
        ramp_start_per_second: 0,
        ramp_double_minutes: 30,
    };

    #[test]
    fn the_end_is_compared_with_the_deadline() {
        let now = DateTime::from_timestamp(1_629_450_660, 0).expect("a moment");
        let waiting = Waiting {
            tickets: 0,
            oldest: None,
        };
        let of = |minutes: i64, people| {
            let limits = Limits {
                rate_per_second: 10,
                finish_by: Some(now + TimeDelta::minutes(minutes)),
                ..Limits::default()
            };
            Outlook::of(&PACING, &limits, people, waiting, now)
        };
        let fine = of(60, Some(1_200));
        assert!(
            !fine.is_late && fine.ends.contains("58 min are left"),
            "{}",
            fine.ends
        );
        let late = of(1, Some(1_200));
        assert!(
            late.is_late && late.ends.ends_with("that is too early."),
            "{}",
            late.ends
        );
        let unknown = of(60, None);
        assert!(
            unknown.ends.starts_with("It must be finished by"),
            "{}",
            unknown.ends
        );
        assert_eq!(
            fine.helpline,
            "No ticket waits on the helpline now. Sending slows down above 100 waiting tickets and is held at 300 \
             waiting tickets."
        );
    }
}
