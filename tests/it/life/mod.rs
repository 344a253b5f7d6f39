//! Random histories of an incident on the real system, beside a model in plain memory: after each act the account,
//! everybody's standing, the audiences, the letter list and what relays accepted agree with it (P1, P2).
//!
//! CANDOR_HISTORIES says how many histories run (2,000 take about an hour); a history that failed is kept in `KEPT`.

mod model;
mod world;

use std::collections::BTreeMap;

use self::model::{Campaign, Codes, Kind, Listed, Model, Running};
use self::world::World;
use crate::scope::random::Dice;

/// Acts of one history.
const ACTS: u32 = 60;
/// Histories that once failed.
const KEPT: [u64; 0] = [];

/// What may be exposed.
const ELEMENTS: [&str; 4] = ["name", "phone", "ssn", "imei"];
/// People whom a list may name.
const PEOPLE: u64 = 9;

struct History {
    world: World,
    model: Model,
    dice: Dice,
    seed: u64,
    log: Vec<String>,
}

impl History {
    async fn act(&mut self) {
        match self.dice.below(16) {
            0..=4 => self.list().await,
            5..=7 => self.launch(false).await,
            8 => self.launch(true).await,
            9 => self.steer(Running::Paused, Running::Sending).await,
            10 => self.steer(Running::Sending, Running::Paused).await,
            11 => self.cancel().await,
            12 => {
                self.log("two hours pass");
                self.world.advance();
                self.model.pass_time();
                self.model.send();
            }
            13 => self.take_letters().await,
            14 => self.post().await,
            _ => self.return_or_tell().await,
        }
    }

    fn log(&mut self, what: impl Into<String>) {
        self.log.push(what.into());
    }

    fn pick<T: Clone>(&mut self, among: &[T]) -> Option<T> {
        let n = self.dice.below(among.len().max(1) as u64) as usize;
        among.get(n).cloned()
    }

    fn row(&mut self, n: u64) -> Listed {
        let kinds = ["ok", "ok", "ok", "gone", "busy", "lost"];
        let kind = kinds[self.dice.below(6) as usize];
        let version = self.dice.below(2);
        let email = (self.dice.below(6) > 0).then(|| format!("p{n}-{kind}-{version}@example.org"));
        let mut elements: Codes = ELEMENTS
            .into_iter()
            .filter(|_| self.dice.below(2) == 0)
            .collect();
        elements.insert(ELEMENTS[self.dice.below(4) as usize]);
        let flags = ["hold", "protected", "deceased", "vulnerable"];
        let flags = flags.into_iter().filter(|_| self.dice.below(12) == 0);
        Listed {
            email,
            elements,
            flags: flags.collect(),
        }
    }

    async fn list(&mut self) {
        let (full, flags) = (self.dice.below(4) == 0, self.dice.below(4) > 0);
        let mut list = BTreeMap::new();
        for n in 0..PEOPLE {
            if self.dice.below(2) == 0 {
                let reference = format!("r{n}");
                // Who is taken out is somebody in scope: the program refuses other rows.
                let listed = self
                    .model
                    .people
                    .get(&reference)
                    .is_some_and(|p| p.in_scope);
                let goes = flags && listed && self.dice.below(5) == 0;
                let row = self.row(n);
                list.insert(reference, (!goes).then_some(row));
            }
        }
        if list.values().all(Option::is_none) {
            return;
        }
        // The first list is complete.
        let full = full || self.model.people.is_empty();
        self.log(format!("list, full {full}, flags {flags}: {list:?}"));
        self.world.list(&list, full, flags).await;
        self.model.activate(&list, full, flags);
        self.model.send();
    }

