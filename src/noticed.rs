//! What belongs in the audit log and is not part of an act: what was read, failed sign-ins, refused acts. It is counted in
//! memory, so that no page waits for the log, and written by a background task a moment later. A process that is
//! killed loses what it counted in the last seconds.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};

use crate::actor::Actor;
use crate::audit::action::Action;

/// At most this many different entries wait; more are counted only.
const ROOM: usize = 10_000;

/// The counts of this process. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Noticed(Arc<Mutex<Waiting>>);

#[derive(Debug, Default)]
struct Waiting {
    counts: HashMap<Key, Count>,
    left_out: u64,
}

/// Who did what to what.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// Who.
    pub actor: Actor,
    /// What.
    pub action: Action,
    /// To what: an id, or a word.
    pub subject: String,
}

/// How often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// When first.
    pub since: DateTime<Utc>,
    /// How many times.
    pub times: u64,
    /// How many rows were shown, of what is a list.
    pub rows: u64,
}

impl Noticed {
    /// Counts one; `rows` are how many people, tickets or lines were shown.
    pub fn note(
        &self,
        at: DateTime<Utc>,
        actor: Actor,
        action: Action,
        subject: impl ToString,
        rows: usize,
    ) {
        let key = Key {
            actor,
            action,
            subject: subject.to_string(),
        };
        let rows = u64::try_from(rows).unwrap_or(u64::MAX);
        self.add(
            key,
            Count {
                since: at,
                times: 1,
                rows,
            },
        );
    }

    fn add(&self, key: Key, more: Count) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = waiting.counts.get_mut(&key) {
            count.since = count.since.min(more.since);
            count.times = count.times.saturating_add(more.times);
            count.rows = count.rows.saturating_add(more.rows);
        } else if waiting.counts.len() < ROOM {
            waiting.counts.insert(key, more);
        } else {
            waiting.left_out = waiting.left_out.saturating_add(more.times);
        }
    }

    /// Takes all counts, in the order of their first times, and how many there was no room for.
    pub fn take(&self) -> (Vec<(Key, Count)>, u64) {
        let waiting = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let mut counts: Vec<_> = waiting.counts.into_iter().collect();
        counts.sort_by_key(|(_, count)| count.since);
        (counts, waiting.left_out)
    }

    /// Gives back what could not be written.
    pub fn give_back(&self, counts: Vec<(Key, Count)>, left_out: u64) {
        for (key, count) in counts {
            self.add(key, count);
        }
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.left_out = waiting.left_out.saturating_add(left_out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actor::System;

    #[test]
    fn the_same_is_counted_and_what_has_no_room_is_not_silent() {
        let at = DateTime::from_timestamp(1_700_000_000, 0).expect("a valid time");
        let noticed = Noticed::default();
        for _ in 0..3 {
            noticed.note(
                at,
                Actor::System(System::Cli),
                Action::PeopleRead,
                "inc",
                50,
            );
        }
        let (counts, left_out) = noticed.take();
        assert_eq!((counts[0].1.times, counts[0].1.rows, left_out), (3, 150, 0));
        for subject in 0..ROOM + 2 {
            noticed.note(
                at,
                Actor::System(System::Cli),
                Action::PeopleRead,
                subject,
                1,
            );
        }
        let (counts, left_out) = noticed.take();
        assert_eq!((counts.len(), left_out), (ROOM, 2));
        noticed.give_back(counts, left_out);
        let (counts, left_out) = noticed.take();
        assert_eq!((counts.len(), left_out), (ROOM, 2));
    }
}
