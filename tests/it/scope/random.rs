//! Random sequences of lists and notices, compared with a model in memory: the delta, every person and the account must
//! agree with it after each step (P1, P2).

mod runs;

use std::collections::BTreeMap;

use candor::account::AccountKind;
use candor::account::by::by;
use candor::account::{Account, recount};
use candor::element::{Element, ElementSet};
use candor::person::flags::Flags;
use candor::person::{Became, Facts, PersonStanding, Settled, ToldBy, standing};
use candor::scope::ScopeMode;
use candor::scope::delta::{Class, Delta};

use super::{Desk, set};

const JURISDICTIONS: [&str; 3] = ["", "DE", "US-CA"];
const LOCALES: [&str; 2] = ["de", "en"];

/// The one of these words that equals this text.
fn one_of(words: &[&'static str], word: &str) -> &'static str {
    let found = words.iter().find(|known| **known == word);
    found.unwrap_or_else(|| panic!("no list says {word}"))
}

/// xorshift64: the same run for the same seed.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }

    fn elements(&mut self) -> ElementSet {
        let all = [Element::Name, Element::Ssn, Element::Phone, Element::Imei];
        let mut set = ElementSet::of(&[all[self.below(4) as usize]]);
        for element in all {
            if self.below(2) == 0 {
                set.insert(element);
            }
        }
        set
    }
}

#[derive(Clone, PartialEq, Debug)]
pub(super) struct Listed {
    email: Option<String>,
    exposed: ElementSet,
    jurisdiction: &'static str,
    locale: &'static str,
    flags: Flags,
}

impl Listed {
    /// All cells but the elements.
    fn besides(&self) -> (&Option<String>, &str, &str, Flags) {
        (&self.email, self.jurisdiction, self.locale, self.flags)
    }

    fn retracts(&self) -> bool {
        self.flags.contains(Flags::RETRACT)
    }
}

#[derive(Clone, PartialEq, Debug)]
struct Known {
    listed: Listed,
    named: ElementSet,
    told: bool,
    /// The address that refused.
    refused: Option<String>,
    standing: PersonStanding,
}

impl Known {
    fn stand(&mut self, in_scope: bool) {
        let email = &self.listed.email;
        self.standing = standing(Facts {
            in_scope,
            told: self.told.then_some(ToldBy::Email),
            owes: !self.listed.exposed.minus(self.named).is_empty(),
            flags: self.listed.flags,
            reachable: email.is_some() && *email != self.refused,
        });
    }
}

pub(super) fn roll_list(dice: &mut Dice) -> BTreeMap<String, Listed> {
    let mut list = BTreeMap::new();
    for n in 0..24 {
        if dice.below(3) == 0 {
            continue;
        }
        let email = (dice.below(5) > 0).then(|| format!("p{n}-{}@example.org", dice.below(2)));
        let flags = match dice.below(8) {
            0 => Flags::HOLD,
            1 => Flags::DECEASED | Flags::PROTECTED,
            2 => Flags::MINOR,
            3 => Flags::RETRACT,
            _ => Flags::NONE,
        };
        let exposed = dice.elements();
        list.insert(
            format!("r{n}"),
            Listed {
                email,
                exposed,
                jurisdiction: JURISDICTIONS[dice.below(3) as usize],
                locale: LOCALES[dice.below(2) as usize],
                flags,
            },
        );
    }
    list
}

pub(super) fn written(list: &BTreeMap<String, Listed>) -> String {
    written_without(list, &[])
}

/// The list without some of its columns.
fn written_without(list: &BTreeMap<String, Listed>, absent: &[&str]) -> String {
    let columns = [
        "reference",
        "email",
        "elements",
        "flags",
        "jurisdiction",
        "locale",
    ];
    let is_there = |column: &&str| !absent.contains(column);
    let there: Vec<_> = columns.into_iter().filter(is_there).collect();
    let mut text = there.join(",") + "\n";
    for (reference, row) in list {
        let cell = |column: &&str| match *column {
            "reference" => reference.clone(),
            "email" => row.email.clone().unwrap_or_default(),
            "elements" => row.exposed.to_string(),
            "flags" => row.flags.to_string(),
            "jurisdiction" => row.jurisdiction.to_owned(),
            _ => row.locale.to_owned(),
        };
        text += &(there.iter().map(cell).collect::<Vec<_>>().join(",") + "\n");
    }
    text
}

/// The columns that a list lacks: of two lists one has all.
fn roll_absent(dice: &mut Dice) -> Vec<&'static str> {
    if dice.below(2) == 0 {
        return Vec::new();
    }
    let mut absent = vec!["email", "flags", "jurisdiction", "locale"];
    absent.retain(|_| dice.below(3) == 0);
    absent
}

