//! Letters in the model: lists that are taken, posted, thrown away, and letters that come back.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::Model;
use super::person::{Channel, Codes};

/// A letter of a list that was taken.
#[derive(Debug, Clone)]
pub struct Letter {
    pub names: Codes,
    /// What its person knew before it was posted, and how often they had been told then.
    pub before: Option<(Option<Channel>, Codes, u32)>,
}

/// Where a list of letters stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Taken,
    Posted(DateTime<Utc>),
    Discarded,
}

#[derive(Debug, Clone)]
pub struct Batch {
    pub letters: BTreeMap<String, Letter>,
    pub stage: Stage,
}

impl Model {
    /// Who belongs on the next letter list, with what it must name: people on a list that waits stay out.
    pub fn letters(&self) -> BTreeMap<String, Codes> {
        let waits = |reference: &String| {
            let mut taken = self.batches.iter().filter(|b| b.stage == Stage::Taken);
            taken.any(|batch| batch.letters.contains_key(reference))
        };
        let need = self
            .people
            .iter()
            .filter(|(reference, person)| person.stands() == "needs_letter" && !waits(reference));
        need.map(|(reference, person)| (reference.clone(), person.exposed()))
            .collect()
    }

    pub fn take_letters(&mut self) {
        let letters = self.letters().into_iter().map(|(reference, names)| {
            let before = None;
            (reference, Letter { names, before })
        });
        let letters = letters.collect();
        self.batches.push(Batch {
            letters,
            stage: Stage::Taken,
        });
    }

    pub fn post(&mut self, batch: usize) {
        let batch = &mut self.batches[batch];
        batch.stage = Stage::Posted(self.now);
        for (reference, letter) in &mut batch.letters {
            let person = self
                .people
                .get_mut(reference)
                .expect("a letter has a person");
            letter.before = Some((person.told, person.knows.clone(), person.tellings));
            person.tell(Channel::Post, &letter.names);
        }
    }

    pub fn discard_letters(&mut self, batch: usize) {
        self.batches[batch].stage = Stage::Discarded;
    }

    /// The lists at this stage.
    pub fn batches_that(&self, are: impl Fn(Stage) -> bool) -> Vec<usize> {
        let each = self.batches.iter().enumerate();
        each.filter(|(_, batch)| are(batch.stage))
            .map(|(n, _)| n)
            .collect()
    }

    /// Letters that may come back: nothing else has told their people since.
    pub fn returnable(&self) -> Vec<(usize, String)> {
        let each = self.batches.iter().enumerate();
        let letters = each.flat_map(|(n, batch)| {
            let letters = batch.letters.iter();
            letters.map(move |(reference, letter)| (n, reference, letter))
        });
        letters
            .filter(|(_, reference, letter)| {
                let before = letter.before.as_ref();
                before
                    .is_some_and(|(.., tellings)| self.people[*reference].tellings == tellings + 1)
            })
            .map(|(n, reference, _)| (n, reference.clone()))
            .collect()
    }

    pub fn give_back(&mut self, batch: usize, reference: &str) {
        let letter = self.batches[batch]
            .letters
            .get_mut(reference)
            .expect("a letter");
        let person = self
            .people
            .get_mut(reference)
            .expect("a letter has a person");
        if let Some((told, knows, _)) = letter.before.take() {
            (person.told, person.knows) = (told, knows);
            person.tellings += 1;
        }
    }

    /// A person, or one who acts for them, was told by word of mouth.
    pub fn tell_otherwise(&mut self, reference: &str) {
        let person = self.people.get_mut(reference).expect("a person");
        let exposed = person.exposed();
        person.tell(Channel::Otherwise, &exposed);
    }

    /// When the last letter to this person was posted that did not come back.
    pub fn last_posted(&self, reference: &str) -> Option<DateTime<Utc>> {
        let posted = self.batches.iter().filter_map(|batch| {
            let letter = batch.letters.get(reference)?;
            match batch.stage {
                Stage::Posted(on) if letter.before.is_some() => Some(on),
                _ => None,
            }
        });
        posted.max()
    }

    /// The lists whose letter to this person has a code that opens their page: it waits to be posted, or was posted last
    /// of all and did not come back.
    pub fn open_letters(&self, reference: &str) -> impl Iterator<Item = usize> {
        let to_them = self.batches.iter().enumerate();
        let to_them = to_them.filter_map(|(n, batch)| {
            let letter = batch.letters.get(reference)?;
            Some((n, batch.stage, letter.before.is_none()))
        });
        let to_them: Vec<_> = to_them.collect();
        let posted = to_them.iter().filter_map(|(_, stage, _)| match stage {
            Stage::Posted(on) => Some(*on),
            Stage::Taken | Stage::Discarded => None,
        });
        let last = posted.max();
        let open = to_them
            .into_iter()
            .filter(move |(_, stage, came_back)| match stage {
                Stage::Taken => true,
                Stage::Posted(on) => !came_back && Some(*on) == last,
                Stage::Discarded => false,
            });
        open.map(|(n, ..)| n)
    }
}
