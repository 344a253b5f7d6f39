//! Lists in the model: a draft, the rows that are added to it, what is asked before it takes effect, and what it does.

use std::collections::{BTreeMap, BTreeSet};

use super::Model;
use super::person::{Listed, Person};

/// Which columns a file has, of those that it may lack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Columns {
    pub email: bool,
    pub name: bool,
    pub flags: bool,
}

/// A row of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    Is(Listed),
    /// The person is not affected after all.
    Goes,
    /// The row is damaged, and refused.
    Bad(Listed),
}

/// A file as it is sent, by reference.
#[derive(Debug, Clone)]
pub struct File {
    pub columns: Columns,
    pub rows: BTreeMap<String, Row>,
}

/// A list that waits to be put in force.
#[derive(Debug, Clone)]
pub struct Draft {
    /// People whom it does not name are retracted.
    pub full: bool,
    /// What it says of each person; `None`: they are not affected.
    pub rows: BTreeMap<String, Option<Listed>>,
    /// References of the rows that were refused.
    pub rejects: BTreeSet<String>,
}

/// What a draft changes, counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    pub added: i64,
    pub retracted: i64,
    pub elements_added: i64,
    pub elements_retracted: i64,
    pub contact_changes: i64,
    pub unchanged: i64,
    pub identity_changes: i64,
    pub flags_set: BTreeMap<String, i64>,
    pub flags_lifted: BTreeMap<String, i64>,
}

/// Of a hundred rows so many may be refused without a question.
const PERCENT: usize = 5;

impl Draft {
    pub fn new(full: bool) -> Self {
        Self {
            full,
            rows: BTreeMap::new(),
            rejects: BTreeSet::new(),
        }
    }

    /// Takes a file in: its rows replace those with the same reference, also refused ones.
    pub fn take(&mut self, file: &File, people: &BTreeMap<String, Person>) {
        let before = self.rows.clone();
        for (reference, row) in &file.rows {
            self.rejects.remove(reference);
            let row = match row {
                Row::Bad(_) => {
                    self.rejects.insert(reference.clone());
                    continue;
                }
                Row::Goes => None,
                Row::Is(said) => {
                    let of_draft = before.get(reference).cloned().flatten();
                    let of_people = || people.get(reference).map(|person| person.listed.clone());
                    let known = of_draft.or_else(of_people).unwrap_or_default();
                    Some(complete(said, known, file.columns))
                }
            };
            self.rows.insert(reference.clone(), row);
        }
    }

    /// People who leave the scope.
    fn leaving<'a>(
        &'a self,
        people: &'a BTreeMap<String, Person>,
    ) -> impl Iterator<Item = &'a String> {
        let leaves = |(reference, person): &(&String, &Person)| {
            let unlisted = self.full && !self.rows.contains_key(*reference);
            let goes = self.rows.get(*reference) == Some(&None);
            person.in_scope && (unlisted || goes)
        };
        let leaving = people.iter().filter(leaves);
        leaving.map(|(reference, _)| reference)
    }

    /// Rows of people who are known, with what is known of each.
    fn known<'a>(
        &'a self,
        people: &'a BTreeMap<String, Person>,
    ) -> impl Iterator<Item = (&'a Person, &'a Listed)> {
        let rows = self.rows.iter();
        rows.filter_map(|(reference, row)| Some((people.get(reference)?, row.as_ref()?)))
    }

    pub fn changes(&self, people: &BTreeMap<String, Person>) -> Changes {
        let mut changes = Changes {
            retracted: self.leaving(people).count() as i64,
            ..Changes::default()
        };
        let is_new = |(reference, row): &(&String, &Option<Listed>)| {
            row.is_some() && !people.contains_key(*reference)
        };
        changes.added = self.rows.iter().filter(is_new).count() as i64;
        for (person, now) in self.known(people) {
            let before = &person.listed;
            for flag in now.flags.difference(&before.flags) {
                *changes.flags_set.entry((*flag).to_owned()).or_default() += 1;
            }
            for flag in before.flags.difference(&now.flags) {
                *changes.flags_lifted.entry((*flag).to_owned()).or_default() += 1;
            }
            changes.identity_changes += i64::from(now.is_another_than(before));
            if !person.in_scope {
                changes.added += 1;
                continue;
            }
            let contact =
                (&now.email, &now.name, &now.flags) != (&before.email, &before.name, &before.flags);
            let (is, was) = (&now.elements, &before.elements);
            changes.elements_added += i64::from(!is.is_subset(was));
            changes.elements_retracted += i64::from(!was.is_subset(is));
            changes.contact_changes += i64::from(contact);
            changes.unchanged += i64::from(is == was && !contact);
        }
        changes
    }

    /// What is asked before it takes effect, each with its number, in the order in which it is asked.
    pub fn questions(&self, people: &BTreeMap<String, Person>) -> Vec<(String, i64)> {
        let (accepted, rejected) = (self.rows.len(), self.rejects.len());
        let mut asked = Vec::new();
        let mut ask = |what: String, number: i64, applies: bool| {
            if applies && number > 0 {
                asked.push((what, number));
            }
        };
        let many = rejected * 100 > (accepted + rejected) * PERCENT;
        ask("rejected".to_owned(), rejected as i64, many);
        let changes = self.changes(people);
        for (flag, number) in changes.flags_lifted {
            ask(format!("lifted {flag}"), number, true);
        }
        ask("retracted".to_owned(), changes.retracted, self.full);
        let told = self
            .known(people)
            .filter(|(person, now)| person.told.is_some() && now.is_another_than(&person.listed));
        ask("identity".to_owned(), told.count() as i64, true);
        asked
    }
}

/// What a row says, where its file has no such column: what was known before.
fn complete(said: &Listed, known: Listed, columns: Columns) -> Listed {
    Listed {
        email: match columns.email {
            true => said.email.clone(),
            false => known.email,
        },
        name: match columns.name {
            true => said.name.clone(),
            false => known.name,
        },
        elements: said.elements.clone(),
        flags: match columns.flags {
            true => said.flags.clone(),
            false => known.flags,
        },
    }
}

impl Model {
    /// Puts the draft in force as this version.
    pub fn activate(&mut self, version: i32) {
        let now = self.now;
        let Some(draft) = self.draft.take() else {
            return;
        };
        let leaving: Vec<_> = draft.leaving(&self.people).cloned().collect();
        for reference in leaving {
            if let Some(person) = self.people.get_mut(&reference) {
                (person.in_scope, person.since) = (false, (version, now));
            }
        }
        for (reference, row) in draft.rows {
            let Some(row) = row else { continue };
            match self.people.get_mut(&reference) {
                None => {
                    let person = Person::new(row, (version, now));
                    self.people.insert(reference, person);
                }
                Some(person) => {
                    // Links that went to the former address end.
                    person.epoch += i16::from(row.is_another_than(&person.listed));
                    if !person.in_scope || row != person.listed {
                        person.since = (version, now);
                    }
                    person.in_scope = true;
                    person.listed = row;
                }
            }
        }
    }
}
