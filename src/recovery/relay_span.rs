//! Which time the logs of each relay cover. A log that lacks a part says nothing of the messages of that time, and they
//! would be sent again.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

/// How much earlier than the lost database a relay's log may end: its clock may be behind.
const CLOCKS: TimeDelta = TimeDelta::minutes(1);
/// How long a relay writes nothing between the end of a file and the beginning of the next, without a file missing.
const QUIET: TimeDelta = TimeDelta::hours(1);
/// How far the clocks of the world's zones are behind UTC, and ahead of it.
const BEHIND: TimeDelta = TimeDelta::hours(12);
const AHEAD: TimeDelta = TimeDelta::hours(14);

/// Which part of a relay's log is missing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Uncovered {
    /// The beginning.
    #[error(
        "the log of relay {relay} begins at {begins_at}, after the copy was taken ({from}): what was sent before it \
         begins would be sent again. Give the earlier log too. If that relay was only quiet, say so: --log-is-whole"
    )]
    BeginsLate {
        /// The hosts of the log.
        relay: String,
        /// When the log begins.
        begins_at: DateTime<Utc>,
        /// About when the copy was taken.
        from: DateTime<Utc>,
    },
    /// The end.
    #[error(
        "the log of relay {relay} ends at {ends_at}, and the lost database was in use until {to}: what was sent after \
         it ends would be sent again. Give the later log too. If that relay was only quiet, say so: --log-is-whole"
    )]
    EndsEarly {
        /// The hosts of the log.
        relay: String,
        /// When the log ends.
        ends_at: DateTime<Utc>,
        /// Until when the lost database is known to have been in use.
        to: DateTime<Utc>,
    },
    /// A file in between.
    #[error(
        "the log of relay {relay} has nothing between {ends_at} and {begins_at}: a file seems to be missing. If that \
         relay was only quiet, say so: --log-is-whole"
    )]
    Gap {
        /// The hosts of the log.
        relay: String,
        /// When a file ends.
        ends_at: DateTime<Utc>,
        /// When the next one begins.
        begins_at: DateTime<Utc>,
    },
    /// The zone of its times.
    #[error(
        "the log of relay {relay} does not say the zone of its times, so that nobody knows whether it covers what was \
         sent after the copy was taken: give it, as in --log-zone +01:00"
    )]
    NoZone {
        /// The hosts of the log.
        relay: String,
    },
}

/// A host that wrote lines.
#[derive(Debug)]
struct Host {
    name: String,
    last_line: Option<DateTime<Utc>>,
}

/// One file: which relays are named in it, and from when to when.
#[derive(Debug, Default, Clone)]
struct File {
    relays: BTreeSet<usize>,
    times: Option<Times>,
}

/// The first and the last moment of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Times {
    begins_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    has_zone: bool,
}

/// What was read, file by file.
#[derive(Debug, Default)]
pub(super) struct Spans {
    hosts: Vec<Host>,
    files: Vec<File>,
}

/// The files of relays that are named together.
struct Group {
    relays: BTreeSet<usize>,
    times: Vec<Times>,
}

impl Spans {
    pub(super) fn begin_file(&mut self) {
        self.files.push(File::default());
    }

    /// Whether a line of the file began with a time.
    pub(super) fn end_file(&mut self) -> bool {
        self.files.last().is_some_and(|file| file.times.is_some())
    }

    /// A line of the file, with its time and whether the zone of that is known.
    pub(super) fn line(&mut self, moment: Option<(DateTime<Utc>, bool)>) {
        let (Some((at, has_zone)), Some(file)) = (moment, self.files.last_mut()) else {
            return;
        };
        let times = file.times.get_or_insert(Times {
            begins_at: at,
            ends_at: at,
            has_zone,
        });
        times.ends_at = at;
        times.has_zone &= has_zone;
    }

    /// The number of a host that wrote a line at this time.
    pub(super) fn host(&mut self, name: &str, at: Option<DateTime<Utc>>) -> usize {
        let known = self.hosts.iter().position(|host| host.name == name);
        let number = known.unwrap_or_else(|| {
            self.hosts.push(Host {
                name: name.to_owned(),
                last_line: None,
            });
            self.hosts.len() - 1
        });
        let host = &mut self.hosts[number];
        host.last_line = at.or(host.last_line);
        number
    }

    /// Says that a host of the file is a relay.
    pub(super) fn names_relay(&mut self, host: usize) {
        if let Some(file) = self.files.last_mut() {
            file.relays.insert(host);
        }
    }

    pub(super) fn last_line_of(&self, host: usize) -> Option<DateTime<Utc>> {
        self.hosts.get(host)?.last_line
    }