/// A row's values: for absent columns what was known, or the value for new people.
fn said(row: &Listed, absent: &[&str], before: Option<&Listed>) -> Listed {
    let unknown = Listed {
        email: None,
        exposed: row.exposed,
        jurisdiction: "",
        locale: "en",
        flags: Flags::NONE,
    };
    let before = before.unwrap_or(&unknown);
    let has = |column| !absent.contains(&column);
    let either = |column| if has(column) { row } else { before };
    Listed {
        email: either("email").email.clone(),
        exposed: row.exposed,
        jurisdiction: either("jurisdiction").jurisdiction,
        locale: either("locale").locale,
        flags: either("flags").flags,
    }
}

/// Takes a list into the model; returns the expected changes.
fn expect(
    people: &mut BTreeMap<String, Known>,
    list: &BTreeMap<String, Listed>,
    mode: ScopeMode,
    absent: &[&str],
) -> Delta {
    let mut delta = Delta {
        flags_lifted: Some(BTreeMap::new()),
        ..Delta::default()
    };
    let before = people.clone();
    let in_scope = |p: &&Known| p.standing != PersonStanding::Retracted;
    for (reference, row) in list {
        let was = before.get(reference);
        if row.retracts() && !absent.contains(&"flags") {
            match people.get_mut(reference) {
                Some(person) if in_scope(&&*person) => {
                    retract(&mut delta, person);
                }
                Some(_) => delta.unchanged += 1,
                // Refused.
                None => {}
            }
            continue;
        }
        let known = was.filter(in_scope);
        let row = &said(row, absent, was.map(|p| &p.listed));
        delta.add(class(row, was, known));
        match was {
            None => delta.set_flags(row.flags, 1),
            Some(was) if was.listed.email.is_some() && row.email.is_none() => {
                delta.emails_lost += 1;
            }
            Some(_) => {}
        }
        let told = known.filter(|p| p.told);
        let taken_back = told.map(|p| p.named.intersection(p.listed.exposed).minus(row.exposed));
        delta.told_too_much += i64::from(taken_back.is_some_and(|set| !set.is_empty()));
        let mut person = Known {
            listed: row.clone(),
            named: was.map_or(ElementSet::EMPTY, |p| p.named),
            told: was.is_some_and(|p| p.told),
            refused: was.and_then(|p| p.refused.clone()),
            standing: PersonStanding::InProgress,
        };
        person.stand(true);
        people.insert(reference.clone(), person);
    }
    if mode == ScopeMode::Full {
        for (reference, person) in people {
            if !list.contains_key(reference) && in_scope(&&*person) {
                retract(&mut delta, person);
            }
        }
    }
    delta
}

fn was_told(person: &Known) -> bool {
    person.told && !person.named.is_empty()
}

fn retract(delta: &mut Delta, person: &mut Known) {
    delta.add(leaves(person));
    delta.told_retracted += i64::from(was_told(person));
    person.standing = PersonStanding::Retracted;
}

/// What a row changes of the person that the reference named before (`was`), and who was in scope then (`known`).
fn class(row: &Listed, was: Option<&Known>, known: Option<&Known>) -> Class {
    Class {
        before: known.map(|p| p.listed.exposed),
        now: Some(row.exposed),
        before_under: known.map(|p| p.listed.jurisdiction.to_owned()),
        now_under: Some(row.jurisdiction.to_owned()),
        contact: known.is_some_and(|p| p.listed.besides() != row.besides()),
        flags: was.map(|p| (p.listed.flags, row.flags)),
        people: 1,
    }
}

fn leaves(person: &Known) -> Class {
    Class {
        before: Some(person.listed.exposed),
        now: None,
        before_under: Some(person.listed.jurisdiction.to_owned()),
        now_under: None,
        contact: false,
        flags: None,
        people: 1,
    }
}

