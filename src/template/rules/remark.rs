//! What a rule found in a text, for people and programs, with all that they need to settle it.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::look::Hit;
use super::rule::{Rule, State, Weight};

/// What one rule found in the text of one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark {
    /// What an approver waives: `en:law.us-ca.title`.
    pub finding: String,
    /// The text.
    pub locale: String,
    /// The rule.
    pub rule: String,
    /// Whether it stops an approval.
    pub blocking: bool,
    /// Whether an approver may waive it.
    pub waivable: bool,
    /// Where the rule stands.
    pub state: State,
    /// Its source, with the section.
    pub citation: String,
    /// Whether no document was read that says so.
    pub unverified: bool,
    /// The places for which it holds.
    pub places: Vec<String>,
    /// The number of people who get this text in a place with this rule; `None` for a template alone.
    pub people: Option<i64>,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub todo: String,
    /// Where it stands.
    pub lines: Vec<Line>,
}

/// One place in a text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Line {
    /// Line of the body, from 1; 0 means the subject or the text as a whole.
    pub line: usize,
    /// What was found there; may be empty.
    pub what: String,
}

/// Who reads a text under a rule.
#[derive(Debug, Clone, Default)]
pub(crate) struct Readers {
    /// Where they live, in the codes of the rule or of the people.
    pub places: Vec<String>,
    /// How many they are.
    pub people: Option<i64>,
}

impl Remark {
    pub(super) fn of(rule: &Rule, locale: &str, weight: Weight, hits: Vec<Hit>) -> Self {
        let blocking = weight == Weight::Blocking && hits.iter().any(|hit| !hit.is_advice);
        let mut lines: Vec<Line> = hits
            .into_iter()
            .map(|Hit { line, what, .. }| Line { line, what })
            .collect();
        lines.sort_unstable();
        lines.dedup();
        Self {
            finding: format!("{locale}:{}", rule.key),
            locale: locale.to_owned(),
            rule: rule.key.clone(),
            blocking,
            waivable: blocking && rule.check.can_be_waived(),
            state: rule.state,
            citation: rule.citation(),
            unverified: rule.unverified,
            places: rule.places(),
            people: None,
            what: rule.what.clone(),
            todo: rule.todo.clone(),
            lines,
        }
    }

    /// Adds what the same rule found in the same text for other readers.
    pub(crate) fn add(&mut self, other: Self) {
        self.blocking |= other.blocking;
        self.waivable |= other.waivable;
        self.people = match (self.people, other.people) {
            (None, None) => None,
            (a, b) => Some(a.unwrap_or_default() + b.unwrap_or_default()),
        };
        self.places.extend(other.places);
        self.places.sort_unstable();
        self.places.dedup();
        self.lines.extend(other.lines);
        self.lines.sort_unstable();
        self.lines.dedup();
    }

    /// Names its readers.
    pub(crate) fn read_by(mut self, readers: Readers) -> Self {
        self.places = readers.places;
        self.people = readers.people;
        self
    }
}

/// A rule as programs read it.
#[derive(Debug, Clone, Serialize)]
pub struct RuleView {
    key: String,
    jurisdictions: Vec<String>,
    elements: crate::element::ElementSet,
    state: State,
    from: Option<NaiveDate>,
    until: Option<NaiveDate>,
    severity: Weight,
    waivable: bool,
    citation: String,
    unverified: bool,
    check: crate::template::lint::Check,
    what: String,
    todo: String,
}

impl From<&Rule> for RuleView {
    fn from(rule: &Rule) -> Self {
        Self {
            key: rule.key.clone(),
            jurisdictions: rule.places(),
            elements: rule.elements,
            state: rule.state,
            from: rule.from,
            until: rule.until,
            severity: rule.severity,
            waivable: rule.check.can_be_waived(),
            citation: rule.citation(),
            unverified: rule.unverified,
            check: rule.check,
            what: rule.what.clone(),
            todo: rule.todo.clone(),
        }
    }
}
