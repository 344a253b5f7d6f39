//! A rule about texts, as a file of rules says it.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::element::ElementSet;
use crate::incident::Facts;
use crate::person::place::Jurisdiction;
use crate::template::lint::Check;

/// Where a rule stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It binds from `from` until `until`.
    InForce,
    /// It is announced: nothing is looked for.
    Proposed,
    /// Whether it binds is disputed: what it finds is advice.
    Disputed,
    /// It binds no longer: nothing is looked for.
    Repealed,
}

/// How much a rule weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// No campaign is approved while it finds something, unless an approver waives it.
    Blocking,
    /// Advice.
    Advisory,
}

/// Where a rule holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Everywhere.
    Any,
    /// There, and in the parts of a country.
    In(Jurisdiction),
}

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        match text.as_str() {
            "any" => Ok(Self::Any),
            code => Jurisdiction::parse(code)
                .map(Self::In)
                .map_err(serde::de::Error::custom),
        }
    }
}

impl Place {
    fn covers(&self, place: Option<&Jurisdiction>) -> bool {
        match (self, place) {
            (Self::Any, _) => true,
            (Self::In(_), None) => false,
            (Self::In(of), Some(place)) => of == place || of.as_str() == place.country(),
        }
    }
}

/// A text that shows what a rule means.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// Its language.
    #[serde(default = "english")]
    pub locale: String,
    /// Its subject.
    #[serde(default = "notice")]
    pub subject: String,
    /// Its body, in Markdown with placeholders.
    pub body: String,
    /// The facts that it may quote.
    #[serde(default)]
    pub facts: Facts,
    /// What was exposed of its reader; without it everything that the rule depends on, or the name.
    #[serde(default)]
    pub elements: ElementSet,
}

fn english() -> String {
    "en".to_owned()
}

fn notice() -> String {
    "Notice".to_owned()
}

/// One rule.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Its name, unique: `law.us-ca.title`.
    pub key: String,
    /// Where it holds.
    pub jurisdictions: Vec<Place>,
    /// Where it does not hold, all the same.
    #[serde(default)]
    pub except: Vec<Place>,
    /// It holds if one of these was exposed; none: whatever was exposed.
    #[serde(default)]
    pub elements: ElementSet,
    /// Where it stands.
    #[serde(default = "in_force")]
    pub state: State,
    /// From when it binds, if the source names a day.
    pub from: Option<NaiveDate>,
    /// The last day on which it binds.
    pub until: Option<NaiveDate>,
    /// How much it weighs.
    pub severity: Weight,
    /// Its source: a law, an order, a study.
    pub law: String,
    /// The section of the law.
    #[serde(default)]
    pub section: String,
    /// Whether no document was read that says so.
    #[serde(default)]
    pub unverified: bool,
    /// What is wrong with a text in which it finds something.
    pub what: String,
    /// What to do about it, a sentence.
    pub todo: String,
    /// What it looks for.
    pub check: Check,
    /// The words of a part that several rules share.
    #[serde(default)]
    pub part: String,
    /// Words by language.
    #[serde(default)]
    pub phrases: BTreeMap<String, Vec<String>>,
    /// Keys of facts; a language may follow.
    #[serde(default)]
    pub facts: Vec<String>,
    /// Placeholders of the body.
    #[serde(default)]
    pub placeholders: Vec<String>,
    /// Placeholders of the subject.
    #[serde(default)]
    pub subject_placeholders: Vec<String>,
    /// Whether any way to reach the organisation will do.
    #[serde(default)]
    pub contact: bool,
    /// Whether facts, placeholders and ways to reach the organisation do not count: the words must stand there.
    #[serde(default)]
    pub phrases_only: bool,
    /// The most words, or the lowest score of the reading level.
    pub limit: Option<f64>,
    /// Domains that are trusted like the organisation's own.
    #[serde(default)]
    pub allow: Vec<String>,
    /// A text in which it finds nothing.
    pub passing: Example,
    /// A text in which it finds something.
    pub failing: Example,
}

fn in_force() -> State {
    State::InForce
}

impl Rule {
    /// Whether it holds for people there with these exposed elements.
    pub(crate) fn holds(&self, place: Option<&Jurisdiction>, exposed: ElementSet) -> bool {
        let covered = |places: &[Place]| places.iter().any(|one| one.covers(place));
        covered(&self.jurisdictions)
            && !covered(&self.except)
            && (self.elements.is_empty() || !self.elements.intersection(exposed).is_empty())
    }

    /// How much it weighs on this day; `None` while it is not in force.
    pub(crate) fn weight_on(&self, day: NaiveDate) -> Option<Weight> {
        let began = self.from.is_none_or(|from| from <= day);
        let lasts = self.until.is_none_or(|until| day <= until);
        match self.state {
            State::InForce if began && lasts => Some(self.severity),
            State::Disputed if began && lasts => Some(Weight::Advisory),
            State::InForce | State::Disputed | State::Proposed | State::Repealed => None,
        }
    }

    /// Its source with the section.
    pub fn citation(&self) -> String {
        match self.section.as_str() {
            "" => self.law.clone(),
            section => format!("{}, {section}", self.law),
        }
    }

    /// The words of a language; `None` if it has words in other languages only.
    pub(super) fn words(&self, language: &str) -> Option<&[String]> {
        match self.phrases.get(language) {
            Some(words) => Some(words),
            None if self.phrases.is_empty() => Some(&[]),
            None => None,
        }
    }

    /// Whether a fact with this key is one of its facts: `what_happened`, `what_happened_es`.
    pub(super) fn is_its_fact(&self, key: &str) -> bool {
        let key = key.to_ascii_lowercase();
        let is_one = |of: &String| {
            key.strip_prefix(of.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
        };
        self.facts.iter().any(is_one)
    }

    /// The places that it names, `any` for all.
    pub fn places(&self) -> Vec<String> {
        let name = |place: &Place| match place {
            Place::Any => "any".to_owned(),
            Place::In(of) => of.to_string(),
        };
        self.jurisdictions.iter().map(name).collect()
    }
}
