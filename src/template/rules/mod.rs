//! Rules about texts: dated data with a source (`config/rules`), looked for in the merged text. An operator adds rules of
//! their own and switches rules off (`[lint]`).

mod load;
mod look;
mod reading;
mod remark;
mod rule;
mod text;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use chrono::NaiveDate;

pub use load::RulesError;
pub use remark::{Line, Remark, RuleView};
pub use rule::{Rule, State, Weight};
pub(crate) use text::{Setting, Text};

use self::remark::Readers;
use super::lint::Check;
use super::lint::links::hosts;
use super::{Variant, Variants};
use crate::config::{Config, Lint};
use crate::element::ElementSet;
use crate::person::place::Jurisdiction;

/// All rules of a deployment.
#[derive(Debug, Default)]
pub struct Rules {
    rules: Vec<Rule>,
}

/// What Candor knows of the law about texts in a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// It has rules of this place.
    Own,
    /// It has rules of the whole country only.
    Country,
    /// It has none.
    Nothing,
}

/// A text outside of an incident.
const ALONE: Setting<'static> = Setting {
    organisation: "-",
    title: "-",
    facts: None,
    public_url: "https://organisation.invalid",
    domains: &[],
    is_known: false,
};

/// The rules that were read, by their settings: they are read once.
static READ: LazyLock<RwLock<HashMap<Lint, Arc<Rules>>>> = LazyLock::new(RwLock::default);

impl Rules {
    /// The rules of these settings. They are read and checked at the first call.
    ///
    /// # Errors
    /// A file that cannot be read, or a rule that is wrong.
    pub fn of(config: &Config) -> Result<Arc<Self>, RulesError> {
        let known = READ.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(rules) = known.get(&config.lint) {
            return Ok(rules.clone());
        }
        drop(known);
        let rules = Arc::new(load::load(&config.lint)?);
        let mut known = READ.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(config.lint.clone(), rules.clone());
        Ok(rules)
    }

    /// Each of them.
    pub fn all(&self) -> &[Rule] {
        &self.rules
    }

    /// What the rule with this key finds in its passing and in its failing example.
    pub fn examples(&self, key: &str) -> Option<(usize, usize)> {
        let rule = self.rules.iter().find(|rule| rule.key == key)?;
        let count = |example| load::find(rule, example).len();
        Some((count(&rule.passing), count(&rule.failing)))
    }

    /// What is known of a place.
    pub(crate) fn known(&self, place: &Jurisdiction) -> Known {
        let names = |of: &str| {
            let all = self.rules.iter();
            all.flat_map(Rule::places).any(|place| place == of)
        };
        match (names(place.as_str()), names(place.country())) {
            (true, _) => Known::Own,
            (false, true) => Known::Country,
            (false, false) => Known::Nothing,
        }
    }

    /// The elements on which a rule depends.
    pub(crate) fn elements(&self) -> ElementSet {
        let all = self.rules.iter().map(|rule| rule.elements);
        all.fold(ElementSet::EMPTY, ElementSet::union)
    }

    /// What the rules find in a text on a day, for people in one place.
    pub(crate) fn look(
        &self,
        text: &Text<'_>,
        place: Option<&Jurisdiction>,
        day: NaiveDate,
    ) -> Vec<Remark> {
        let mut remarks = Vec::new();
        for rule in &self.rules {
            let Some(weight) = rule.weight_on(day) else {
                continue;
            };
            if rule.holds(place, text.elements) {
                let hits = look::look(rule, text);
                if !hits.is_empty() {
                    remarks.push(Remark::of(rule, text.locale, weight, hits));
                }
            }
        }
        remarks
    }

    /// The same for people in several places. Each rule is looked for once.
    pub(crate) fn look_for(
        &self,
        text: &Text<'_>,
        people: &BTreeMap<Option<Jurisdiction>, i64>,
        day: NaiveDate,
    ) -> Vec<Remark> {
        let mut remarks = Vec::new();
        for rule in &self.rules {
            let Some(weight) = rule.weight_on(day) else {
                continue;
            };
            let holds = |(place, _): &(&Option<Jurisdiction>, &i64)| {
                rule.holds((**place).as_ref(), text.elements)
            };
            let readers: Vec<_> = people.iter().filter(holds).collect();
            if readers.is_empty() {
                continue;
            }
            let hits = look::look(rule, text);
            if !hits.is_empty() {
                let places = readers.iter().filter_map(|(place, _)| (**place).as_ref());
                let readers = Readers {
                    places: places.map(ToString::to_string).collect(),
                    people: Some(readers.iter().map(|(_, people)| **people).sum()),
                };
                remarks.push(Remark::of(rule, text.locale, weight, hits).read_by(readers));
            }
        }
        remarks
    }