    /// Whether the files of each relay reach from the first moment to the second.
    pub(super) fn cover(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<(), Uncovered> {
        for group in self.groups() {
            let relay = self.names(&group.relays);
            covers(&group.times, &relay, from, to)?;
            let in_any_zone: Vec<_> = group.times.iter().map(Times::in_any_zone).collect();
            if covers(&in_any_zone, &relay, from, to).is_err() {
                return Err(Uncovered::NoZone { relay });
            }
        }
        Ok(())
    }

    fn names(&self, hosts: &BTreeSet<usize>) -> String {
        let names = hosts.iter().map(|host| match &*self.hosts[*host].name {
            "" => "(no host is named)",
            name => name,
        });
        names.collect::<Vec<_>>().join(", ")
    }

    /// Files that share a relay are of one log; those that name none are of no relay.
    fn groups(&self) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        for file in &self.files {
            let (Some(times), false) = (file.times, file.relays.is_empty()) else {
                continue;
            };
            let mut joined = Group {
                relays: file.relays.clone(),
                times: vec![times],
            };
            let shares = |group: &mut Group| !group.relays.is_disjoint(&file.relays);
            for group in groups.extract_if(.., shares) {
                joined.relays.extend(group.relays);
                joined.times.extend(group.times);
            }
            joined.times.sort_unstable();
            groups.push(joined);
        }
        groups
    }
}

impl Times {
    /// The part that the file covers whatever the zone of its times is.
    fn in_any_zone(&self) -> Self {
        match self.has_zone {
            true => *self,
            false => Self {
                begins_at: self.begins_at + BEHIND,
                ends_at: self.ends_at - AHEAD,
                has_zone: false,
            },
        }
    }
}

fn covers(
    files: &[Times],
    relay: &str,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<(), Uncovered> {
    let relay = || relay.to_owned();
    let Some(first) = files.first() else {
        return Ok(());
    };
    if first.begins_at > from {
        return Err(Uncovered::BeginsLate {
            relay: relay(),
            begins_at: first.begins_at,
            from,
        });
    }
    let mut ends_at = first.ends_at;
    for file in &files[1..] {
        let begins_at = file.begins_at;
        if begins_at > from && ends_at < to && begins_at - ends_at > QUIET && same_zone(files) {
            return Err(Uncovered::Gap {
                relay: relay(),
                ends_at,
                begins_at,
            });
        }
        ends_at = ends_at.max(file.ends_at);
    }
    match ends_at + CLOCKS < to {
        true => Err(Uncovered::EndsEarly {
            relay: relay(),
            ends_at,
            to,
        }),
        false => Ok(()),
    }
}

/// Whether the times of files can be compared with each other, zone or not.
fn same_zone(files: &[Times]) -> bool {
    files.iter().all(|file| file.has_zone == files[0].has_zone)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: u32, minute: u32) -> DateTime<Utc> {
        let text = format!("2026-11-29T{hour:02}:{minute:02}:00Z");
        text.parse().expect("a time")
    }

    /// Files of a host each: its name, when it begins and ends, and whether its zone is known.
    fn spans(files: &[(&str, DateTime<Utc>, DateTime<Utc>, bool)]) -> Spans {
        let mut spans = Spans::default();
        for (host, begins_at, ends_at, has_zone) in files {
            spans.begin_file();
            for at in [*begins_at, *ends_at] {
                spans.line(Some((at, *has_zone)));
                let host = spans.host(host, Some(at));
                spans.names_relay(host);
            }
        }
        spans
    }

    #[test]
    fn the_files_of_each_relay_must_reach_from_the_copy_to_the_end_of_the_lost_database() {
        let cover = |files: &[_]| spans(files).cover(at(8, 0), at(12, 0));
        let (early, late) = (
            ("mx", at(7, 0), at(9, 0), true),
            ("mx", at(9, 1), at(12, 0), true),
        );
        assert_eq!(cover(&[early, late]), Ok(()));
        assert_eq!(cover(&[late, early]), Ok(()), "in any order");
        assert!(matches!(cover(&[late]), Err(Uncovered::BeginsLate { .. })));
        assert!(matches!(cover(&[early]), Err(Uncovered::EndsEarly { .. })));
        // The log of another relay does not stand in for it.
        let other = ("relay2", at(7, 0), at(12, 5), true);
        let Err(Uncovered::EndsEarly { relay, .. }) = cover(&[early, other]) else {
            panic!("{:?}", cover(&[early, other]));
        };
        assert_eq!(relay, "mx");
        assert_eq!(cover(&[other, early, late]), Ok(()));
        let last = ("mx", at(11, 0), at(12, 0), true);
        assert!(matches!(cover(&[early, last]), Err(Uncovered::Gap { .. })));
    }

    #[test]
    fn times_without_a_zone_are_compared_only_where_the_zone_does_not_matter() {
        let of = |from: DateTime<Utc>, to: DateTime<Utc>| {
            let file = ("mx", at(1, 0) - TimeDelta::days(1), at(23, 0), false);
            spans(&[file]).cover(from, to)
        };
        assert_eq!(of(at(0, 0) - TimeDelta::hours(10), at(9, 0)), Ok(()));
        let relay = "mx".to_owned();
        assert_eq!(of(at(8, 0), at(12, 0)), Err(Uncovered::NoZone { relay }));
        let late = of(at(8, 0), at(23, 30));
        assert!(matches!(late, Err(Uncovered::EndsEarly { .. })), "{late:?}");
    }
}
