//! A local time as staff type it: a day, and a time that may carry its offset: `02:30`, `02:30+02:00`.

use chrono::{NaiveDate, NaiveTime};

use super::{Local, Shown, Zone};

/// Why a typed local time is no instant. Each is a sentence that says what to enter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadLocal {
    /// It is no day.
    #[error("Enter a day such as 2026-11-30.")]
    Day,
    /// It is no time of day.
    #[error("Enter a time of day such as 08:00 or 22:30.")]
    Time,
    /// Clocks pass over it.
    #[error(
        "Clocks in {} are set forward on this day and never show this time. The nearest times are {} ({}) and {} ({}).",
        .0[0].zone, .0[0].local.format("%H:%M"), .0[0].offset_in_words(), .0[1].local.format("%H:%M"),
        .0[1].offset_in_words()
    )]
    Never([Shown; 2]),
    /// Clocks show it twice.
    #[error(
        "Clocks in {} are set back on this day and show this time twice. Choose {}{} for the first, or {}{} for the second.",
        .0[0].zone, .0[0].local.format("%H:%M"), .0[0].offset_typed(), .0[1].local.format("%H:%M"),
        .0[1].offset_typed()
    )]
    Twice([Shown; 2]),
    /// The offset is none of the zone at that time.
    #[error("This is not the offset of {0} at that time. Leave the offset out.")]
    Offset(Zone),
}

impl Shown {
    /// `+02:00`.
    pub fn offset_typed(&self) -> String {
        self.offset_in_words().trim_start_matches("UTC").to_owned()
    }
}

impl Zone {
    /// Reads a day and a time of day as clocks of this zone show them.
    ///
    /// # Errors
    /// [`BadLocal`].
    pub fn read(self, day: &str, time: &str) -> Result<Shown, BadLocal> {
        let day: NaiveDate = day.trim().parse().map_err(|_| BadLocal::Day)?;
        let time = time.trim();
        let end = time.find(['+', '-']).unwrap_or(time.len());
        let (time, offset) = time.split_at(end);
        let time = NaiveTime::parse_from_str(time.trim(), "%H:%M").map_err(|_| BadLocal::Time)?;
        let found = self.local(day.and_time(time));
        let fits = |shown: &Shown| shown.offset_typed() == offset;
        match found {
            Local::Never(both) => Err(BadLocal::Never(both)),
            Local::Once(one) if offset.is_empty() || fits(&one) => Ok(one),
            Local::Twice(both) if offset.is_empty() => Err(BadLocal::Twice(both)),
            Local::Twice(both) => {
                let chosen = both.into_iter().find(fits);
                chosen.ok_or(BadLocal::Offset(self))
            }
            Local::Once(_) => Err(BadLocal::Offset(self)),
        }
    }

    /// Reads a whole local time: `2026-11-30T02:00`, `2026-10-25T02:30+02:00`.
    ///
    /// # Errors
    /// [`BadLocal`].
    pub fn read_whole(self, text: &str) -> Result<Shown, BadLocal> {
        let (day, time) = text.trim().split_once(['T', ' ']).ok_or(BadLocal::Day)?;
        self.read(day, time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typed_time_is_one_instant_or_a_sentence_that_says_what_to_enter() {
        let berlin = Zone::parse("Europe/Berlin").expect("a zone");
        let read = |day: &str, time: &str| berlin.read(day, time).map(|one| one.at.to_rfc3339());
        let once = Ok("2026-11-30T01:00:00+00:00".to_owned());
        assert_eq!(read("2026-11-30", "02:00"), once);
        assert_eq!(read(" 2026-11-30 ", " 02:00+01:00 "), once);
        let whole = berlin
            .read_whole("2026-11-30T02:00")
            .map(|one| one.at.to_rfc3339());
        assert_eq!(whole, once);
        let first = Ok("2026-10-25T00:30:00+00:00".to_owned());
        assert_eq!(read("2026-10-25", "02:30+02:00"), first);
        let second = Ok("2026-10-25T01:30:00+00:00".to_owned());
        assert_eq!(read("2026-10-25", "02:30+01:00"), second);
        for (day, time, why) in [
            ("30.11.2026", "02:00", "Enter a day"),
            ("2026-11-30", "2 am", "Enter a time of day"),
            (
                "2026-11-30",
                "02:00+05:00",
                "not the offset of Europe/Berlin",
            ),
            (
                "2026-10-25",
                "02:30+03:00",
                "not the offset of Europe/Berlin",
            ),
            (
                "2027-03-28",
                "02:30",
                "The nearest times are 01:59 (UTC+01:00) and 03:00 (UTC+02:00).",
            ),
            (
                "2026-10-25",
                "02:30",
                "Choose 02:30+02:00 for the first, or 02:30+01:00 for the second.",
            ),
        ] {
            let said = read(day, time).expect_err(time).to_string();
            assert!(said.contains(why), "{said}");
        }
    }
}
