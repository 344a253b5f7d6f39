//! The people of a recall are exactly those with the words in their mailbox: the test compares them with what a
//! relay took.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use candor::campaign::UncertainPolicy;
use candor::db::Conn;
use candor::mail::read::read;
use candor::mail::{Letter, Reply};
use candor::recall::readers::{Reader, count, page};
use candor::recall::{Recall, store};
use candor::scope::ScopeMode;

use super::{HEAD, launched, proposed, row, template, words};
use crate::house::House;
use crate::people::Scene;

const LANGUAGES: [&str; 6] = ["en", "es", "es-MX", "fr", "de", "pt-BR"];
const PLACES: [&str; 3] = ["US-WA", "US-CA", "US-NY"];

/// Dice that fall the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % n
    }

    fn one_of<'t>(&mut self, all: &[&'t str]) -> &'t str {
        all[self.below(all.len())]
    }
}

/// The mailboxes of people, by id.
async fn mailboxes(house: &House, scene: &Scene, n: usize) -> BTreeMap<uuid::Uuid, String> {
    let mut all = BTreeMap::new();
    for i in 0..n {
        let (id, _) = scene.status_page(house, &format!("R-{i}")).await;
        all.insert(id.uuid(), format!("r-{i}@home.example"));
    }
    all
}

/// A list of this number of people, each with some language and place.
fn first_list(dice: &mut Dice, n: usize) -> String {
    let mut list = HEAD.to_owned();
    for i in 0..n {
        list += &row(
            &format!("R-{i}"),
            dice.one_of(&LANGUAGES),
            dice.one_of(&PLACES),
        );
    }
    list
}

/// A later list with other languages for some people of the first.
fn later_list(dice: &mut Dice, first: &str, n: usize) -> String {
    let mut later = HEAD.to_owned();
    for i in 0..n {
        if dice.below(4) == 0 {
            let place = first.lines().nth(i + 1).unwrap().split(',').nth(4).unwrap();
            later += &row(&format!("R-{i}"), dice.one_of(&LANGUAGES), place);
        }
    }
    later
}

/// English words and perhaps others, each right or wrong.
fn some_texts(dice: &mut Dice) -> Vec<(&'static str, &'static str)> {
    let days = ["On 5 May.", "On 5 June."];
    let mut texts = vec![("en", dice.one_of(&days))];
    for language in ["es", "fr"] {
        if dice.below(3) > 0 {
            texts.push((language, dice.one_of(&days)));
        }
    }
    texts
}

/// From now on the reply of every fifth letter or so is lost: it may have arrived. These letters.
fn lose_replies(house: &House, seed: u64) -> Arc<Mutex<Vec<Letter>>> {
    let mut lost = Dice(seed + 10);
    let doubtful = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&doubtful);
    house.mail.answer_by(move |letter| {
        (lost.below(5) == 0).then(|| {
            kept.lock().unwrap().push(letter.clone());
            Reply::Unknown {
                why: "the connection was lost".to_owned(),
            }
        })
    });
    doubtful
}

/// The mailboxes of letters with the wrong words.
fn with_words(letters: &[Letter]) -> BTreeSet<String> {
    let wrong = letters
        .iter()
        .filter(|one| read(&one.raw).text.contains("On 5 May."));
    wrong
        .map(|one| one.recipient.as_str().to_lowercase())
        .collect()
}

/// The people of a recall, read page by page, seven at a time.
async fn readers(conn: &mut Conn, recall: &Recall) -> Vec<Reader> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let next = page(conn, recall, after, 7).await.unwrap();
        let Some(last) = next.last() else { break };
        after = Some(last.person);
        found.extend(next);
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn the_people_of_a_recall_are_those_whose_mail_had_the_words() {
    for seed in [1, 2, 3] {
        let mut dice = Dice(seed);
        let house = House::new().await;
        let scene = Scene::new(&house).await;
        let n = 40;
        let list = first_list(&mut dice, n);
        scene.import(&house, &list).await;
        let doubtful = lose_replies(&house, seed);
        for (c, place) in PLACES.iter().enumerate() {
            let texts = some_texts(&mut dice);
            let name = format!("Text {c}");
            let made = template(&house, &scene, &name, &texts).await;
            launched(&house, &scene, made, place, UncertainPolicy::Leave).await;
            house.send_all().await;
            // A list changes the language of some of them.
            house.app.clock.advance(chrono::TimeDelta::hours(1));
            let later = later_list(&mut dice, &list, n);
            scene.take(&house, ScopeMode::Delta, &later).await;
            house.app.clock.advance(chrono::TimeDelta::hours(1));
        }
        let taken = with_words(&house.mail.sent());
        let perhaps = with_words(&doubtful.lock().unwrap());
        let Ok(id) = proposed(&house, &scene, words("on 5 may.")).await else {
            assert!(taken.is_empty() && perhaps.is_empty(), "seed {seed}");
            continue;
        };
        let mut conn = house.app.db.get().await.unwrap();
        let recall = store::find(&mut conn, id).await.unwrap();
        let boxes = mailboxes(&house, &scene, n).await;
        let found = readers(&mut conn, &recall).await;
        let set = |certain| -> BTreeSet<String> {
            let some = found.iter().filter(|one| one.certain == certain);
            some.map(|one| boxes[&one.person.uuid()].clone()).collect()
        };
        assert_eq!(set(true), taken, "seed {seed}");
        assert_eq!(set(false), perhaps, "seed {seed}");
        let counted = count(&mut conn, &recall).await.unwrap();
        let sizes = (taken.len(), perhaps.len());
        let counted = (
            usize::try_from(counted.sent).unwrap(),
            usize::try_from(counted.perhaps).unwrap(),
        );
        assert_eq!(counted, sizes, "seed {seed}");
        assert!(sizes.0 > 0, "seed {seed}: nothing is compared");
    }
}
