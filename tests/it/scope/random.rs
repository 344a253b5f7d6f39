//! Random sequences of lists and notices beside a model in memory: the delta, every person and the account
//! must agree with it after each step (P1, P2).

use std::collections::BTreeMap;

use candor::element::{Element, ElementSet};
use candor::notice::account::Account;
use candor::person::flags::Flags;
use candor::person::{Before, PersonStanding, Settled, standing};
use candor::scope::ScopeMode;
use candor::scope::delta::{Class, Delta};

use super::Desk;

/// xorshift64: the same run for the same seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
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
struct Listed {
    email: Option<String>,
    exposed: ElementSet,
    flags: Flags,
}

#[derive(Clone, PartialEq, Debug)]
struct Known {
    listed: Listed,
    named: ElementSet,
    standing: PersonStanding,
}

fn roll_list(dice: &mut Dice) -> BTreeMap<String, Listed> {
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
            _ => Flags::NONE,
        };
        let exposed = dice.elements();
        list.insert(
            format!("r{n}"),
            Listed {
                email,
                exposed,
                flags,
            },
        );
    }
    list
}

fn written(list: &BTreeMap<String, Listed>) -> String {
    let mut text = "reference,email,elements,flags\n".to_owned();
    for (reference, row) in list {
        let email = row.email.as_deref().unwrap_or_default();
        text += &format!("{reference},{email},{},{}\n", row.exposed, row.flags);
    }
    text
}

/// Takes a list into the model; what should change.
fn expect(
    people: &mut BTreeMap<String, Known>,
    list: &BTreeMap<String, Listed>,
    mode: ScopeMode,
) -> Delta {
    let mut delta = Delta::default();
    let before = people.clone();
    let in_scope = |p: &&Known| p.standing != PersonStanding::Retracted;
    for (reference, row) in list {
        let was = before.get(reference);
        let as_before = was.map(|p| Before {
            standing: p.standing,
            told: !p.named.is_empty(),
            same_address: p.listed.email == row.email,
        });
        let known = was.filter(in_scope);
        delta.add(Class {
            before: known.map(|p| p.listed.exposed),
            now: Some(row.exposed),
            contact: known
                .is_some_and(|p| (&p.listed.email, p.listed.flags) != (&row.email, row.flags)),
            people: 1,
        });
        let stands = standing(as_before, row.flags, row.email.is_some());
        let listed = row.clone();
        let named = was.map_or(ElementSet::EMPTY, |p| p.named);
        people.insert(
            reference.clone(),
            Known {
                listed,
                named,
                standing: stands,
            },
        );
    }
    if mode == ScopeMode::Full {
        for (reference, person) in people {
            if !list.contains_key(reference) && in_scope(&&*person) {
                delta.add(Class {
                    before: Some(person.listed.exposed),
                    now: None,
                    contact: false,
                    people: 1,
                });
                person.standing = PersonStanding::Retracted;
            }
        }
    }
    delta
}

fn count(people: &BTreeMap<String, Known>) -> Account {
    let at = |standing| people.values().filter(|p| p.standing == standing).count() as i64;
    let incomplete = |p: &&Known| {
        p.standing == PersonStanding::Notified && !p.listed.exposed.minus(p.named).is_empty()
    };
    Account {
        people: people.len() as i64 - at(PersonStanding::Retracted),
        notified: at(PersonStanding::Notified),
        in_progress: at(PersonStanding::InProgress),
        needs_letter: at(PersonStanding::NeedsLetter),
        withheld: at(PersonStanding::Withheld),
        unnotified_elements: people.values().filter(incomplete).count() as i64,
        unexplained: 0,
    }
}

/// Notices to some of those in progress, sent or bounced; and supplements to some who were told.
async fn send(desk: &Desk, dice: &mut Dice, people: &mut BTreeMap<String, Known>) {
    let mut settled = Vec::new();
    for (reference, person) in people {
        let told = person.standing == PersonStanding::Notified;
        if !(told || person.standing == PersonStanding::InProgress) || dice.below(2) == 0 {
            continue;
        }
        let sent = dice.below(4) > 0;
        let named = if sent {
            person.listed.exposed
        } else {
            ElementSet::EMPTY
        };
        person.named = person.named.union(named);
        person.standing = match (sent, told) {
            (true, _) | (_, true) => PersonStanding::Notified,
            (false, false) => PersonStanding::NeedsLetter,
        };
        settled.push(Settled {
            person: desk.person(reference).await.unwrap().id,
            named,
            standing: Some(if sent {
                PersonStanding::Notified
            } else {
                PersonStanding::NeedsLetter
            }),
            takes_back: false,
        });
    }
    desk.settle(&settled).await;
}

async fn walk(seed: u64) {
    let desk = Desk::new().await;
    let (mut dice, mut people) = (Dice(seed), BTreeMap::new());
    for step in 0..10 {
        let list = roll_list(&mut dice);
        let mode = if dice.below(2) == 0 {
            ScopeMode::Full
        } else {
            ScopeMode::Delta
        };
        let mut expected = expect(&mut people, &list, mode);
        let imported = desk.take(mode, &written(&list)).await;
        expected.columns.clone_from(&imported.delta.columns);
        assert_eq!(imported.delta, expected, "seed {seed}, step {step}");
        assert_eq!(
            desk.account().await,
            count(&people),
            "seed {seed}, step {step}"
        );
        send(&desk, &mut dice, &mut people).await;
        assert_eq!(
            desk.account().await,
            count(&people),
            "seed {seed}, step {step} sent"
        );
    }
    for (reference, expected) in &people {
        let found = desk.person(reference).await.unwrap();
        let email = found.contact.email.as_ref().map(|e| e.as_str().to_owned());
        let listed = Listed {
            email,
            exposed: found.exposed,
            flags: found.flags,
        };
        let found = Known {
            listed,
            named: found.named,
            standing: found.standing,
        };
        assert_eq!(&found, expected, "seed {seed}, {reference}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_and_notices_in_any_order_keep_the_account_exact() {
    for seed in [1, 2_021, 0xC0FFEE] {
        walk(seed).await;
    }
}
