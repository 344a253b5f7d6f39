//! The invented affected people, in the cohorts and proportions of the founding case.
//!
//! Person n depends on the seed and n alone. So a list of any length streams in constant
//! memory, and version 2 of the list meets the same people as version 1.

use super::{dice::Dice, names, names::Called, places::Place};
use crate::element::{
    Element::{CarrierPin, Dob, DriverLicence, Imei, Imsi, Name, Phone, PostalAddress, Ssn},
    ElementSet,
};

/// One row of an affected list, as the import's CSV wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// The carrier's own number for this person: `SU-0001234`.
    pub reference: String,
    /// None for about three in a hundred, who need a letter.
    pub email: Option<String>,
    /// In the script of their language.
    pub name: String,
    /// BCP 47.
    pub locale: String,
    /// ISO 3166.
    pub jurisdiction: String,
    /// As the jurisdiction writes it.
    pub postcode: String,
    /// What of theirs was exposed, as far as this version of the list knows.
    pub elements: ElementSet,
    /// Codes separated by `;`, mostly empty.
    pub flags: String,
    /// Lines of a postal address; empty where the carrier has none.
    pub address: String,
}

/// What a person is to the carrier. The first three are on version 1 of the list already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cohort {
    /// Customers with a contract.
    Postpaid,
    /// People who were, or once asked to become, customers.
    Former,
    /// Customers without a contract.
    Prepaid,
    /// Further customers with a contract, found three days later.
    PostpaidFoundLater,
    /// Further former customers, found three days later.
    FormerFoundLater,
}

impl Cohort {
    /// In the order of the announcements.
    pub const ALL: [Cohort; 5] = [
        Cohort::Postpaid,
        Cohort::Former,
        Cohort::Prepaid,
        Cohort::PostpaidFoundLater,
        Cohort::FormerFoundLater,
    ];

    /// People in the founding case, in thousands (announced 17 and 20 August 2021).
    const fn thousands(self) -> u64 {
        match self {
            Cohort::Postpaid => 7_800,
            Cohort::Former => 40_000,
            Cohort::Prepaid => 850,
            Cohort::PostpaidFoundLater => 5_300,
            Cohort::FormerFoundLater => 667,
        }
    }

    /// What version 1 of the list says was exposed; later cohorts are not on it.
    pub const fn elements_in_version_1(self) -> ElementSet {
        match self {
            Cohort::Postpaid | Cohort::Former => ElementSet::of(&[Name, Dob, Ssn, DriverLicence]),
            Cohort::Prepaid => ElementSet::of(&[Name, Phone, CarrierPin]),
            Cohort::PostpaidFoundLater | Cohort::FormerFoundLater => ElementSet::EMPTY,
        }
    }

    /// What version 2 says.
    pub const fn elements_in_version_2(self) -> ElementSet {
        match self {
            Cohort::Postpaid => self
                .elements_in_version_1()
                .union(ElementSet::of(&[Phone, Imei, Imsi])),
            Cohort::Former | Cohort::Prepaid => self.elements_in_version_1(),
            Cohort::PostpaidFoundLater => {
                ElementSet::of(&[Name, PostalAddress, Dob, Phone, Imei, Imsi])
            }
            Cohort::FormerFoundLater => ElementSet::of(&[Name, Phone, PostalAddress, Dob]),
        }
    }
}

/// How large the rehearsal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// All people on version 2 of the list.
    pub people: usize,
}

/// Ten thousand: minutes of work for a demo, and every cohort has its hundreds.
impl Default for Plan {
    fn default() -> Self {
        Plan { people: 10_000 }
    }
}

impl Plan {
    /// Version 1 of the list, as of 17 August 2021.
    pub fn version_1(self, seed: u64) -> impl Iterator<Item = Made> {
        (0..self.in_version_1()).map(move |index| {
            let cohort = self.cohort(index);
            make(seed, index, cohort, cohort.elements_in_version_1())
        })
    }

    /// Version 2, as of 20 August 2021: all people of version 1, some with more elements, and the people found later.
    pub fn version_2(self, seed: u64) -> impl Iterator<Item = Made> {
        (0..self.people).map(move |index| {
            let cohort = self.cohort(index);
            make(seed, index, cohort, cohort.elements_in_version_2())
        })
    }

