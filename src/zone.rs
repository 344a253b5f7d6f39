//! Time zones: the local times in which staff plan. The tzdata are part of the program, so that all nodes know the same.

mod typed;

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use jiff::Timestamp;
use jiff::civil;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone, TimeZoneDatabase};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

pub use self::typed::BadLocal;

static DATA: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);
static NAMES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let names = DATA.available().map(|name| name.as_str().to_owned());
    names.collect()
});

/// A zone of the IANA database, by its name.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Zone(&'static str);

/// The text names no zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("enter the name of a time zone such as Europe/Berlin, America/New_York or UTC")]
pub struct UnknownZone;

/// An instant as clocks of a zone show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown {
    /// The instant.
    pub at: DateTime<Utc>,
    /// What clocks show.
    pub local: NaiveDateTime,
    /// How many seconds they are ahead of UTC.
    pub offset: i32,
    zone: Zone,
}

/// What a local time means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Local {
    /// One instant.
    Once(Shown),
    /// Clocks are set back: it occurs twice.
    Twice([Shown; 2]),
    /// Clocks are set forward: it does not occur. The last minute before and the first after.
    Never([Shown; 2]),
}

impl Zone {
    /// Coordinated Universal Time.
    pub const UTC: Self = Self("UTC");

    /// The zone with this name, in any case.
    ///
    /// # Errors
    /// [`UnknownZone`].
    pub fn parse(name: &str) -> Result<Self, UnknownZone> {
        let name = name.trim();
        let known = NAMES.iter().find(|known| known.eq_ignore_ascii_case(name));
        match known {
            Some(known) => Ok(Self(known)),
            None if name.eq_ignore_ascii_case(Self::UTC.0) => Ok(Self::UTC),
            None => Err(UnknownZone),
        }
    }

    /// Its name.
    pub fn as_str(self) -> &'static str {
        self.0
    }

    /// All names, for a list of suggestions.
    pub fn names() -> &'static [String] {
        &NAMES
    }

    fn data(self) -> TimeZone {
        DATA.get(self.0).unwrap_or(TimeZone::UTC)
    }

    /// An instant as clocks of this zone show it.
    pub fn show(self, at: DateTime<Utc>) -> Shown {
        let offset = self.data().to_offset(timestamp(at)).seconds();
        Shown {
            at,
            local: (at + TimeDelta::seconds(offset.into())).naive_utc(),
            offset,
            zone: self,
        }
    }

    /// What a local time means here.
    pub fn local(self, local: NaiveDateTime) -> Local {
        let data = self.data();
        let at = |offset: Offset| local.and_utc() - TimeDelta::seconds(offset.seconds().into());
        match data.to_ambiguous_timestamp(civil(local)).offset() {
            AmbiguousOffset::Unambiguous { offset } => Local::Once(self.show(at(offset))),
            AmbiguousOffset::Fold { before, after } => {
                Local::Twice([before, after].map(|offset| self.show(at(offset))))
            }
            AmbiguousOffset::Gap { after, .. } => {
                // Read with the offset of after the change, it lies before the change.
                let early = at(after);
                let change = data.following(timestamp(early)).next();
                let change = change.map_or(early, |change| instant(change.timestamp()));
                Local::Never([change - TimeDelta::minutes(1), change].map(|at| self.show(at)))
            }
        }
    }

    /// The first instant from `now` on at which clocks of this zone show `time`, or the instant after which they pass over
    /// it.
    pub fn next(self, time: NaiveTime, now: DateTime<Utc>) -> DateTime<Utc> {
        let today = self.show(now).local.date();
        let days = (0..3).filter_map(|days| today.checked_add_signed(TimeDelta::days(days)));
        let found = days
            .map(|day| self.first(day, time))
            .find(|found| *found >= now);
        found.unwrap_or(now)
    }

    fn first(self, day: NaiveDate, time: NaiveTime) -> DateTime<Utc> {
        match self.local(day.and_time(time)) {
            Local::Once(shown) | Local::Twice([shown, _]) | Local::Never([_, shown]) => shown.at,
        }
    }
}

fn civil(local: NaiveDateTime) -> civil::DateTime {
    let since = local.and_utc().timestamp();
    let read = Timestamp::from_second(since).map(|at| Offset::UTC.to_datetime(at));
    read.unwrap_or(civil::DateTime::MAX)
}

fn timestamp(at: DateTime<Utc>) -> Timestamp {
    Timestamp::from_second(at.timestamp()).unwrap_or(Timestamp::MAX)
}

