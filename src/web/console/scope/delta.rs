//! What a version of the affected list changes, as the report shows it.

use std::collections::BTreeMap;

use crate::scope;
use crate::scope::delta::Change;

/// A value, how many people it is added to, and how many it is removed from.
pub type Changed = (String, i64, i64);

/// The difference to the active version.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the words of the contract")]
pub struct Delta {
    pub people_added: i64,
    pub elements_added: i64,
    pub elements_retracted: i64,
    pub people_retracted: i64,
    pub contact_changes: i64,
    pub identity_changes: i64,
    pub identity_changes_told: i64,
    pub another_people: i64,
    pub emails_lost: i64,
    pub addresses_lost: i64,
    pub told_too_much: i64,
    /// Of the retracted people: those who were told something; 0 unless it is a draft.
    pub told_retracted: i64,
    pub kept: i64,
    pub by_jurisdiction: Vec<Changed>,
    pub by_element: Vec<Changed>,
    pub by_flag: Vec<Changed>,
    /// Rows of earlier files that later files replaced or corrected, without rows that were rejected again.
    pub replaced: i64,
    pub refused_again: i64,
    pub added_files: i64,
    /// Columns that the file does not have, joined by commas.
    pub absent: String,
}

impl Delta {
    /// The two tables: heading and rows.
    pub fn tables(&self) -> [(&'static str, &[Changed]); 2] {
        [
            ("By jurisdiction", &self.by_jurisdiction),
            ("By element", &self.by_element),
        ]
    }

    pub(super) fn of(delta: &scope::delta::Delta) -> Self {
        let lifted = delta.flags_lifted.clone().unwrap_or_default();
        let mut by_flag: BTreeMap<String, Change> = BTreeMap::new();
        for (flag, people) in &delta.flags_set {
            by_flag.entry(flag.clone()).or_default().added = *people;
        }
        for (flag, people) in lifted {
            by_flag.entry(flag).or_default().retracted = people;
        }
        Self {
            people_added: delta.people_added,
            elements_added: delta.elements_added,
            elements_retracted: delta.elements_retracted,
            people_retracted: delta.people_retracted,
            contact_changes: delta.contact_changes,
            identity_changes: delta.identity_changes,
            identity_changes_told: delta.identity_changes_told,
            another_people: delta.another_people,
            emails_lost: delta.emails_lost,
            addresses_lost: delta.addresses_lost,
            told_too_much: delta.told_too_much,
            told_retracted: 0,
            kept: delta.kept,
            by_jurisdiction: changes(&delta.by_jurisdiction),
            by_element: changes(&delta.by_element),
            by_flag: changes(&by_flag),
            replaced: delta.replaced - delta.refused_again,
            refused_again: delta.refused_again,
            added_files: i64::try_from(delta.added_files.len()).unwrap_or(i64::MAX),
            absent: delta.absent.join(", "),
        }
    }
}

fn changes(of: &BTreeMap<String, Change>) -> Vec<Changed> {
    of.iter()
        .map(|(value, change)| (value.clone(), change.added, change.retracted))
        .collect()
}
