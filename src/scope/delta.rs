//! What a scope version changes: counted by class of people, never person by person.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::element::{Element, ElementSet};
use crate::id::BUCKETS;
use crate::person::flags::Flags;

/// The difference between a version and what is in force before it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Delta {
    /// People who come in, or come back.
    pub people_added: i64,
    /// People who are no longer affected: missing from a full list, or named with the flag `retract`.
    pub people_retracted: i64,
    /// People known before who lost more than was believed.
    pub elements_added: i64,
    /// People known before who lost less than was believed.
    pub elements_retracted: i64,
    /// People known before with another contact, locale, jurisdiction or other flags.
    pub contact_changes: i64,
    /// People listed again just as they were.
    pub unchanged: i64,
    /// How many people each element comes to or leaves, people added and retracted included.
    pub by_element: BTreeMap<String, Change>,
    /// How many people each jurisdiction gains and loses, by its code; empty if it is not known.
    pub by_jurisdiction: BTreeMap<String, Change>,
    /// People who get a flag that they did not have, by flag.
    pub flags_set: BTreeMap<String, i64>,
    /// People who lose a flag, by flag. `None`: an earlier release read the list, and did not count.
    pub flags_lifted: Option<BTreeMap<String, i64>>,
    /// People with a new name and a new address.
    pub identity_changes: i64,
    /// Those of them who had been told something by the time the list was compared, or as an activation that was refused
    /// counted them since.
    pub identity_changes_told: i64,
    /// Those that were put in force as another person than before, as the answer said: they are among the people added,
    /// and the former ones among the people retracted.
    pub another_people: i64,
    /// People who had an e-mail address and have none now.
    pub emails_lost: i64,
    /// People who had a postal address and have none now.
    pub addresses_lost: i64,
    /// People who had been told of an element, when the list was compared, that it takes back.
    pub told_too_much: i64,
    /// People who had been told something, when the list was compared, and leave the scope.
    pub told_retracted: i64,
    /// People in force that a full list names on refused lines only: they stay as they were.
    pub kept: i64,
    /// Rows of earlier files, accepted or refused, that a row of an added file replaced: all rows are accepted, refused
    /// or replaced.
    pub replaced: i64,
    /// Accepted rows among them that a differing row replaced.
    pub replaced_accepted: i64,
    /// Refused rows among them that were refused again.
    pub refused_again: i64,
    /// The columns of the file, in its order; columns of files that were added come last.
    pub columns: Vec<String>,
    /// Columns that the first file does not have: of people already known, nothing of that changes.
    pub absent: Vec<String>,
    /// Files that were added to the draft, in their order.
    pub added_files: Vec<AddedFile>,
}

/// A file that was added to a draft.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddedFile {
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
    /// Rows accepted.
    pub accepted: i64,
    /// Rows refused.
    pub rejected: i64,
    /// Rows of the draft and refused rows that its rows replaced.
    pub replaced: i64,
    /// Its columns in its order, without those of a file of rejects. Empty: an earlier release added it.
    #[serde(default)]
    pub columns: Vec<String>,
    /// How many columns the draft had before it was added.
    #[serde(default)]
    pub draft_columns: usize,
}

impl Delta {
    /// As pages and the audit log show it: rows that were sent again and refused again are not counted as replaced.
    #[must_use]
    pub fn as_shown(&self) -> Self {
        Self {
            replaced: self.replaced - self.refused_again,
            ..self.clone()
        }
    }

    /// How many columns the draft had once the file with this number was read. The first cells of a refused row of the
    /// file stand under these columns; what the row has too many stands behind.
    pub fn width(&self, file: i16) -> usize {
        let next = usize::try_from(file - 1).ok();
        let next = next.and_then(|next| self.added_files.get(next));
        let width = next.map_or(0, |next| next.draft_columns);
        match width {
            0 => self.columns.len(),
            width => width,
        }
    }
}

/// How many people something comes to, and how many it leaves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Comes to.
    pub added: i64,
    /// Leaves.
    pub retracted: i64,
}

/// How many people a version brings into each bucket, and how many it takes out: read from its list, the one
/// set of books of the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brings {
    /// Brings into each bucket.
    pub added: Vec<i64>,
    /// Takes out of each bucket.
    pub retracted: Vec<i64>,
}

/// What a version changes, and where.
#[derive(Debug)]
pub struct Difference {
    /// What it changes.
    pub delta: Delta,
    /// In which bucket how many come and go.
    pub brings: Brings,
}

impl Difference {
    /// None yet, of a file with these columns, that lacks some.
    pub fn of(columns: Vec<String>, absent: Vec<String>) -> Self {
        let nobody = vec![0; usize::try_from(BUCKETS).unwrap_or(0)];
        Self {
            delta: Delta {
                columns,
                absent,
                flags_lifted: Some(BTreeMap::new()),
                ..Delta::default()
            },
            brings: Brings {
                added: nobody.clone(),
                retracted: nobody,
            },
        }
    }

    /// Counts new people of one bucket.
    pub fn add_new(&mut self, bucket: i32, people: i64) {
        *of_bucket(&mut self.brings.added, bucket) += people;
        self.delta.people_added += people;
    }

    /// Counts a class of people of one bucket in.
    pub fn add(&mut self, bucket: i32, class: Class) {
        match (class.before, class.now) {
            (None, Some(_)) => *of_bucket(&mut self.brings.added, bucket) += class.people,
            (Some(_), None) => *of_bucket(&mut self.brings.retracted, bucket) += class.people,
            _ => {}
        }
        self.delta.add(class);
    }
}

