//! Lists in the model: a draft, the rows that are added to it, the questions before it takes effect, and its effect.

use std::collections::{BTreeMap, BTreeSet};

use super::Model;
use super::person::{Listed, Person};

/// The optional columns that a file has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Columns {
    pub email: bool,
    pub name: bool,
    pub address: bool,
    pub flags: bool,
}

/// A row of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    Is(Listed),
    /// The person is not affected after all.
    Goes,
    /// The row is damaged, and is refused.
    Bad(Listed),
}

/// A file as it is sent, by reference.
#[derive(Debug, Clone)]
pub struct File {
    pub columns: Columns,
    pub rows: BTreeMap<String, Row>,
}

/// A draft.
#[derive(Debug, Clone)]
pub struct Draft {
    /// People that the list does not name are retracted.
    pub full: bool,
    /// What the list says of each person; `None`: they are not affected.
    pub rows: BTreeMap<String, Option<Listed>>,
    /// What its files themselves say of people: nothing where they lack the column.
    own: BTreeMap<String, Listed>,
    /// Accepted rows that rows of added files replaced with another content.
    replaced: i64,
    /// References of the refused rows.
    pub rejects: BTreeSet<String>,
}

/// The numbers of changes that a draft makes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    pub added: i64,
    pub retracted: i64,
    pub elements_added: i64,
    pub elements_retracted: i64,
    pub contact_changes: i64,
    pub unchanged: i64,
    pub identity_changes: i64,
    pub emails_lost: i64,
    pub addresses_lost: i64,
    pub kept: i64,
    pub replaced: i64,
    pub flags_set: BTreeMap<String, i64>,
    pub flags_lifted: BTreeMap<String, i64>,
}

/// This share of the rows, in percent, may be refused without a question.
const PERCENT: usize = 5;

impl Draft {
    pub fn new(full: bool) -> Self {
        Self {
            full,
            rows: BTreeMap::new(),
            own: BTreeMap::new(),
            replaced: 0,
            rejects: BTreeSet::new(),
        }
    }

    /// Adds a file: its rows replace those with the same reference, also refused ones.
    pub fn take(&mut self, file: &File, people: &BTreeMap<String, Person>) {
        let before = self.rows.clone();
        for (reference, row) in &file.rows {
            self.rejects.remove(reference);
            let mut own = Listed::default();
            let row = match row {
                Row::Bad(_) => {
                    self.rejects.insert(reference.clone());
                    continue;
                }
                Row::Goes => None,
                Row::Is(said) => {
                    // A row of the draft that means another person says nothing of this one.
                    let of_draft = before.get(reference).cloned().flatten().filter(|known| {
                        let completed = complete(said, known.clone(), file.columns);
                        !completed.is_another_than(known)
                    });
                    let of_people = || people.get(reference).map(|person| person.listed.clone());
                    let before = of_draft.as_ref().map(|_| self.own[reference].clone());
                    own = complete(said, before.unwrap_or_default(), file.columns);
                    let known = of_draft.or_else(of_people).unwrap_or_default();
                    Some(complete(said, known, file.columns))
                }
            };
            let is_same = |(was, own_before): (&Option<Listed>, &Listed)| {
                let elements = |row: &Option<Listed>| row.as_ref().map(|row| row.elements.clone());
                let has_contact = match (was, &row) {
                    (Some(was), Some(row)) => row.has_contact_of(was),
                    (was, row) => was.is_none() == row.is_none(),
                };
                has_contact && own_before.flags == own.flags && elements(was) == elements(&row)
            };
            let was = before.get(reference).zip(self.own.get(reference));
            self.replaced += i64::from(was.is_some_and(|was| !is_same(was)));
            self.own.insert(reference.clone(), own);
            self.rows.insert(reference.clone(), row);
        }
    }

