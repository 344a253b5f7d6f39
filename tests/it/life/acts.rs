//! Acts of a history, each on the real system and in the model.

use super::History;
use super::model::post::{List, Stage};
use super::model::{Campaign, Kind, Running, reference_of};

impl History {
    pub async fn launch(&mut self, held: bool) {
        let kind = Kind::ALL[self.dice.below(4) as usize];
        self.start(kind, held).await;
    }

    pub async fn start(&mut self, kind: Kind, held: bool) {
        let running = match held {
            true => Running::Paused,
            false => Running::Sending,
        };
        let mailable = self.model.mailable(kind);
        self.log(format!("launch {kind:?} {running:?} to {mailable:?}"));
        if self.model.people.is_empty() {
            return;
        }
        let launched = self.world.launch(kind, held).await;
        assert_eq!(launched, !mailable.is_empty(), "{}", self.story());
        if launched {
            self.model.launch(kind, running);
            self.model.send();
        }
    }

    pub fn campaigns(&self, which: impl Fn(&Campaign) -> bool) -> Vec<usize> {
        let each = self.model.campaigns.iter().enumerate();
        each.filter(|(_, campaign)| which(campaign))
            .map(|(n, _)| n)
            .collect()
    }

    pub async fn steer(&mut self, from: Running, to: Running) {
        let some = self.campaigns(|campaign| campaign.running == from);
        let Some(campaign) = self.pick(&some) else {
            return;
        };
        self.log(format!("campaign {campaign} from {from:?} to {to:?}"));
        self.world.steer(campaign, to).await;
        self.model.campaigns[campaign].running = to;
        self.model.send();
    }

    pub async fn cancel(&mut self) {
        let some = self.campaigns(|campaign| campaign.running != Running::Over);
        let Some(campaign) = self.pick(&some) else {
            return;
        };
        self.log(format!("cancel campaign {campaign}"));
        self.world.cancel(campaign).await;
        self.model.cancel(campaign);
    }

    pub async fn take_letters(&mut self) {
        let list = match self.dice.below(3) {
            0 => List::Correction,
            _ => List::Letter,
        };
        self.take_list(list).await;
    }

    pub async fn take_list(&mut self, list: List) {
        let expected = self.model.letters(list);
        self.log(format!("take the list {list:?}: {expected:?}"));
        let taken = self.world.take_letters(list).await;
        assert_eq!(taken, expected, "{}", self.story());
        if !expected.is_empty() {
            self.model.take_letters(list);
        }
    }

    pub async fn post(&mut self) {
        let waiting = self.model.batches_that(|stage| stage == Stage::Taken);
        let Some(batch) = self.pick(&waiting) else {
            return;
        };
        if self.dice.below(5) == 0 {
            self.log(format!("throw batch {batch} away"));
            self.world.discard_letters(batch).await;
            self.model.discard_letters(batch);
            return;
        }
        self.post_list(batch).await;
    }

    pub async fn post_list(&mut self, batch: usize) {
        self.log(format!("post batch {batch}"));
        self.world.post(batch).await;
        self.model.post(batch);
        self.model.send();
    }

    /// A person types the code of a postal letter, perhaps of one that is no longer valid.
    pub async fn open_by_letter(&mut self) {
        let each = self.model.batches.iter().enumerate();
        let letters = each.flat_map(|(n, batch)| {
            let letters = batch.letters.keys();
            letters.map(move |reference| (n, reference.clone()))
        });
        let letters: Vec<_> = letters.collect();
        let Some((batch, reference)) = self.pick(&letters) else {
            return;
        };
        let person = &self.model.people[&reference];
        let (epoch, may) = (person.epoch, person.may_be_written_to());
        let opens = may
            && self
                .model
                .open_letters(&reference)
                .any(|open| open == batch);
        self.log(format!(
            "{reference} types the code of batch {batch}: opens {opens}"
        ));
        let opened = self.world.open_by_letter(batch, &reference, epoch);
        assert_eq!(opened, opens, "{}", self.story());
        if opens {
            self.model.open_details(&reference);
        }
    }

    pub async fn return_or_tell(&mut self) {
        let letters = self.model.returnable();
        let comes_back = self.dice.below(2) == 0;
        if comes_back && let Some((batch, reference)) = self.pick(&letters) {
            let stayed = self.dice.below(2) == 0;
            self.log(format!(
                "the letter to {reference} of batch {batch} comes back, never left: {stayed}"
            ));
            self.world.give_back(batch, &reference, stayed).await;
            self.model.give_back(batch, &reference, stayed);
            return;
        }
        let people = self.model.people.iter();
        let owed = people.filter(|(reference, p)| {
            let is_owed = p.stands() == "withheld" || !p.wrong().is_empty();
            is_owed && !p.listed.flags.contains("hold") && reference_of(reference) == *reference
        });
        let owed: Vec<_> = owed.map(|(reference, _)| reference.clone()).collect();
        if let Some(reference) = self.pick(&owed) {
            self.log(format!("{reference} is told by word of mouth"));
            self.world.tell_otherwise(&reference).await;
            self.model.tell_otherwise(&reference);
        }
    }
}
