//! Quiet hours: in these hours of a day, as clocks of a zone show them, no notice of a campaign leaves.

use std::fmt;

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::zone::{Shown, Zone};

/// Senders hear of the beginning of quiet hours a few seconds late: they are told this much before it.
const AHEAD: TimeDelta = TimeDelta::seconds(10);

/// A time of day to the minute: `22:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeOfDay(NaiveTime);

/// The text is no time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("enter a time of day such as 08:00 or 22:30")]
pub struct BadTime;

impl TimeOfDay {
    /// Reads `22:00`.
    ///
    /// # Errors
    /// [`BadTime`].
    pub fn parse(text: &str) -> Result<Self, BadTime> {
        let read = NaiveTime::parse_from_str(text.trim(), "%H:%M");
        read.map(Self).map_err(|_| BadTime)
    }

    /// The time.
    pub fn time(self) -> NaiveTime {
        self.0
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%H:%M"))
    }
}

impl Serialize for TimeOfDay {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TimeOfDay {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(from)?).map_err(de::Error::custom)
    }
}

/// Quiet hours of each day. They may go past midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quiet {
    /// When they begin.
    pub from: TimeOfDay,
    /// When they end.
    pub to: TimeOfDay,
    /// The time zone of these times.
    pub zone: Zone,
}

impl Quiet {
    /// Whether they leave a part of the day to send in.
    pub fn leaves_time(&self) -> bool {
        self.from != self.to
    }

    /// Until when notices are held at `now`; `None`: they may leave.
    pub fn held_until(&self, now: DateTime<Utc>) -> Option<Shown> {
        let is_quiet = self.contains(now) || self.contains(now + AHEAD);
        let end = |now| self.zone.show(self.zone.next(self.to.0, now));
        is_quiet.then(|| match self.contains(now) {
            true => end(now),
            false => end(now + AHEAD),
        })
    }

    /// Why notices are held at `now`, a sentence; `None`: they may leave.
    pub fn held(&self, now: DateTime<Utc>) -> Option<String> {
        let until = self.held_until(now)?;
        Some(format!("Held until {}: quiet hours.", until.time()))
    }

    fn contains(&self, at: DateTime<Utc>) -> bool {
        let time = self.zone.show(at).local.time();
        let (from, to) = (self.from.0, self.to.0);
        match from < to {
            true => (from..to).contains(&time),
            false => time >= from || time < to,
        }
    }
}

/// `22:00 to 08:00 Europe/Berlin`.
impl fmt::Display for Quiet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {} {}", self.from, self.to, self.zone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quiet(from: &str, to: &str) -> Quiet {
        let time = |text| TimeOfDay::parse(text).expect("a time");
        Quiet {
            from: time(from),
            to: time(to),
            zone: Zone::parse("Europe/Berlin").expect("a zone"),
        }
    }

    fn held(quiet: Quiet, now: &str) -> Option<String> {
        let now = now.parse().expect("an instant");
        quiet
            .held_until(now)
            .map(|until| until.at.format("%d %H:%M").to_string())
    }

    #[test]
    fn nothing_leaves_from_the_beginning_to_the_end() {
        let night = quiet("22:00", "08:00");
        for (now, until) in [
            ("2026-11-29T20:59:00Z", None),
            ("2026-11-29T20:59:51Z", Some("30 07:00")),
            ("2026-11-29T21:00:00Z", Some("30 07:00")),
            ("2026-11-30T06:59:59Z", Some("30 07:00")),
            ("2026-11-30T07:00:00Z", None),
        ] {
            assert_eq!(held(night, now).as_deref(), until, "{now}");
        }
        let noon = quiet("12:00", "13:30");
        assert_eq!(
            held(noon, "2026-11-30T11:10:00Z").as_deref(),
            Some("30 12:30")
        );
        assert_eq!(held(noon, "2026-11-30T12:30:00Z"), None);
    }

    #[test]
    fn the_clocks_of_the_zone_decide_on_the_day_of_a_change() {
        let night = quiet("22:00", "02:30");
        // Clocks pass over 02:30.
        assert_eq!(
            held(night, "2027-03-28T00:30:00Z").as_deref(),
            Some("28 01:00")
        );
        assert_eq!(held(night, "2027-03-28T01:00:00Z"), None);
        let early = quiet("22:00", "08:00");
        assert_eq!(
            held(early, "2026-10-24T21:00:00Z").as_deref(),
            Some("25 07:00")
        );
    }

    #[test]
    fn a_time_of_day_has_one_form() {
        let read: Quiet =
            serde_json::from_str(r#"{"from":"22:00","to":"08:00","zone":"europe/berlin"}"#)
                .expect("quiet hours");
        assert_eq!(read, quiet("22:00", "08:00"));
        let written = serde_json::to_string(&read).expect("JSON");
        assert_eq!(
            written,
            r#"{"from":"22:00","to":"08:00","zone":"Europe/Berlin"}"#
        );
        for wrong in ["", "8", "24:00", "08:60", "8 am"] {
            assert_eq!(TimeOfDay::parse(wrong), Err(BadTime), "{wrong}");
        }
        assert!(!quiet("08:00", "08:00").leaves_time());
    }
}
