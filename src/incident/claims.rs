//! Claims: what is known of an incident, one by one. A claim has a key, a state and a text for each language.
//!
//! The fact sheet ([`Facts`]) is computed from the claims: a claim's English text has the claim's key, and its text in
//! another language has the key with the language behind it, such as `what_happened_ar`. Templates, pages and programs
//! read the fact sheet.

use std::borrow::Cow;
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::{BadText, Facts, UpdateKind, change, check_facts};
use crate::element::LOCALES;
use crate::id::StaffId;

/// The language of a claim's text without another language.
pub const DEFAULT: &str = "en";

/// The keys that most incidents need, each with the question that its text answers.
pub const KEYS: [(&str, &str); 16] = [
    ("what_happened", "What happened, in two or three sentences?"),
    (
        "what_changed",
        "What did you learn since you first wrote to people?",
    ),
    ("discovered_on", "On which day did you discover it?"),
    ("happened_between", "Between which days did it happen?"),
    (
        "what_we_are_doing",
        "What have you done, and what do you do now?",
    ),
    (
        "what_we_know_about_misuse",
        "Do you know of any misuse of the data?",
    ),
    (
        "likely_consequences",
        "What may happen to people because of it?",
    ),
    ("offer", "What do you offer, such as identity protection?"),
    (
        "next_update",
        "When do you say more? Write a day as 2026-12-24.",
    ),
    ("contact_phone", "Which number do people call?"),
    ("contact_hours", "When are calls answered?"),
    ("contact_email", "Which e-mail address do people write to?"),
    (
        "contact_address",
        "Which postal address do people write to?",
    ),
    ("dpo", "How do people reach the data protection officer?"),
    ("complaint", "Where do people complain about you?"),
    (
        "organisation",
        "What is the organisation called in the texts?",
    ),
];

/// The texts of a claim by locale.
pub type Texts = BTreeMap<String, String>;

/// One version of a claim, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// The claim.
    pub key: String,
    /// The version of the incident that it was written with.
    pub number: i32,
    /// How sure it was.
    pub state: UpdateKind,
    /// Its texts; none of a claim that was removed.
    pub texts: Texts,
    /// Who wrote it; `None`: a fact that is older than the versions of claims, or that an older program wrote.
    pub by: Option<StaffId>,
    /// When.
    pub at: Option<DateTime<Utc>>,
}

/// The present versions of claims, by key.
pub type Claims = BTreeMap<String, Version>;

/// The number of a version that is not kept.
const UNKNOWN: i32 = i32::MAX;

/// The key of a claim's text in the fact sheet.
pub fn fact_key(key: &str, locale: &str) -> String {
    match locale {
        DEFAULT => key.to_owned(),
        _ => format!("{key}_{}", suffix(locale)),
    }
}

fn suffix(locale: &str) -> String {
    locale.to_ascii_lowercase().replace('-', "_")
}

/// The key in the fact sheet of what a text in `locale` says when it quotes `key`, if that is another: the text of the
/// claim in this locale, else in its language.
pub(crate) fn told_key(facts: &Facts, key: &str, locale: &str) -> Option<String> {
    let nearest = nearest(locale);
    let mut keys = nearest.iter().map(|tag| format!("{key}_{}", suffix(tag)));
    keys.find(|key| facts.contains_key(key))
}

/// The tags that a reader of `locale` may be told in, the nearest first: `zh-Hant-TW`, `zh-Hant`, `zh`. English alone is
/// the default.
fn nearest(locale: &str) -> Vec<&str> {
    let ends = locale.match_indices('-').map(|(at, _)| at).rev();
    let shorter = ends.map(|at| &locale[..at]);
    let all = [locale].into_iter().chain(shorter);
    all.filter(|tag| !tag.eq_ignore_ascii_case(DEFAULT))
        .collect()
}