fn instant(at: Timestamp) -> DateTime<Utc> {
    DateTime::from_timestamp(at.as_second(), 0).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

impl Shown {
    /// The zone of this local time.
    pub fn zone(&self) -> Zone {
        self.zone
    }

    /// `UTC+02:00`.
    pub fn offset_in_words(&self) -> String {
        let sign = if self.offset < 0 { '-' } else { '+' };
        let minutes = self.offset.unsigned_abs() / 60;
        format!("UTC{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    }

    /// `08:00 Europe/Berlin`.
    pub fn time(&self) -> String {
        format!("{} {}", self.local.format("%H:%M"), self.zone)
    }
}

/// `Sunday 25 October 2026, 02:30 Europe/Berlin (UTC+02:00)`.
impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let local = self.local.format("%A %-d %B %Y, %H:%M");
        match self.zone == Zone::UTC {
            true => write!(f, "{local} UTC"),
            false => write!(f, "{local} {} ({})", self.zone, self.offset_in_words()),
        }
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl FromStr for Zone {
    type Err = UnknownZone;

    fn from_str(name: &str) -> Result<Self, UnknownZone> {
        Self::parse(name)
    }
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.0)
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(from)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> NaiveDateTime {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").expect("a local time")
    }

    fn words(found: Local) -> Vec<String> {
        let say = |shown: Shown| {
            let local = shown.local.format("%H:%M");
            format!("{local} {}", shown.offset_in_words())
        };
        match found {
            Local::Once(one) => vec![say(one)],
            Local::Twice(both) | Local::Never(both) => both.map(say).into(),
        }
    }

    #[test]
    fn a_time_that_is_passed_over_names_its_neighbours() {
        for (zone, local, neighbours) in [
            (
                "Europe/Berlin",
                "2027-03-28 02:30",
                ["01:59 UTC+01:00", "03:00 UTC+02:00"],
            ),
            (
                "America/New_York",
                "2027-03-14 02:00",
                ["01:59 UTC-05:00", "03:00 UTC-04:00"],
            ),
            (
                "Australia/Lord_Howe",
                "2026-10-04 02:15",
                ["01:59 UTC+10:30", "02:30 UTC+11:00"],
            ),
        ] {
            let found = Zone::parse(zone).expect(zone).local(at(local));
            assert!(matches!(found, Local::Never(_)), "{zone}: {found:?}");
            assert_eq!(words(found), neighbours, "{zone}");
        }
    }

    #[test]
    fn a_time_that_occurs_twice_names_both() {
        for (zone, local, both) in [
            (
                "Europe/Berlin",
                "2026-10-25 02:30",
                ["02:30 UTC+02:00", "02:30 UTC+01:00"],
            ),
            (
                "America/New_York",
                "2026-11-01 01:00",
                ["01:00 UTC-04:00", "01:00 UTC-05:00"],
            ),
            (
                "Australia/Lord_Howe",
                "2027-04-04 01:45",
                ["01:45 UTC+11:00", "01:45 UTC+10:30"],
            ),
        ] {
            let found = Zone::parse(zone).expect(zone).local(at(local));
            assert!(matches!(found, Local::Twice(_)), "{zone}: {found:?}");
            assert_eq!(words(found), both, "{zone}");
        }
    }

    #[test]
    fn a_zone_is_found_in_any_case_and_keeps_its_name() {
        let zone = Zone::parse(" europe/berlin ").expect("a zone");
        assert_eq!(zone.as_str(), "Europe/Berlin");
        let read: Zone = serde_json::from_str(r#""Asia/Kolkata""#).expect("a zone");
        let shown = read.show(DateTime::UNIX_EPOCH).to_string();
        assert_eq!(
            shown,
            "Thursday 1 January 1970, 05:30 Asia/Kolkata (UTC+05:30)"
        );
        assert_eq!(Zone::UTC.show(DateTime::UNIX_EPOCH).time(), "00:00 UTC");
        for wrong in ["", "Berlin", "UTC+1", "Mars/Olympus", "../etc/passwd"] {
            assert_eq!(Zone::parse(wrong), Err(UnknownZone), "{wrong}");
        }
        assert!(Zone::names().len() > 400);
    }

    #[test]
    fn the_next_time_of_day_is_today_or_tomorrow() {
        let berlin = Zone::parse("Europe/Berlin").expect("a zone");
        let eight = NaiveTime::from_hms_opt(8, 0, 0).expect("a time");
        let next = |now: &str| {
            let now: DateTime<Utc> = now.parse().expect("an instant");
            berlin.next(eight, now).to_rfc3339()
        };
        assert_eq!(next("2026-11-29T21:00:00Z"), "2026-11-30T07:00:00+00:00");
        assert_eq!(next("2026-11-30T06:59:00Z"), "2026-11-30T07:00:00+00:00");
        assert_eq!(next("2027-03-27T22:00:00Z"), "2027-03-28T06:00:00+00:00");
    }
}
