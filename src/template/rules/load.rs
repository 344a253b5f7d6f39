//! Reads the rules: those of the program, and those of a directory of the operator. It refuses a rule if the rule's
//! examples do not show what the rule says.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use chrono::NaiveDate;
use serde::Deserialize;

use super::rule::{Example, Rule, State};
use super::text::{Setting, Text};
use super::{Rules, look};
use crate::config::Lint;
use crate::element::{Element, ElementSet};
use crate::template::Variant;
use crate::template::lint::Check;

/// The files of the program.
const BUILT_IN: [(&str, &str); 5] = [
    (
        "parts.toml",
        include_str!("../../../config/rules/parts.toml"),
    ),
    ("any.toml", include_str!("../../../config/rules/any.toml")),
    ("us.toml", include_str!("../../../config/rules/us.toml")),
    ("gdpr.toml", include_str!("../../../config/rules/gdpr.toml")),
    (
        "world.toml",
        include_str!("../../../config/rules/world.toml"),
    ),
];

/// Why rules were refused; the text names the file and the rule, and says what to do.
#[derive(Debug, thiserror::Error)]
#[error("rules: {0}")]
pub struct RulesError(String);

/// A file of rules.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct File {
    part: BTreeMap<String, Part>,
    rule: Vec<Rule>,
}

/// The words of a part that several rules share.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Part {
    phrases: BTreeMap<String, Vec<String>>,
    facts: Vec<String>,
    placeholders: Vec<String>,
    contact: bool,
}

/// Reads and checks all rules.
pub(super) fn load(of: &Lint) -> Result<Rules, RulesError> {
    let mut files: Vec<(String, String)> = BUILT_IN
        .iter()
        .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
        .collect();
    if !of.rules.is_empty() {
        files.extend(own(Path::new(&of.rules))?);
    }
    let (mut parts, mut rules) = (BTreeMap::new(), Vec::new());
    for (name, text) in &files {
        let file: File =
            toml::from_str(text).map_err(|why| RulesError(format!("{name}: {why}")))?;
        parts.extend(file.part);
        rules.extend(file.rule);
    }
    for rule in &mut rules {
        resolve(rule, &parts)?;
    }
    check_all(&rules)?;
    for key in &of.off {
        off(key, &rules)?;
    }
    rules.retain(|rule| !of.off.iter().any(|key| switches(key, rule)));
    Ok(Rules { rules })
}

/// The files of the operator's directory, by name.
fn own(dir: &Path) -> Result<Vec<(String, String)>, RulesError> {
    let shown = dir.display();
    let wrong = |why: std::io::Error| RulesError(format!("{shown}: {why}. See lint.rules"));
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(wrong)? {
        let path = entry.map_err(wrong)?.path();
        if path.extension().is_some_and(|kind| kind == "toml") {
            let text = std::fs::read_to_string(&path).map_err(wrong)?;
            files.push((path.display().to_string(), text));
        }
    }
    files.sort_unstable();
    Ok(files)
}

/// Whether an entry of `lint.off` names the rule.
fn switches(key: &str, rule: &Rule) -> bool {
    let named = match key.strip_suffix('*') {
        Some(start) => rule.key.starts_with(start),
        None => rule.key == key,
    };
    named && rule.check.can_be_waived()
}

/// Refuses an entry of `lint.off` that switches nothing off.
fn off(key: &str, rules: &[Rule]) -> Result<(), RulesError> {
    if let Some(rule) = rules.iter().find(|rule| rule.key == key)
        && !rule.check.can_be_waived()
    {
        let why = "what it finds makes a text unusable, so it cannot be switched off";
        return Err(RulesError(format!("lint.off: {key}: {why}")));
    }
    match rules.iter().any(|rule| switches(key, rule)) {
        true => Ok(()),
        false => Err(RulesError(format!(
            "lint.off: {key}: there is no such rule. `candor lint --list` names all"
        ))),
    }
}

/// Adds the words of the shared part.
fn resolve(rule: &mut Rule, parts: &BTreeMap<String, Part>) -> Result<(), RulesError> {
    if rule.part.is_empty() {
        return Ok(());
    }
    let unknown = || RulesError(format!("{}: there is no part “{}”", rule.key, rule.part));
    let part = parts.get(&rule.part).ok_or_else(unknown)?.clone();
    for (language, words) in part.phrases {
        rule.phrases.entry(language).or_default().extend(words);
    }
    rule.facts.extend(part.facts);
    rule.placeholders.extend(part.placeholders);
    rule.contact |= part.contact;
    Ok(())
}

fn check_all(rules: &[Rule]) -> Result<(), RulesError> {
    let mut keys = BTreeSet::new();
    for rule in rules {
        let wrong = |why: &str| RulesError(format!("{}: {why}", rule.key));
        let is_key =
            |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-');
        if rule.key.is_empty() || rule.key.len() > 80 || !rule.key.chars().all(is_key) {
            return Err(wrong(
                "a key has 1 to 80 small letters, digits, dots and hyphens",
            ));
        }
        if !keys.insert(&rule.key) {
            return Err(wrong("there is another rule with this key"));
        }
        if rule.jurisdictions.is_empty() {
            return Err(wrong("name its jurisdictions, or \"any\""));
        }
        if rule.law.trim().is_empty() || rule.todo.trim().is_empty() || rule.what.trim().is_empty()
        {
            return Err(wrong("law, what and todo must say something"));
        }
        if rule
            .from
            .zip(rule.until)
            .is_some_and(|(from, until)| until < from)
        {
            return Err(wrong("until is before from"));
        }
        if matches!(rule.check, Check::ReadingLevel | Check::Length) && rule.limit.is_none() {
            return Err(wrong("this check needs a limit"));
        }
        if !find(rule, &rule.passing).is_empty() {
            return Err(wrong("it finds something in its passing example"));
        }
        if find(rule, &rule.failing).is_empty() {
            return Err(wrong("it finds nothing in its failing example"));
        }
    }
    Ok(())
}

/// What a rule finds in one of its examples.
pub(super) fn find(rule: &Rule, example: &Example) -> Vec<look::Hit> {
    let variant = Variant {
        subject: example.subject.clone(),
        body: example.body.clone(),
    };
    let domains = ["organisation.example".to_owned()];
    let setting = Setting {
        organisation: "Organisation",
        title: "Theft of data",
        facts: Some(&example.facts),
        public_url: "https://organisation.example",
        domains: &domains,
        is_known: true,
    };
    let elements = [
        example.elements,
        rule.elements,
        ElementSet::of(&[Element::Name]),
    ];
    let elements = elements.into_iter().find(|set| !set.is_empty());
    let elements = elements.unwrap_or(ElementSet::EMPTY);
    let text = Text::read(
        &example.locale,
        &variant,
        setting,
        elements,
        ElementSet::EMPTY,
    );
    look::look(rule, &text)
}

/// Why a rule is not in force on this day; `None` if it is.
pub(super) fn inactive(rule: &Rule, day: NaiveDate) -> Option<&'static str> {
    match rule.state {
        State::Proposed => Some("proposed"),
        State::Repealed => Some("repealed"),
        State::InForce | State::Disputed if rule.weight_on(day).is_none() => Some("not in force"),
        State::InForce | State::Disputed => None,
    }
}
