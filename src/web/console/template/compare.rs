//! Two versions of a template's texts, compared word by word.

use super::language::own_name;
use crate::template::diff::{self, Piece};
use crate::template::{Variant, Variants};

/// What differs between two versions of the text of one language.
#[derive(Debug, Clone, Default)]
pub struct Compared {
    /// The language's code.
    pub locale: String,
    /// Its name.
    pub language: String,
    /// What there is to say about the whole text, such as that it is new; empty for nothing.
    pub note: String,
    /// The subject.
    pub subject: Vec<Piece>,
    /// The body.
    pub body: Vec<Piece>,
}

/// The text of a language in two versions.
pub(crate) fn compared(locale: &str, older: &Variants, newer: &Variants) -> Compared {
    let (was, is) = (older.get(locale), newer.get(locale));
    let note = match (was, is) {
        (None, Some(_)) => "This language is new.",
        (Some(_), None) => "This language was removed.",
        (Some(was), Some(is)) if was == is => "Nothing changed in this language.",
        _ => "",
    };
    let subject = |text: Option<&Variant>| text.map_or("", |text| text.subject.as_str()).to_owned();
    let body = |text: Option<&Variant>| text.map_or("", |text| text.body.as_str()).to_owned();
    Compared {
        locale: locale.to_owned(),
        language: own_name(locale),
        note: note.to_owned(),
        subject: diff::words(&subject(was), &subject(is)),
        body: diff::words(&body(was), &body(is)),
    }
}

/// The languages of two versions, and whether each text differs between them.
pub(crate) fn languages(older: &Variants, newer: &Variants) -> Vec<(String, bool)> {
    let mut all: Vec<&String> = older.keys().chain(newer.keys()).collect();
    all.sort_unstable();
    all.dedup();
    let each = all.into_iter();
    each.map(|locale| (locale.clone(), older.get(locale) != newer.get(locale)))
        .collect()
}

/// What changed between two versions, in the languages in which something did.
pub(crate) fn changed(older: &Variants, newer: &Variants) -> Vec<Compared> {
    let differing = languages(older, newer).into_iter();
    differing
        .filter(|(_, differs)| *differs)
        .map(|(locale, _)| compared(&locale, older, newer))
        .collect()
}
