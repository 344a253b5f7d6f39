//! Times, durations and percentages in the words of a page.

use std::fmt;

use askama::filters::HtmlSafe;
use chrono::{DateTime, TimeDelta, Utc};

/// A moment as a reader sees it; displays as a `<time>` element that carries the exact instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    at: DateTime<Utc>,
    words: String,
}

impl Moment {
    /// `Tuesday 17 August 2021, 14:05 UTC`: where a person must act or prove something.
    pub fn exact(at: DateTime<Utc>) -> Moment {
        Moment {
            at,
            words: at.format("%A %-d %B %Y, %H:%M UTC").to_string(),
        }
    }

    /// `Tuesday 17 August 2021`.
    pub fn day(at: DateTime<Utc>) -> Moment {
        Moment {
            at,
            words: at.format("%A %-d %B %Y").to_string(),
        }
    }

    /// `17 Aug 2021, 14:05:09`: for rows of tables; the column head says UTC.
    pub fn row(at: DateTime<Utc>) -> Moment {
        Moment {
            at,
            words: at.format("%-d %b %Y, %H:%M:%S").to_string(),
        }
    }

    /// `12 min ago`, or the day once it is longer ago than a week.
    pub fn ago(at: DateTime<Utc>, now: DateTime<Utc>) -> Moment {
        let gone = now - at;
        let words = if gone < TimeDelta::minutes(1) {
            "just now".to_owned()
        } else if gone < TimeDelta::days(7) {
            format!("{} ago", span(gone))
        } else {
            at.format("%-d %b %Y").to_string()
        };
        Moment { at, words }
    }

    /// `in 32 min`, or `2 h ago` once it is past.
    pub fn until(at: DateTime<Utc>, now: DateTime<Utc>) -> Moment {
        if at <= now {
            return Moment::ago(at, now);
        }
        Moment {
            at,
            words: format!("in {}", span(at - now)),
        }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (iso, exact) = (
            self.at.format("%FT%TZ"),
            self.at.format("%a %-d %b %Y, %H:%M:%S UTC"),
        );
        write!(
            f,
            r#"<time datetime="{iso}" title="{exact}">{}</time>"#,
            self.words
        )
    }
}

/// Every word in a `Moment` comes from a date format: nothing to escape.
impl HtmlSafe for Moment {}

/// A length of time in its largest fitting unit: `40 s`, `32 min`, `5 h`, `21 days`.
pub fn span(length: TimeDelta) -> String {
    match length.num_seconds().max(0) {
        s @ 0..60 => format!("{s} s"),
        s @ 60..5_400 => format!("{} min", s / 60),
        s @ 5_400..172_800 => format!("{} h", (s + 1_800) / 3_600),
        s => format!("{} days", s / 86_400),
    }
}

/// `88 %`, rounded down so that 100 % means all; nothing to do counts as all done.
pub fn percent(part: i64, whole: i64) -> String {
    format!("{} %", hundredths(part, whole) / 100)
}

/// The part of a whole in hundredths of a per cent, rounded down; of nothing, all.
pub fn hundredths(part: i64, whole: i64) -> i64 {
    if whole <= 0 {
        return 10_000;
    }
    let share = i128::from(part.clamp(0, whole)) * 10_000 / i128::from(whole);
    i64::try_from(share).unwrap_or(10_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(s: &str) -> DateTime<Utc> {
        s.parse().unwrap()
    }

    #[test]
    fn a_moment_reads_as_words_and_carries_the_instant() {
        let then = at("2021-08-17T14:05:09Z");
        assert_eq!(
            Moment::exact(then).to_string(),
            "<time datetime=\"2021-08-17T14:05:09Z\" title=\"Tue 17 Aug 2021, 14:05:09 UTC\">\
             Tuesday 17 August 2021, 14:05 UTC</time>"
        );
        assert_eq!(
            Moment::ago(then, at("2021-08-17T14:17:40Z")).words,
            "12 min ago"
        );
        assert_eq!(
            Moment::until(then, at("2021-07-27T14:05:09Z")).words,
            "in 21 days"
        );
    }

    #[test]
    fn a_hundred_per_cent_means_all() {
        assert_eq!(percent(9_999, 10_000), "99 %");
        assert_eq!(percent(10_000, 10_000), "100 %");
        assert_eq!(percent(0, 0), "100 %");
    }
}
