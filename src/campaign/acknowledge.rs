//! What an author acknowledges with a submission: texts that do not suit all their readers and may be meant so.

use std::collections::BTreeMap;

use serde::Serialize;

use super::content::Content;
use crate::element::LOCALES;
use crate::person::place::Locale;
use crate::template::merge::Compiled;

/// People who read a language, and the text that they get.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Readers {
    /// Which language they read.
    pub locale: Locale,
    /// How many.
    pub people: i64,
    /// The language tag of the text that they get.
    pub text: String,
    /// Whether that text is in their language.
    pub is_theirs: bool,
}

/// Something that is only sent if its author says that it is meant so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ToAcknowledge {
    /// What to say: `fr`, `es:what_happened`, `en:told-wrongly=5`, `en:not-affected=2`.
    pub key: String,
    /// How many people it concerns.
    pub people: i64,
    /// Why, a sentence.
    pub why: String,
}

/// What a yes to a correction means that leaves something unsaid. A person knows what they were last told, and a correction
/// replaces all that was said before, whatever its text says of it.
fn count_as_corrected(people: i64) -> String {
    match people {
        1 => {
            "once it is sent, this person counts as corrected and leaves “Told too much”".to_owned()
        }
        n => format!(
            "once it is sent, these {n} people count as corrected and leave “Told too much”"
        ),
    }
}

/// A correction to people who were told wrongly; its text does not name what was wrong.
pub(super) fn uncorrected((text, people): (String, i64)) -> ToAcknowledge {
    let key = format!("{text}:told-wrongly={people}");
    let who = match people {
        1 => "1 person was".to_owned(),
        people => format!("{people} people were"),
    };
    ToAcknowledge {
        why: format!(
            "{who} told of something that is not theirs, and the text “{text}” does not say of what. Write \
             {{{{ told_wrongly }}}} in it, or acknowledge “{key}”: {}, although the text does not say what was wrong.",
            count_as_corrected(people)
        ),
        people,
        key,
    }
}

/// A correction to people who are not affected any more; its text has no words for them.
pub(super) fn unaddressed((text, people): (String, i64)) -> ToAcknowledge {
    let key = format!("{text}:not-affected={people}");
    let who = match people {
        1 => "1 person is".to_owned(),
        people => format!("{people} people are"),
    };
    ToAcknowledge {
        why: format!(
            "{who} not affected any more, and the text “{text}” has no words for that: they read what it says to \
             everybody. Write some between {{{{#if has.none}}}} and {{{{/if}}}}, or acknowledge “{key}”: {}, although \
             the text does not say that they are not affected.",
            count_as_corrected(people)
        ),
        people,
        key,
    }
}

/// What has to be acknowledged of the languages of readers and of the facts that the texts quote.
pub(super) fn acknowledge(
    content: &Content,
    texts: &BTreeMap<String, Compiled>,
    all: &[Readers],
) -> Vec<ToAcknowledge> {
    let mut without: BTreeMap<&str, (i64, &str)> = BTreeMap::new();
    for one in all.iter().filter(|one| !one.is_theirs) {
        let language = without
            .entry(one.locale.language())
            .or_insert((0, &one.text));
        language.0 += one.people;
    }
    let languages = without.into_iter().map(|(language, (people, text))| {
        let who = match people {
            1 => "1 person reads".to_owned(),
            people => format!("{people} people read"),
        };
        ToAcknowledge {
            key: language.to_owned(),
            people,
            why: format!(
                "{who} “{language}”, and there is no text in it: they get the text “{text}”. Add a text, or \
                 acknowledge “{language}”."
            ),
        }
    });
    let facts = used(all).into_iter().flat_map(|(tag, people)| {
        let quoted = texts.get(tag).map_or(&[][..], Compiled::facts);
        let foreign = quoted.iter().filter(move |key| {
            let value = content.facts.iter().find(|(of, _)| of.eq_ignore_ascii_case(key));
            let value = value.map_or("", |(_, value)| value);
            let is_told = content.told_key(key, tag).is_some();
            !is_told && fact_language(key) != language(tag) && !is_neutral(key, value)
        });
        foreign.map(move |key| ToAcknowledge {
            key: format!("{tag}:{key}"),
            people,
            why: format!(
                "The text “{tag}” quotes the fact “{key}”, which is written in “{}”; {people} get it. Write the claim \
                 “{}” in “{}” on the fact sheet, or acknowledge “{tag}:{key}”.",
                fact_language(key),
                base(key),
                language(tag),
            ),
        })
    });
    languages.chain(facts).collect()
}

/// The first part of a language tag.
pub(crate) fn language(tag: &str) -> &str {
    tag.split('-').next().unwrap_or(tag)
}

/// The texts that have readers, each with their number.
pub(super) fn used(readers: &[Readers]) -> BTreeMap<&str, i64> {
    let mut used = BTreeMap::new();
    for one in readers {
        *used.entry(one.text.as_str()).or_default() += one.people;
    }
    used
}

/// The language of a fact's text: what its key ends with (`what_happened_es`), else English.
fn fact_language(key: &str) -> &str {
    let end = key.rsplit_once('_').map(|(_, end)| end);
    end.filter(|end| LOCALES.contains(end)).unwrap_or("en")
}

/// The key without its language.
fn base(key: &str) -> &str {
    match key.rsplit_once('_') {
        Some((base, end)) if LOCALES.contains(&end) => base,
        _ => key,
    }
}

/// What keys of facts end with that read the same in every language: names, numbers and addresses.
const NEUTRAL: [&str; 14] = [
    "phone",
    "telephone",
    "tel",
    "fax",
    "email",
    "mail",
    "address",
    "url",
    "link",
    "site",
    "website",
    "sender",
    "organisation",
    "organization",
];

/// Whether a fact reads the same in every language: by its key, or because nothing but numbers, web addresses and
/// e-mail addresses stand in it.
pub(crate) fn is_neutral(key: &str, value: &str) -> bool {
    let last = key.rsplit('_').next().unwrap_or(key);
    let is_address =
        |word: &str| word.contains("://") || word.contains('@') || word.starts_with("www.");
    let is_plain = |word: &str| is_address(word) || !word.chars().any(char::is_alphabetic);
    NEUTRAL.contains(&last) || value.split_whitespace().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_addresses_and_dates_in_digits_need_no_translation() {
        for (key, value, neutral) in [
            ("contact_phone", "call +1 800", true),
            ("since", "2026-11-29", true),
            ("more", "https://x.example/a or-not", false),
            ("more", "https://x.example/a help@x.example (24)", true),
            ("when", "March to August 2021", false),
            ("what_happened", "Someone broke in.", false),
        ] {
            assert_eq!(is_neutral(key, value), neutral, "{key} {value}");
        }
        assert_eq!(fact_language("what_happened_es"), "es");
        assert_eq!(fact_language("what_happened"), "en");
        assert_eq!(base("what_happened_es"), "what_happened");
    }
}