/// The fact sheet as a text in `locale` quotes it: each fact in that language, if it has a text in it.
pub(crate) fn told<'f>(facts: &'f Facts, locale: &str) -> Cow<'f, Facts> {
    let mut told = Cow::Borrowed(facts);
    for tag in nearest(locale).into_iter().rev() {
        let end = format!("_{}", suffix(tag));
        for (key, text) in facts {
            if let Some(key) = key.strip_suffix(&end).filter(|key| !key.is_empty()) {
                told.to_mut().insert(key.to_owned(), text.clone());
            }
        }
    }
    told
}

/// The claims that a fact sheet consists of. `known`: their versions as they are kept, which tell the language at the end of
/// a key from a key of one's own. A fact that `known` does not have as it is has a version without a number.
pub fn of_facts(facts: &Facts, known: Vec<Version>) -> Claims {
    let mut claims: Claims = known
        .into_iter()
        .map(|one| (one.key.clone(), one))
        .collect();
    let mut kept = BTreeMap::new();
    for claim in claims.values() {
        for locale in claim.texts.keys() {
            kept.insert(
                fact_key(&claim.key, locale),
                (claim.key.clone(), locale.clone()),
            );
        }
    }
    let mut texts: BTreeMap<String, Texts> = BTreeMap::new();
    for (fact, text) in facts {
        let (key, locale) = place(fact, facts, &kept);
        texts.entry(key).or_default().insert(locale, text.clone());
    }
    for (key, claim) in &mut claims {
        let now = texts.remove(key).unwrap_or_default();
        if now != claim.texts {
            *claim = unkept(key, claim.state, now);
        }
    }
    let new = texts.into_iter().map(|(key, texts)| {
        let claim = unkept(&key, UpdateKind::Known, texts);
        (key, claim)
    });
    claims.extend(new);
    claims
}

fn unkept(key: &str, state: UpdateKind, texts: Texts) -> Version {
    Version {
        key: key.to_owned(),
        number: UNKNOWN,
        state,
        texts,
        by: None,
        at: None,
    }
}

/// The claim and the locale of a fact.
fn place(fact: &str, facts: &Facts, kept: &BTreeMap<String, (String, String)>) -> (String, String) {
    let of_language = || {
        let (key, language) = fact.rsplit_once('_')?;
        let is_one = LOCALES.contains(&language) && language != DEFAULT && facts.contains_key(key);
        is_one.then(|| (key.to_owned(), language.to_owned()))
    };
    let own = || (fact.to_owned(), DEFAULT.to_owned());
    match kept.get(fact) {
        Some((key, locale)) if locale != DEFAULT => (key.clone(), locale.clone()),
        _ => of_language().unwrap_or_else(own),
    }
}

/// The fact sheet of claims.
///
/// # Errors
/// [`BadText`] of a key, a language or a text; [`BadText::SameKey`] if two texts have one key.
pub(crate) fn to_facts(claims: &Claims) -> Result<Facts, BadText> {
    let mut facts = Facts::new();
    for claim in claims.values() {
        for (locale, text) in &claim.texts {
            if !is_tag(locale) {
                return Err(BadText::Language);
            }
            let same = facts.insert(fact_key(&claim.key, locale), text.clone());
            if same.is_some() {
                return Err(BadText::SameKey);
            }
        }
    }
    check_facts(&facts)?;
    Ok(facts)
}

