//! Starting texts: notices for common cases, with which a template begins. They stand in `config/texts`, one file a
//! case, and are part of the program. What several cases say alike stands once for each language in
//! `config/texts/parts`; a line `@NAME` of a text stands for that part.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde::Deserialize;

use super::merge::{self, Fixed};
use super::preview::keys_as_facts;
use super::{Variant, Variants};
use crate::incident::Facts;

/// Files of `config/texts`, by their names without the ending.
macro_rules! files {
    ($dir:literal: $($name:literal),+ $(,)?) => {
        [$(($name, include_str!(concat!("../../config/texts/", $dir, $name, ".toml")))),+]
    };
}

/// The cases, in the order in which they are offered.
const CASES: [(&str, &str); 9] = files!["":
    "first_notice",
    "first_notice_gdpr",
    "first_notice_massachusetts",
    "sign_in_data",
    "health_data",
    "service_provider",
    "still_checking",
    "supplement",
    "correction",
];
/// The languages.
const PARTS: [(&str, &str); 4] = files!["parts/": "en", "es", "fr", "de"];

/// A notice with which a template can begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartingText {
    /// Its name for programs.
    pub key: &'static str,
    /// Its name for people.
    pub title: String,
    /// When to take it, and what to check in it.
    pub about: String,
    /// Its texts by language.
    pub variants: Variants,
    /// The keys of the facts that it quotes: the incident must have them before a campaign can be submitted.
    pub facts: Vec<String>,
}

impl StartingText {
    /// The codes of its languages: `de, en, es, fr`.
    pub fn languages(&self) -> String {
        let codes: Vec<_> = self.variants.keys().map(String::as_str).collect();
        codes.join(", ")
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    title: String,
    about: String,
    texts: Variants,
}

/// All starting texts, in the order in which they are offered.
///
/// # Panics
/// If a file of the program is not as it must be; [`check`] says that at the start of the program, and a test earlier.
pub fn all() -> &'static [StartingText] {
    static ALL: LazyLock<Vec<StartingText>> = LazyLock::new(|| {
        read().expect("the starting texts of the program are checked at its start")
    });
    &ALL
}

/// The starting text with this key.
pub fn find(key: &str) -> Option<&'static StartingText> {
    all().iter().find(|text| text.key == key)
}

/// Reads and compiles all starting texts.
///
/// # Errors
/// The first file that is not as it must be, and why.
pub fn check() -> Result<(), String> {
    read().map(drop)
}

fn read() -> Result<Vec<StartingText>, String> {
    let parts = PARTS
        .iter()
        .map(|(locale, file)| {
            let parts = toml::from_str(file).map_err(|why| format!("parts/{locale}: {why}"))?;
            Ok((*locale, parts))
        })
        .collect::<Result<BTreeMap<_, BTreeMap<String, String>>, String>>()?;
    let case = |(key, file): &(&'static str, &str)| {
        let case: Case = toml::from_str(file).map_err(|why| format!("{key}: {why}"))?;
        one(key, case, &parts).map_err(|why| format!("{key}: {why}"))
    };
    CASES.iter().map(case).collect()
}

fn one(
    key: &'static str,
    case: Case,
    parts: &BTreeMap<&str, BTreeMap<String, String>>,
) -> Result<StartingText, String> {
    let (mut variants, mut facts) = (Variants::new(), BTreeSet::new());
    for (locale, text) in case.texts {
        let parts = parts
            .get(locale.as_str())
            .ok_or_else(|| format!("there are no parts in {locale}"))?;
        let text = Variant {
            body: put_together(&text.body, parts).map_err(|why| format!("{locale}: {why}"))?,
            subject: text.subject,
        };
        facts.extend(quoted(&locale, &text).map_err(|why| format!("{locale}: {why}"))?);
        variants.insert(locale, text);
    }
    Ok(StartingText {
        key,
        title: case.title,
        about: case.about.trim().to_owned(),
        variants,
        facts: facts.into_iter().collect(),
    })
}

/// A text with its parts in their places.
fn put_together(body: &str, parts: &BTreeMap<String, String>) -> Result<String, String> {
    let mut whole = String::with_capacity(4 * body.len());
    for line in body.trim().lines() {
        let line = match line.strip_prefix('@') {
            None => line,
            Some(name) => parts
                .get(name)
                .ok_or_else(|| format!("there is no part “{name}”"))?
                .trim(),
        };
        whole.push_str(line);
        whole.push('\n');
    }
    Ok(whole)
}

/// The facts that a text quotes, by key.
///
/// # Errors
/// Why it does not compile.
pub(crate) fn quoted(locale: &str, text: &Variant) -> Result<Vec<String>, String> {
    let compile = |facts: &Facts| {
        let fixed = Fixed {
            locale,
            organisation: "-",
            incident_title: "-",
            facts,
        };
        merge::compile(&text.subject, &text.body, &fixed)
    };
    let compiled = compile(&Facts::new()).or_else(|wrong| compile(&keys_as_facts(&wrong)));
    let in_words = |wrong: Vec<merge::MergeError>| {
        let each: Vec<_> = wrong.iter().map(ToString::to_string).collect();
        each.join(" ")
    };
    Ok(compiled.map_err(in_words)?.facts().to_vec())
}
