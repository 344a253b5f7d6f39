//! The filter of the audit page.

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use serde::Deserialize;

use crate::web::console::Choice;
use crate::web::page::{Fault, Faults};

/// The filter; an empty field matches all actions.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// The slug of an incident.
    pub incident: String,
    /// The subject: an id or a name.
    pub on: String,
    /// An actor, or a kind of actors.
    pub by: String,
    /// An action, or the noun of several actions.
    pub act: String,
    /// The first day or minute, UTC.
    pub from: String,
    /// The last one.
    pub to: String,
    /// The incidents to choose from.
    pub incidents: Vec<Choice>,
    /// The actors to choose from.
    pub actors: Vec<Choice>,
    /// The faults of fields that cannot be read.
    pub faults: Faults,
}

/// The query.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Asked {
    before: String,
    incident: String,
    on: String,
    by: String,
    act: String,
    from: String,
    to: String,
}

impl Asked {
    /// The filter, and the number that the page ends before.
    pub(crate) fn read(&self) -> (Filter, Option<i64>) {
        let trimmed = |text: &String| text.trim().to_owned();
        let mut filter = Filter {
            incident: trimmed(&self.incident),
            on: trimmed(&self.on),
            by: trimmed(&self.by),
            act: trimmed(&self.act).to_lowercase(),
            from: trimmed(&self.from),
            to: trimmed(&self.to),
            ..Filter::default()
        };
        for (field, text) in [("from", &filter.from), ("to", &filter.to)] {
            if !text.is_empty() && span(text).is_none() {
                filter.faults.0.push(Fault {
                    field: field.to_owned(),
                    text: "Write a day like 2026-11-29, or a minute like 2026-11-29 19:10."
                        .to_owned(),
                });
            }
        }
        let before = self.before.trim();
        let number = before.parse().ok();
        if !before.is_empty() && number.is_none() {
            filter.faults.0.push(Fault {
                field: "incident".to_owned(),
                text: "The address names a page by something that is not a number. Choose here what to show.".to_owned(),
            });
        }
        (filter, number)
    }
}

impl Filter {
    /// Whether any field is set.
    pub fn is_any(&self) -> bool {
        [
            &self.incident,
            &self.on,
            &self.by,
            &self.act,
            &self.from,
            &self.to,
        ]
        .iter()
        .any(|one| !one.is_empty())
    }

    /// The start and the end of the period; the end is exclusive.
    pub(crate) fn times(&self) -> (Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
        let from = span(&self.from).map(|(begin, _)| begin);
        (from, span(&self.to).map(|(_, end)| end))
    }

    /// The address of the page with this filter, before a number if one is given.
    pub(crate) fn address(&self, before: Option<i64>) -> String {
        let before = before.map(|before| before.to_string()).unwrap_or_default();
        let mut words = vec![
            ("incident", &self.incident),
            ("on", &self.on),
            ("by", &self.by),
            ("act", &self.act),
            ("from", &self.from),
            ("to", &self.to),
            ("before", &before),
        ];
        words.retain(|(_, word)| !word.is_empty());
        let query = serde_urlencoded::to_string(words).unwrap_or_default();
        match query.is_empty() {
            true => "/console/audit".to_owned(),
            false => format!("/console/audit?{query}"),
        }
    }

    /// The address of all actions on the same subject.
    pub fn of_subject(&self, on: &str) -> String {
        let same = Self {
            on: on.to_owned(),
            ..Self::default()
        };
        same.address(None)
    }

    /// The address of all actions of the same kind.
    pub fn of_act(&self, act: &str) -> String {
        let same = Self {
            act: act.to_owned(),
            incident: self.incident.clone(),
            on: self.on.clone(),
            from: self.from.clone(),
            to: self.to.clone(),
            ..Self::default()
        };
        same.address(None)
    }
}

/// The start and the exclusive end of a day or a minute.
fn span(text: &str) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    let day = || NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    let minute = || {
        ["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"]
            .iter()
            .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
    };
    let (begin, lasting) = match day() {
        Some(day) => (day.and_time(chrono::NaiveTime::MIN), TimeDelta::days(1)),
        None => (minute()?, TimeDelta::minutes(1)),
    };
    let begin = begin.and_utc();
    Some((begin, begin.checked_add_signed(lasting)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_and_a_minute_are_read_as_periods() {
        let ends = |text| span(text).map(|(from, to)| (from.to_rfc3339(), to.to_rfc3339()));
        let of = |from: &str, to: &str| {
            let zoned = |text: &str| format!("{text}:00+00:00");
            Some((zoned(from), zoned(to)))
        };
        assert_eq!(
            ends("2026-12-31"),
            of("2026-12-31T00:00", "2027-01-01T00:00")
        );
        for minute in ["2026-11-29 19:59", "2026-11-29T19:59"] {
            assert_eq!(ends(minute), of("2026-11-29T19:59", "2026-11-29T20:00"));
        }
        for other in ["", "29.11.2026", "2026-13-01", "yesterday"] {
            assert_eq!(ends(other), None, "{other}");
        }
    }
}