    /// How many people a cohort has.
    pub fn size(self, cohort: Cohort) -> usize {
        let all: u64 = Cohort::ALL.iter().map(|cohort| cohort.thousands()).sum();
        let share = |cohort: Cohort| {
            (self.people as u128 * u128::from(cohort.thousands()) / u128::from(all)) as usize
        };
        match cohort {
            // The largest takes what rounding leaves.
            Cohort::Former => {
                let others = Cohort::ALL
                    .into_iter()
                    .filter(|other| *other != Cohort::Former);
                self.people - others.map(share).sum::<usize>()
            }
            cohort => share(cohort),
        }
    }

    /// How many people are on version 1.
    pub fn in_version_1(self) -> usize {
        [Cohort::Postpaid, Cohort::Former, Cohort::Prepaid]
            .map(|cohort| self.size(cohort))
            .iter()
            .sum()
    }

    /// The cohort of the person at an index of version 2. Within each version the cohorts are
    /// mixed, and their sizes are still exact.
    fn cohort(self, index: usize) -> Cohort {
        let first = self.in_version_1();
        let (start, n, cohorts) = if index < first {
            (0, first, &Cohort::ALL[..3])
        } else {
            (first, self.people - first, &Cohort::ALL[3..])
        };
        let place = scatter(index - start, n);
        let mut below = 0;
        let found = cohorts.iter().find(|cohort| {
            below += self.size(**cohort);
            place < below
        });
        *found.expect("the sizes of a version's cohorts add up to its people")
    }
}

/// A permutation of 0..n: a prime stride that does not divide n visits every place once.
fn scatter(index: usize, n: usize) -> usize {
    const STRIDE: u128 = 2_654_435_761;
    (index as u128 * STRIDE % n as u128) as usize
}

/// One in fifty shares home, family name and mailbox with the person before.
fn home_of(index: usize) -> u64 {
    (if index % 50 == 49 { index - 1 } else { index }) as u64
}

/// What a die is rolled for, so that one answer does not depend on another.
const HOME: u64 = 1;
const OWN: u64 = 2;
const FAMILY: u64 = 3;
const FLAGS: u64 = 4;

fn make(seed: u64, index: usize, cohort: Cohort, elements: ElementSet) -> Made {
    let home = home_of(index);
    let mut dice = Dice::new(seed, home, HOME);
    let place = Place::draw(&mut dice);
    let preferred = dice
        .weighted(&names::TONGUES, |tongue| tongue.weight)
        .language;
    let locale = place.locale(preferred);
    let called = |who: u64| {
        let tongue = names::tongue(locale.get(..2).unwrap_or(locale));
        tongue.call(
            &mut Dice::new(seed, home, FAMILY),
            &mut Dice::new(seed, who, OWN),
        )
    };
    let email = (dice.below(100) >= 3 || is_international(home))
        .then(|| mailbox(&called(home), home, &mut dice));
    let postcode = place.postcode(&mut dice);
    // Prepaid customers never gave an address; without a mailbox either, they could not be reached.
    let has_address = cohort != Cohort::Prepaid || email.is_none();
    let address = place.address(&postcode, &mut dice);
    Made {
        reference: format!("SU-{:07}", index + 1),
        email,
        name: called(index as u64).name,
        locale: locale.to_owned(),
        jurisdiction: place.jurisdiction.to_owned(),
        postcode,
        elements,
        flags: flags(&mut Dice::new(seed, index as u64, FLAGS)).to_owned(),
        address: if has_address { address } else { String::new() },
    }
}

/// People with an address that is not ASCII: a few domains, and more rarely the local part (RFC 6531).
fn is_international(home: u64) -> bool {
    home % 4_000 == 1_234 || home % 8_000 == 4_321
}

/// An address under the names that RFC 2606 keeps free, unique by the number at its end.
fn mailbox(called: &Called, home: u64, dice: &mut Dice) -> String {
    let local = format!("{}{home}", called.local_part);
    let domain = dice.word(
        "example.com example.com example.net example.org mail.example post.example inbox.example",
    );
    match (home % 4_000, home % 8_000) {
        (1_234, _) => format!("{local}@bücher.example"),
        (_, 4_321) => format!("zoë.{local}@example.org"),
        _ => format!("{local}@{domain}"),
    }
}