    /// What the rules find in texts for people in these places with these elements; without places, the rules that hold
    /// everywhere. What blocks comes first.
    pub(crate) fn check(
        &self,
        variants: &Variants,
        (elements, declared): (ElementSet, ElementSet),
        places: &[Jurisdiction],
        (setting, day): (Setting<'_>, NaiveDate),
    ) -> Vec<Remark> {
        let mut found = Remarks::default();
        for (locale, variant) in variants {
            let text = Text::read(locale, variant, setting, elements, declared);
            for remark in self.look(&text, None, day) {
                found.add(remark);
            }
            for place in places {
                for remark in self.look(&text, Some(place), day) {
                    if !remark.places.iter().any(|of| of == "any") {
                        let places = vec![place.to_string()];
                        found.add(remark.read_by(Readers {
                            places,
                            people: None,
                        }));
                    }
                }
            }
        }
        found.sorted()
    }

    /// What the rules that hold everywhere find in the text of a template, facts shown as their keys.
    pub fn template(&self, locale: &str, variant: &Variant, day: NaiveDate) -> Vec<Remark> {
        let text = Text::read(locale, variant, ALONE, ElementSet::ALL, ElementSet::ALL);
        let mut found = Remarks::default();
        let is_about_text = |remark: &Remark| {
            let rule = self.rules.iter().find(|rule| rule.key == remark.rule);
            // `naming` says what a template names, and each organisation has domains of its own.
            rule.is_some_and(|rule| {
                !matches!(rule.check, Check::LinkOutside | Check::UnnamedElement)
            })
        };
        let all = self.look(&text, None, day).into_iter();
        all.filter(is_about_text).for_each(|one| found.add(one));
        found.sorted()
    }

    /// What the rules find in a text without facts, for people in this place with all elements exposed.
    pub fn examine(
        &self,
        locale: &str,
        variant: &Variant,
        place: &Jurisdiction,
        day: NaiveDate,
    ) -> Vec<Remark> {
        let setting = Setting {
            is_known: true,
            ..ALONE
        };
        let text = Text::read(locale, variant, setting, ElementSet::ALL, ElementSet::ALL);
        self.look(&text, Some(place), day)
    }

    /// The rules that are not in force on this day, each with the reason.
    pub fn inactive(&self, day: NaiveDate) -> Vec<(&Rule, &'static str)> {
        let all = self.rules.iter();
        all.filter_map(|rule| Some((rule, load::inactive(rule, day)?)))
            .collect()
    }
}

/// Remarks by finding: what one rule found in one text for several groups of people.
#[derive(Debug, Default)]
pub(crate) struct Remarks(BTreeMap<String, Remark>);

impl Remarks {
    pub(crate) fn add(&mut self, remark: Remark) {
        match self.0.get_mut(&remark.finding) {
            Some(known) => known.add(remark),
            None => drop(self.0.insert(remark.finding.clone(), remark)),
        }
    }

    /// What blocks comes first, then by text and rule.
    pub(crate) fn sorted(self) -> Vec<Remark> {
        let mut all: Vec<Remark> = self.0.into_values().collect();
        all.sort_by_key(|one| !one.blocking);
        all
    }
}

/// The domains of the organisation: of its links, its web site and its address, and those that the settings add.
pub(crate) fn domains(config: &Config) -> Vec<String> {
    let us = &config.organisation;
    let mut domains = hosts(&config.http.public_url);
    domains.extend(hosts(&us.website));
    domains.extend(
        us.from_address
            .rsplit_once('@')
            .map(|(_, host)| host.to_lowercase()),
    );
    domains.extend(config.lint.domains.iter().map(|one| one.to_lowercase()));
    domains
}
