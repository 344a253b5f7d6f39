//! Which facts a text quotes, read from its source as `merge` reads it.

use crate::incident::Facts;
use crate::incident::claims::told_key;

use super::{Variant, Variants};

/// Whether a text quotes a claim that has a text in its language.
pub(crate) fn quotes_by_language(variants: &Variants, facts: &Facts) -> bool {
    let mut texts = variants.iter();
    texts.any(|(locale, variant)| {
        let mut quoted = variant.quoted();
        quoted.any(|key| told_key(facts, &key, locale).is_some())
    })
}

impl Variant {
    /// The keys of the facts that subject and body quote, in lower case.
    pub(crate) fn quoted(&self) -> impl Iterator<Item = String> {
        let sources = [self.subject.as_str(), self.body.as_str()];
        sources.into_iter().flat_map(quoted)
    }
}

fn quoted(source: &str) -> impl Iterator<Item = String> {
    let inside = |part: &str| part.split_once("}}").map(|(inside, _)| inside.to_owned());
    let parts = source.split("{{").skip(1).filter_map(inside);
    parts.filter_map(|inside| {
        let word: String = inside.split_whitespace().collect();
        let word = word.to_ascii_lowercase();
        word.strip_prefix("facts.").map(str::to_owned)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_facts_are_found_however_they_are_spelled() {
        let source = "{{facts.a}} {{ name }} {{ FACTS . b }} {{#if has.ssn}} {{facts.c {{ facts.d\n}} facts.e";
        let keys: Vec<_> = quoted(source).collect();
        assert_eq!(keys, ["a", "b", "d"]);
    }

    #[test]
    fn only_a_claim_that_is_quoted_and_has_a_text_in_the_language_counts() {
        let facts = ["when", "when_es", "why", "why_fr"].map(|key| (key.to_owned(), String::new()));
        let facts = Facts::from(facts);
        for (locale, quotes) in [("es-MX", true), ("en", false), ("fr", false), ("de", false)] {
            let variant = Variant {
                subject: "S".to_owned(),
                body: "{{ facts.when }}".to_owned(),
            };
            let variants = Variants::from([(locale.to_owned(), variant)]);
            assert_eq!(quotes_by_language(&variants, &facts), quotes, "{locale}");
        }
    }
}