/// Whether this is a language tag. `web` brings tags into their usual case.
fn is_tag(locale: &str) -> bool {
    let mut parts = locale.split('-');
    let is_language = parts.next().is_some_and(|language| {
        (2..=3).contains(&language.len()) && language.bytes().all(|b| b.is_ascii_lowercase())
    });
    let is_part = |part: &str| {
        (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    is_language && parts.all(is_part) && locale.len() <= 35
}

/// The claims of `after` that are not as in `before`.
pub(crate) fn changed(before: &Claims, after: &Claims) -> Vec<Version> {
    let is_new = |one: &&Version| {
        let was = before.get(&one.key);
        let as_before = was.is_some_and(|was| was.state == one.state && was.texts == one.texts);
        !as_before && (was.is_some() || !one.texts.is_empty())
    };
    after.values().filter(is_new).cloned().collect()
}

/// Whether this version of a claim is not as a caller saw it who read the incident at version `seen`.
pub(crate) fn is_newer(claims: &Claims, key: &str, seen: i32) -> bool {
    claims.get(key).is_some_and(|claim| claim.number > seen)
}

/// Finds the claim with this fact as its text, among claims with their languages.
pub fn claim_of<'c>(
    claims: impl IntoIterator<Item = (&'c String, &'c Texts)>,
    fact: &str,
) -> Option<(&'c str, &'c str)> {
    claims.into_iter().find_map(|(key, texts)| {
        let locale = texts.keys().find(|locale| fact_key(key, locale) == fact)?;
        Some((key.as_str(), locale.as_str()))
    })
}

/// The keys of the fact sheet that differ, for the audit log.
pub(crate) fn differing(before: &Facts, after: &Facts) -> Vec<String> {
    let changes = change::changes(before, after).into_iter();
    changes.map(|one| one.key).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(pairs: &[(&str, &str)]) -> Facts {
        let pair = |(key, text): &(&str, &str)| ((*key).to_owned(), (*text).to_owned());
        pairs.iter().map(pair).collect()
    }

    fn claim(key: &str, number: i32, texts: &[(&str, &str)]) -> Version {
        Version {
            number,
            ..unkept(key, UpdateKind::Known, facts(texts))
        }
    }

    #[test]
    fn a_fact_sheet_becomes_claims_and_claims_become_the_same_fact_sheet() {
        let sheet = facts(&[
            ("what", "en"),
            ("what_es", "es"),
            ("what_en", "own"),
            ("phone_ar", "alone"),
            ("offer_pt_br", "pt-BR"),
        ]);
        let known = vec![
            claim("offer", 3, &[("pt-BR", "pt-BR")]),
            claim("gone", 2, &[("en", "was here")]),
        ];
        let claims = of_facts(&sheet, known);
        let told: Vec<_> = claims
            .values()
            .map(|one| (one.key.as_str(), one.texts.len(), one.number))
            .collect();
        assert_eq!(
            told,
            [
                ("gone", 0, UNKNOWN),
                ("offer", 1, 3),
                ("phone_ar", 1, UNKNOWN),
                ("what", 2, UNKNOWN),
                ("what_en", 1, UNKNOWN),
            ]
        );
        assert_eq!(to_facts(&claims), Ok(sheet));
        assert_eq!(claims["what"].texts, facts(&[("en", "en"), ("es", "es")]));
    }

    #[test]
    fn two_texts_of_one_key_and_odd_languages_are_refused() {
        let both = |of: [Version; 2]| of.map(|one| (one.key.clone(), one)).into();
        let same = both([
            claim("what", 1, &[("es", "a")]),
            claim("what_es", 1, &[("en", "b")]),
        ]);
        assert_eq!(to_facts(&same), Err(BadText::SameKey));
        for tag in ["", "e", "EN", "en_US", "en-", "<b>", "zh-Hant-aaaaaaaaa"] {
            let odd = both([claim("a", 1, &[(tag, "a")]), claim("b", 1, &[])]);
            assert_eq!(to_facts(&odd), Err(BadText::Language), "{tag}");
        }
    }

    #[test]
    fn a_text_quotes_a_claim_in_its_own_language() {
        let sheet = facts(&[
            ("what", "en"),
            ("what_zh", "zh"),
            ("what_zh_hant", "zh-Hant"),
            ("offer_zh", "only zh"),
        ]);
        for (locale, what) in [
            ("en", "en"),
            ("en-GB", "en"),
            ("zh", "zh"),
            ("zh-Hant-TW", "zh-Hant"),
            ("zh-Hans", "zh"),
            ("ko", "en"),
        ] {
            assert_eq!(told(&sheet, locale)["what"], what, "{locale}");
            let key = told_key(&sheet, "what", locale).unwrap_or_else(|| "what".to_owned());
            assert_eq!(sheet[&key], what, "{locale}");
        }
        assert_eq!(told(&sheet, "zh")["offer"], "only zh");
        assert!(!told(&sheet, "ko").contains_key("offer"));
    }
}