    /// People with refused rows only in a full list: they stay as they were.
    fn kept<'a>(
        &'a self,
        people: &'a BTreeMap<String, Person>,
    ) -> impl Iterator<Item = &'a String> {
        let refused = self.rejects.iter().filter(|_| self.full);
        refused.filter(|reference| {
            let in_scope = people.get(*reference).is_some_and(|person| person.in_scope);
            in_scope && !self.rows.contains_key(*reference)
        })
    }

    /// People who leave the scope.
    fn leaving<'a>(
        &'a self,
        people: &'a BTreeMap<String, Person>,
    ) -> impl Iterator<Item = &'a String> {
        let leaves = |(reference, person): &(&String, &Person)| {
            let is_named = self.rows.contains_key(*reference) || self.rejects.contains(*reference);
            let unlisted = self.full && !is_named;
            let goes = self.rows.get(*reference) == Some(&None);
            person.in_scope && (unlisted || goes)
        };
        let leaving = people.iter().filter(leaves);
        leaving.map(|(reference, _)| reference)
    }

    /// Rows of known people, with what is known of each.
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
            kept: self.kept(people).count() as i64,
            replaced: self.replaced,
            ..Changes::default()
        };
        let is_new = |(reference, row): &(&String, &Option<Listed>)| {
            row.is_some() && !people.contains_key(*reference)
        };
        for (_, row) in self.rows.iter().filter(is_new) {
            changes.added += 1;
            for flag in row.iter().flat_map(|row| &row.flags) {
                *changes.flags_set.entry((*flag).to_owned()).or_default() += 1;
            }
        }
        for (person, now) in self.known(people) {
            let before = &person.listed;
            for flag in now.flags.difference(&before.flags) {
                *changes.flags_set.entry((*flag).to_owned()).or_default() += 1;
            }
            for flag in before.flags.difference(&now.flags) {
                *changes.flags_lifted.entry((*flag).to_owned()).or_default() += 1;
            }
            changes.identity_changes += i64::from(person.seems_another(now));
            changes.emails_lost += i64::from(person.loses_email(now));
            changes.addresses_lost += i64::from(person.loses_address(now));
            if !person.in_scope {
                changes.added += 1;
                continue;
            }
            let contact = !now.has_contact_of(before) || now.flags != before.flags;
            let (is, was) = (&now.elements, &before.elements);
            changes.elements_added += i64::from(!is.is_subset(was));
            changes.elements_retracted += i64::from(!was.is_subset(is));
            changes.contact_changes += i64::from(contact);
            changes.unchanged += i64::from(is == was && !contact);
        }
        changes
    }

    /// The questions before it takes effect, each with its number, in the program's order.
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
        ask("replaced".to_owned(), changes.replaced, true);
        ask("emails".to_owned(), changes.emails_lost, true);
        ask("addresses".to_owned(), changes.addresses_lost, true);
        let known = || self.known(people);
        let too_much = known().filter(|(person, now)| person.told_more_than(now));
        ask("too much".to_owned(), too_much.count() as i64, true);
        let others = known().filter(|(person, now)| person.seems_another(now));
        let told = others.filter(|(person, _)| person.told.is_some()).count();
        let identity = format!("identity, told {told}");
        ask(identity, changes.identity_changes, true);
        asked
    }
}

/// The row's values; where its file lacks the column, what was known before.
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
        address: match columns.address {
            true => said.address,
            false => known.address,
        },
        elements: said.elements.clone(),
        flags: match columns.flags {
            true => said.flags.clone(),
            false => known.flags,
        },
    }
}

impl Model {
    /// Whether every person who would lose their reference to another person has a postal address. A person without one
    /// who must be corrected can be told only by word of mouth, which is recorded by reference.
    pub fn formers_have_addresses(&self) -> bool {
        let Some(draft) = &self.draft else {
            return true;
        };
        let mut others = draft
            .known(&self.people)
            .filter(|(person, now)| person.seems_another(now));
        others.all(|(person, _)| person.listed.address.is_some())
    }

    /// Puts the draft in force as this version. `others`: where a row seems to mean another person, it does. Returns
    /// the people who lost their reference to another person: the reference, and the model's new name for them.
    pub fn activate(&mut self, version: i32, others: bool) -> Vec<(String, String)> {
        let now = self.now;
        let Some(mut draft) = self.draft.take() else {
            return Vec::new();
        };
        let mut former = Vec::new();
        if others {
            let each = draft.rows.iter_mut();
            for (reference, row) in each.filter_map(|(name, row)| Some((name, row.as_mut()?))) {
                let known = self.people.get(reference);
                if known.is_some_and(|person| person.seems_another(row)) {
                    former.push((reference.clone(), format!("{reference}~{version}")));
                    // Nothing that was known of the former person is true of the new one.
                    *row = draft.own[reference].clone();
                }
            }
        }
        for (reference, name) in &former {
            self.set_aside(reference, name, version);
        }
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
                Some(person) => person.becomes(row, version, now),
            }
        }
        former
    }

    /// A reference becomes another person's: the former person keeps all that was said to them, and leaves the scope.
    fn set_aside(&mut self, reference: &str, name: &str, version: i32) {
        if let Some(mut person) = self.people.remove(reference) {
            if person.in_scope {
                (person.in_scope, person.since) = (false, (version, self.now));
            }
            self.people.insert(name.to_owned(), person);
        }
        for campaign in &mut self.campaigns {
            if let Some(notice) = campaign.notices.remove(reference) {
                campaign.notices.insert(name.to_owned(), notice);
            }
        }
        for batch in &mut self.batches {
            if let Some(letter) = batch.letters.remove(reference) {
                batch.letters.insert(name.to_owned(), letter);
            }
        }
    }
}