fn flags(dice: &mut Dice) -> &'static str {
    match dice.below(1_000) {
        0..5 => "minor",
        5..9 => "deceased",
        9..14 => "vulnerable",
        14..16 => "protected",
        16..18 => "hold",
        18 => "minor;protected",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{HashMap, HashSet};

    const SEED: u64 = 2021;

    #[test]
    fn cohorts_keep_the_proportions_of_the_founding_case() {
        let plan = Plan::default();
        assert_eq!(
            Cohort::ALL.map(|cohort| plan.size(cohort)),
            [1_428, 7_325, 155, 970, 122],
            "7.8 M, 40 M, 850 k, 5.3 M and 667 k of 54.6 M"
        );
        let mut counted = [0; 5];
        for index in 0..plan.people {
            counted[plan.cohort(index) as usize] += 1;
        }
        assert_eq!(counted, Cohort::ALL.map(|cohort| plan.size(cohort)));
    }

    #[test]
    fn any_number_of_people_is_made() {
        for people in [0, 1, 2, 7, 100] {
            let plan = Plan { people };
            assert_eq!(plan.version_2(SEED).count(), people);
            assert!(plan.version_1(SEED).count() <= people);
        }
        let millions = Plan { people: 54_617_000 };
        assert_eq!(millions.size(Cohort::Postpaid), 7_800_000);
        assert_eq!(
            make(SEED, 54_000_000, Cohort::Prepaid, ElementSet::ALL).reference,
            "SU-54000001"
        );
    }

    #[test]
    fn version_2_has_everybody_of_version_1_with_no_less_exposed() {
        let plan = Plan::default();
        let (first, second): (Vec<_>, Vec<_>) = (
            plan.version_1(SEED).collect(),
            plan.version_2(SEED).collect(),
        );
        let mut grown = 0;
        for (before, after) in first.iter().zip(&second) {
            assert!(before.elements.minus(after.elements).is_empty());
            grown += usize::from(before.elements != after.elements);
            assert_eq!(
                *before,
                Made {
                    elements: before.elements,
                    ..after.clone()
                }
            );
        }
        assert_eq!(grown, plan.size(Cohort::Postpaid));
        assert_eq!((first.len(), second.len()), (8_908, 10_000));
    }

    #[test]
    fn people_vary_as_real_ones_do() {
        let people: Vec<_> = Plan::default().version_2(SEED).collect();
        let share = |of: &dyn Fn(&Made) -> bool| people.iter().filter(|made| of(made)).count();
        assert!((200..400).contains(&share(&|made| made.email.is_none())));
        assert!((50..250).contains(&share(&|made| !made.flags.is_empty())));
        assert_eq!(
            share(&|made| made.email.is_none() && made.address.is_empty()),
            0
        );
        assert!((9_800..9_950).contains(&share(&|made| made.jurisdiction.starts_with("US-"))));

        let languages: HashSet<_> = people.iter().map(|made| &made.locale[..2]).collect();
        assert_eq!(languages, HashSet::from(crate::element::LOCALES));
        let references: HashSet<_> = people.iter().map(|made| &made.reference).collect();
        assert_eq!(references.len(), people.len());

        let mut mailboxes: HashMap<&str, usize> = HashMap::new();
        for email in people.iter().filter_map(|made| made.email.as_deref()) {
            *mailboxes.entry(email).or_default() += 1;
            let domain = email.rsplit('@').next().unwrap();
            assert!(
                domain.ends_with(".example")
                    || ["example.com", "example.net", "example.org"].contains(&domain)
            );
        }
        let shared = mailboxes.values().filter(|people| **people == 2).count();
        assert!((150..=200).contains(&shared), "{shared}");
        assert!(mailboxes.values().all(|people| *people <= 2));
        let international = mailboxes.keys().filter(|email| !email.is_ascii()).count();
        assert_eq!(international, 4);
    }

    #[test]
    fn another_seed_makes_other_people() {
        let names = |seed| Plan { people: 50 }.version_2(seed).map(|made| made.name);
        assert_eq!(names(1).collect::<Vec<_>>(), names(1).collect::<Vec<_>>());
        assert_ne!(names(1).collect::<Vec<_>>(), names(2).collect::<Vec<_>>());
    }
}