fn count(people: &BTreeMap<String, Known>) -> Account {
    let at = |standing| people.values().filter(|p| p.standing == standing).count() as i64;
    let incomplete = |p: &&Known| {
        p.standing == PersonStanding::Notified && !p.listed.exposed.minus(p.named).is_empty()
    };
    let too_much = |p: &&Known| {
        let wrong = match p.standing {
            PersonStanding::Retracted => p.named,
            _ => p.named.minus(p.listed.exposed),
        };
        !wrong.is_empty() && p.listed.flags.withheld_reason().is_none()
    };
    let by_letter = |p: &&Known| {
        let email = &p.listed.email;
        too_much(p) && (email.is_none() || *email == p.refused)
    };
    Account {
        told_too_much: people.values().filter(too_much).count() as i64,
        correction_letters: people.values().filter(by_letter).count() as i64,
        people: people.len() as i64 - at(PersonStanding::Retracted),
        notified: at(PersonStanding::Notified),
        in_progress: at(PersonStanding::InProgress),
        needs_letter: at(PersonStanding::NeedsLetter),
        withheld: at(PersonStanding::Withheld),
        notified_by_post: 0,
        notified_otherwise: 0,
        unnotified_elements: people.values().filter(incomplete).count() as i64,
        unexplained: 0,
        ..Account::default()
    }
}

/// Notices to some of those in progress, sent or bounced; supplements to some who were told; some letters come back.
async fn send(desk: &Desk, dice: &mut Dice, people: &mut BTreeMap<String, Known>) {
    let mut settled = Vec::new();
    for (reference, person) in people {
        let told = person.standing == PersonStanding::Notified;
        if !(told || person.standing == PersonStanding::InProgress) || dice.below(2) == 0 {
            continue;
        }
        let became = match (dice.below(4) > 0, told && dice.below(2) == 0) {
            (true, replaces) => {
                let named = person.listed.exposed;
                person.named = match replaces {
                    true => named,
                    false => person.named.union(named),
                };
                person.told = true;
                Became::Told {
                    address: None,
                    by: ToldBy::Email,
                    named,
                    replaces,
                }
            }
            (false, true) => {
                (person.told, person.named) = (false, ElementSet::EMPTY);
                Became::TakenBack {
                    told: None,
                    named: ElementSet::EMPTY,
                }
            }
            (false, false) => {
                person.refused.clone_from(&person.listed.email);
                Became::Refused { address: None }
            }
        };
        person.stand(true);
        settled.push(Settled {
            person: desk.person(reference).await.unwrap().id,
            became,
        });
    }
    desk.settle(&settled).await;
}

/// Counters equal a recount, and their parts equal the model's.
async fn the_parts_add_up(desk: &Desk, people: &BTreeMap<String, Known>) {
    let differ = recount::books(&desk.house.app, desk.incident)
        .await
        .unwrap();
    assert_eq!(differ, []);
    let mut conn = desk.conn().await;
    for kind in [
        AccountKind::Jurisdiction,
        AccountKind::Locale,
        AccountKind::Element,
    ] {
        for slice in by(&mut conn, desk.incident, kind).await.unwrap() {
            let here = people.values().filter(|p| match kind {
                AccountKind::Jurisdiction => p.listed.jurisdiction == slice.value,
                AccountKind::Locale => p.listed.locale == slice.value,
                _ => set(&slice.value).minus(p.listed.exposed).is_empty(),
            });
            let here: Vec<_> = here.collect();
            let at = |standing| here.iter().filter(|p| p.standing == standing).count() as i64;
            assert_eq!(slice.notified, at(PersonStanding::Notified), "{slice:?}");
            assert_eq!(
                slice.in_progress,
                at(PersonStanding::InProgress),
                "{slice:?}"
            );
            assert_eq!(
                slice.needs_letter,
                at(PersonStanding::NeedsLetter),
                "{slice:?}"
            );
            assert_eq!(slice.withheld, at(PersonStanding::Withheld), "{slice:?}");
            let parts = slice.notified + slice.in_progress + slice.needs_letter + slice.withheld;
            assert_eq!(slice.people, parts, "{slice:?}");
        }
    }
}