    async fn launch(&mut self, held: bool) {
        let kind = Kind::ALL[self.dice.below(4) as usize];
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

    fn campaigns(&self, which: impl Fn(&Campaign) -> bool) -> Vec<usize> {
        let each = self.model.campaigns.iter().enumerate();
        each.filter(|(_, campaign)| which(campaign))
            .map(|(n, _)| n)
            .collect()
    }

    async fn steer(&mut self, from: Running, to: Running) {
        let some = self.campaigns(|campaign| campaign.running == from);
        let Some(campaign) = self.pick(&some) else {
            return;
        };
        self.log(format!("campaign {campaign} from {from:?} to {to:?}"));
        self.world.steer(campaign, to).await;
        self.model.campaigns[campaign].running = to;
        self.model.send();
    }

    async fn cancel(&mut self) {
        let some = self.campaigns(|campaign| campaign.running != Running::Over);
        let Some(campaign) = self.pick(&some) else {
            return;
        };
        self.log(format!("cancel campaign {campaign}"));
        self.world.cancel(campaign).await;
        self.model.cancel(campaign);
    }

    async fn take_letters(&mut self) {
        let expected = self.model.letters();
        self.log(format!("take the letter list: {expected:?}"));
        let taken = self.world.take_letters().await;
        assert_eq!(taken, expected, "{}", self.story());
        if !expected.is_empty() {
            self.model.take_letters();
        }
    }

    async fn post(&mut self) {
        let each = self.model.batches.iter().enumerate();
        let waiting: Vec<_> = each.filter(|(_, b)| !b.posted).map(|(n, _)| n).collect();
        let Some(batch) = self.pick(&waiting) else {
            return;
        };
        self.log(format!("post batch {batch}"));
        self.world.post(batch).await;
        self.model.post(batch);
        self.model.send();
    }

    async fn return_or_tell(&mut self) {
        let letters = self.model.returnable();
        if let Some((batch, reference)) = self.pick(&letters) {
            self.log(format!(
                "the letter to {reference} of batch {batch} comes back"
            ));
            self.world.give_back(batch, &reference).await;
            self.model.give_back(batch, &reference);
            return;
        }
        let people = self.model.people.iter();
        let withheld = people.filter(|(_, p)| {
            p.in_scope && !p.listed.flags.contains("hold") && p.stands() == "withheld"
        });
        let withheld: Vec<_> = withheld.map(|(reference, _)| reference.clone()).collect();
        if let Some(reference) = self.pick(&withheld) {
            self.log(format!("{reference} is told by word of mouth"));
            self.world.tell_otherwise(&reference).await;
            self.model.tell_otherwise(&reference);
        }
    }

    fn story(&self) -> String {
        format!("seed {}\n{}", self.seed, self.log.join("\n"))
    }

    async fn agrees(&mut self, act: u32) {
        self.world.until_idle().await;
        let mut expected = std::mem::take(&mut self.model.sent);
        expected.sort();
        assert_eq!(self.world.take_sent(), expected, "{}", self.story());
        let stand = self.model.people.iter();
        let stand: BTreeMap<_, _> = stand.map(|(r, p)| (r.clone(), p.stands())).collect();
        assert_eq!(self.world.standings().await, stand, "{}", self.story());
        assert_eq!(
            self.world.account().await,
            self.model.account(),
            "{}",
            self.story()
        );
        for kind in Kind::ALL {
            let mailable = self.model.mailable(kind).len() as i64;
            let counted = self.world.count_audience(kind).await;
            assert_eq!(counted, mailable, "{kind:?} {}", self.story());
        }
        if act.is_multiple_of(10) {
            self.world.recount().await;
        }
    }
}

async fn live(world: World, seed: u64) -> World {
    let mut history = History {
        world,
        model: Model::default(),
        dice: Dice::new(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1),
        seed,
        log: Vec::new(),
    };
    for act in 0..ACTS {
        history.act().await;
        history.agrees(act).await;
    }
    history.world.end().await;
    history.world
}

#[tokio::test(flavor = "multi_thread")]
async fn p1_p2_random_histories_agree_with_a_model_after_each_act() {
    let count = std::env::var("CANDOR_HISTORIES")
        .ok()
        .and_then(|n| n.parse().ok());
    let count: u64 = count.unwrap_or(10);
    let from = std::env::var("CANDOR_HISTORIES_FROM")
        .ok()
        .and_then(|n| n.parse().ok());
    let from: u64 = from.unwrap_or(0);
    let halves = [0, 1].map(|half| async move {
        let mut world = World::new().await;
        for seed in KEPT
            .into_iter()
            .chain(from..from + count)
            .filter(|seed| seed % 2 == half)
        {
            world = live(world.again(seed).await, seed).await;
        }
    });
    futures_util::future::join_all(halves.map(tokio::spawn))
        .await
        .into_iter()
        .for_each(|done| done.unwrap());
}
