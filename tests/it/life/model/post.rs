//! Postal letters in the model: lists that are taken, posted or discarded, and letters that come back.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::Model;
use super::person::{Channel, Codes, Person};

/// The kind of people on a list of letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    /// People that no e-mail reaches.
    Letter,
    /// Those of them who were told of an element that is not theirs.
    Correction,
}

impl List {
    fn is_for(self, person: &Person) -> bool {
        let corrects = person.is_to_be_corrected() && !person.reachable();
        match self {
            Self::Letter => person.stands() == "needs_letter" && !corrects,
            Self::Correction => corrects,
        }
    }
}

/// A letter of a list.
#[derive(Debug, Clone)]
pub struct Letter {
    pub names: Codes,
    /// Its index in what its person was told, once it was posted and unless it came back.
    pub told: Option<usize>,
    /// It was recorded as posted, and never left.
    pub stayed: bool,
}

/// The state of a list of letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Taken,
    Posted(DateTime<Utc>),
    Discarded,
}

#[derive(Debug, Clone)]
pub struct Batch {
    pub list: List,
    pub letters: BTreeMap<String, Letter>,
    pub stage: Stage,
}

impl Model {
    /// The people who belong on the next list, with the elements that it must name. People on a waiting list are left
    /// out.
    pub fn letters(&self, list: List) -> BTreeMap<String, Codes> {
        let people = self.people.iter();
        let need = people.filter(|(reference, person)| {
            let has_address = person.listed.address.is_some();
            has_address && list.is_for(person) && !self.is_on_a_list(reference)
        });
        need.map(|(reference, person)| (reference.clone(), person.exposed()))
            .collect()
    }

    pub fn take_letters(&mut self, list: List) {
        let letters = self.letters(list).into_iter().map(|(reference, names)| {
            let letter = Letter {
                names,
                told: None,
                stayed: false,
            };
            (reference, letter)
        });
        let letters = letters.collect();
        self.batches.push(Batch {
            list,
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
            let replaces = batch.list == List::Correction;
            letter.told = Some(person.tell(Channel::Post, &letter.names, replaces, false));
        }
    }

    pub fn discard_letters(&mut self, batch: usize) {
        self.batches[batch].stage = Stage::Discarded;
    }

    /// The lists in this state.
    pub fn batches_that(&self, are: impl Fn(Stage) -> bool) -> Vec<usize> {
        let each = self.batches.iter().enumerate();
        each.filter(|(_, batch)| are(batch.stage))
            .map(|(n, _)| n)
            .collect()
    }

    /// Letters that may come back.
    pub fn returnable(&self) -> Vec<(usize, String)> {
        let each = self.batches.iter().enumerate();
        let letters = each.flat_map(|(n, batch)| {
            let letters = batch.letters.iter();
            letters.map(move |(reference, letter)| (n, reference, letter))
        });
        letters
            .filter(|(.., letter)| letter.told.is_some())
            .map(|(n, reference, _)| (n, reference.clone()))
            .collect()
    }

    /// The letter came back; or it had never left.
    pub fn give_back(&mut self, batch: usize, reference: &str, stayed: bool) {
        let letter = self.batches[batch]
            .letters
            .get_mut(reference)
            .expect("a letter");
        let person = self
            .people
            .get_mut(reference)
            .expect("a letter has a person");
        if let Some(at) = letter.told.take() {
            person.take_back(at);
            person.letters_back += usize::from(!stayed);
            letter.stayed = stayed;
        }
    }

    /// A person, or their representative, was told by word of mouth.
    pub fn tell_otherwise(&mut self, reference: &str) {
        let person = self.people.get_mut(reference).expect("a person");
        let (exposed, corrects) = (person.exposed(), !person.wrong().is_empty());
        let flags = &person.listed.flags;
        let kin = flags.contains("deceased") && !flags.contains("protected");
        person.tell(Channel::Otherwise, &exposed, corrects, kin);
    }

    /// When the last letter to this person was posted that did not come back.
    pub fn last_posted(&self, reference: &str) -> Option<DateTime<Utc>> {
        let posted = self.batches.iter().filter_map(|batch| {
            let letter = batch.letters.get(reference)?;
            match batch.stage {
                Stage::Posted(on) if letter.told.is_some() => Some(on),
                _ => None,
            }
        });
        posted.max()
    }

    /// The letters that left for this person: when, and whether each came back; the last one last.
    pub fn posted(&self, reference: &str) -> Vec<(DateTime<Utc>, bool)> {
        let posted = self.batches.iter().filter_map(|batch| {
            let letter = batch
                .letters
                .get(reference)
                .filter(|letter| !letter.stayed)?;
            match batch.stage {
                Stage::Posted(on) => Some((on, letter.told.is_none())),
                _ => None,
            }
        });
        let mut posted: Vec<_> = posted.collect();
        posted.sort();
        posted
    }

    /// Whether a list with a letter to this person waits to be posted.
    pub fn is_on_a_list(&self, reference: &str) -> bool {
        let mut taken = self.batches.iter().filter(|b| b.stage == Stage::Taken);
        taken.any(|batch| batch.letters.contains_key(reference))
    }

    /// The lists with a letter to this person whose code opens their page. The letter waits to be posted, or it was the
    /// last one to leave and did not come back.
    pub fn open_letters(&self, reference: &str) -> impl Iterator<Item = usize> {
        let to_them = self.batches.iter().enumerate();
        let to_them = to_them.filter_map(|(n, batch)| {
            let letter = batch
                .letters
                .get(reference)
                .filter(|letter| !letter.stayed)?;
            Some((n, batch.stage, letter.told.is_none()))
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