fn of_bucket(counts: &mut [i64], bucket: i32) -> &mut i64 {
    let count = usize::try_from(bucket).ok().and_then(|n| counts.get_mut(n));
    count.expect("a bucket is one of 0..BUCKETS")
}

/// People whom the version changes in the same way.
#[derive(Debug, Clone)]
pub struct Class {
    /// Exposed before; `None` for people who were not in scope.
    pub before: Option<ElementSet>,
    /// Exposed now; `None` for people whom the version retracts.
    pub now: Option<ElementSet>,
    /// Under which jurisdiction before; `None` for people who were not in scope.
    pub before_under: Option<String>,
    /// Under which jurisdiction now; `None` for people whom the version retracts.
    pub now_under: Option<String>,
    /// Whether contact, locale, jurisdiction or flags differ.
    pub contact: bool,
    /// Flags before and now, of people whom a list named before and this one does not retract.
    pub flags: Option<(Flags, Flags)>,
    /// How many people.
    pub people: i64,
}

impl Delta {
    /// Counts a class in.
    pub fn add(&mut self, class: Class) {
        let before = class.before.unwrap_or(ElementSet::EMPTY);
        let now = class.now.unwrap_or(ElementSet::EMPTY);
        let (gained, lost) = (now.minus(before), before.minus(now));
        for element in gained.iter() {
            self.change(element).added += class.people;
        }
        for element in lost.iter() {
            self.change(element).retracted += class.people;
        }
        if class.before_under != class.now_under {
            if let Some(under) = class.now_under {
                self.by_jurisdiction.entry(under).or_default().added += class.people;
            }
            if let Some(under) = class.before_under {
                self.by_jurisdiction.entry(under).or_default().retracted += class.people;
            }
        }
        if let Some((before, now)) = class.flags {
            let lifted = self.flags_lifted.get_or_insert_default();
            count_flags(lifted, before, now, class.people);
            count_flags(&mut self.flags_set, now, before, class.people);
        }
        match (class.before, class.now) {
            // Retracted before, and named with `retract` again.
            (None, None) => self.unchanged += class.people,
            (None, Some(_)) => self.people_added += class.people,
            (Some(_), None) => self.people_retracted += class.people,
            (Some(_), Some(_)) => {
                let count = |applies| if applies { class.people } else { 0 };
                self.elements_added += count(!gained.is_empty());
                self.elements_retracted += count(!lost.is_empty());
                self.contact_changes += count(class.contact);
                self.unchanged += count(before == now && !class.contact);
            }
        }
    }

    /// Counts elements of new people.
    pub fn add_elements(&mut self, elements: ElementSet, people: i64) {
        for element in elements.iter() {
            self.change(element).added += people;
        }
    }

    /// Counts new people under one jurisdiction.
    pub fn add_under(&mut self, under: &str, people: i64) {
        let change = self.by_jurisdiction.entry(under.to_owned()).or_default();
        change.added += people;
    }

    /// Counts the flags of new people.
    pub fn set_flags(&mut self, flags: Flags, people: i64) {
        count_flags(&mut self.flags_set, flags, Flags::NONE, people);
    }

    fn change(&mut self, element: Element) -> &mut Change {
        self.by_element
            .entry(element.code().to_owned())
            .or_default()
    }
}

/// Counts `people` for each flag of `has` that is not in `not`.
fn count_flags(to: &mut BTreeMap<String, i64>, has: Flags, not: Flags, people: i64) {
    let Some(flags) = Flags::from_bits(has.bits() & !not.bits()) else {
        return;
    };
    let words = flags.to_string();
    for word in words.split(';').filter(|word| !word.is_empty()) {
        *to.entry(word.to_owned()).or_default() += people;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_may_gain_lose_and_move_at_once() {
        let set = |codes| ElementSet::parse(codes).ok();
        let class = |before: Option<ElementSet>, now: Option<ElementSet>, contact, people| Class {
            before,
            now,
            before_under: before.map(|_| "DE".to_owned()),
            now_under: now.map(|_| if contact { "FR" } else { "DE" }.to_owned()),
            contact,
            flags: None,
            people,
        };
        let mut delta = Delta::default();
        delta.add(class(None, set("name;ssn"), true, 5));
        delta.add(class(set("name;ssn"), set("name;imei"), true, 3));
        delta.add(class(set("name"), set("name"), false, 7));
        delta.add(class(set("name"), None, false, 2));
        let change = |code: &str| {
            let change = delta.by_element[code];
            (change.added, change.retracted)
        };
        assert_eq!(change("name"), (5, 2));
        assert_eq!(change("ssn"), (5, 3));
        assert_eq!(change("imei"), (3, 0));
        let under = |code: &str| {
            let change = delta.by_jurisdiction[code];
            (change.added, change.retracted)
        };
        assert_eq!((under("DE"), under("FR")), ((0, 5), (8, 0)));
        let people = (delta.people_added, delta.people_retracted);
        let elements = (delta.elements_added, delta.elements_retracted);
        assert_eq!((people, elements), ((5, 2), (3, 3)));
        assert_eq!((delta.contact_changes, delta.unchanged), (3, 7));
    }
    #[test]
    fn flags_are_counted_one_by_one() {
        let flags = |words| Flags::parse(words).unwrap_or_default();
        let mut delta = Delta::default();
        delta.add(Class {
            before: None,
            now: ElementSet::parse("name").ok(),
            before_under: None,
            now_under: None,
            contact: false,
            flags: Some((flags("hold;minor"), flags("minor;vulnerable"))),
            people: 4,
        });
        assert_eq!(delta.flags_set, BTreeMap::from([("vulnerable".into(), 4)]));
        let lifted = BTreeMap::from([("hold".into(), 4)]);
        assert_eq!(delta.flags_lifted, Some(lifted));
    }
}
