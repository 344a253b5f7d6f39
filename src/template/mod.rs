//! Templates: versioned texts, one variant per locale, immutable once written.

pub mod diff;
pub mod edit;
pub(crate) mod guardian;
pub(crate) mod layout;
pub mod lint;
pub mod manage;
pub mod menu;
pub mod merge;
pub(crate) mod naming;
pub(crate) mod preview;
mod quoted;
pub mod rules;
pub mod starting_text;
pub(crate) mod store;

pub(crate) use quoted::quotes_by_language;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::element::ElementSet;
use crate::id::TemplateId;

/// The text of one locale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// The subject line, with placeholders.
    pub subject: String,
    /// The Markdown body, with placeholders.
    pub body: String,
}

/// The variants of one version, by locale (BCP 47).
pub type Variants = BTreeMap<String, Variant>;

/// One version of a template.
#[derive(Debug, Clone)]
pub struct Template {
    /// Its id.
    pub id: TemplateId,
    /// Its name.
    pub name: String,
    /// Which version this is, from 1.
    pub version: i32,
    /// Its texts.
    pub variants: Variants,
    /// The elements that its texts name by words ([`naming`]).
    pub names: ElementSet,
}

/// The locale of the variant that a person who reads `locale` gets: the very one, else one of the same
/// language, else English, else the first. `None` only without variants.
pub fn pick<'v, V>(variants: &'v BTreeMap<String, V>, locale: &str) -> Option<(&'v str, &'v V)> {
    let language = |tag: &str| tag.split('-').next().unwrap_or(tag).to_ascii_lowercase();
    let find = |wanted: &dyn Fn(&str) -> bool| variants.iter().find(|(tag, _)| wanted(tag));
    find(&|tag| tag.eq_ignore_ascii_case(locale))
        .or_else(|| find(&|tag| tag.eq_ignore_ascii_case(&language(locale))))
        .or_else(|| find(&|tag| language(tag) == language(locale)))
        .or_else(|| find(&|tag| language(tag) == "en"))
        .or_else(|| variants.iter().next())
        .map(|(tag, variant)| (tag.as_str(), variant))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_gets_the_nearest_text() {
        let variants: BTreeMap<String, ()> = ["en", "es", "zh-Hant", "pt-BR"]
            .into_iter()
            .map(|tag| (tag.to_owned(), ()))
            .collect();
        for (reads, gets) in [
            ("es", "es"),
            ("es-MX", "es"),
            ("pt", "pt-BR"),
            ("zh-hant", "zh-Hant"),
            ("ko", "en"),
            ("EN-US", "en"),
        ] {
            assert_eq!(
                pick(&variants, reads).map(|(tag, ())| tag),
                Some(gets),
                "{reads}"
            );
        }
    }
}
