//! What the texts of a template name (promise P2), as remarks for its author.
//!
//! A text names an element by `{{ elements }}`, which lists all that was exposed of its reader, or by words: the
//! template declares the element, and the words of `element::words` in the text's language stand in the text, outside
//! of the guidance block.

use super::lint::{Check, Finding, Severity};
use super::merge::{self, Compiled, Fixed};
use super::preview::keys_as_facts;
use super::{Variant, Variants};
use crate::element::{Element, ElementSet};
use crate::incident::Facts;

const NOT_FOUND: &str = "The template declares that this text names it. Write these words outside of the guidance, or \
                         take the element out of the declaration.";
const PERHAPS_A_FACT: &str = "The template declares that this text names it, and these words are not in it. A fact may \
                              hold them: that is checked when a campaign is submitted.";
const NOT_DECLARED: &str = "The text says these words and does not list {{ elements }}. If it tells readers that this \
                            was taken, declare the element in “names”; otherwise nobody counts as told of it.";
const NAMES_NOTHING: &str = "People must read what of theirs was exposed. No campaign can be submitted with this text \
                             while it does not say it.";

/// Remarks on what each text names, by locale. Facts show as their keys.
pub(crate) fn findings(variants: &Variants, declared: ElementSet) -> Vec<(&str, Finding)> {
    let of = |(locale, variant): (&'_ String, &'_ Variant)| {
        let compiled = alone(locale, variant);
        compiled.map_or_else(Vec::new, |text| check(&text, locale, declared))
    };
    let each = variants
        .iter()
        .map(|(locale, variant)| (locale, of((locale, variant))));
    each.flat_map(|(locale, found)| found.into_iter().map(|one| (locale.as_str(), one)))
        .collect()
}

/// A text without an incident; `None` if it does not compile.
fn alone(locale: &str, variant: &Variant) -> Option<Compiled> {
    let compile = |facts: &Facts| {
        let fixed = Fixed {
            locale,
            organisation: "-",
            incident_title: "-",
            facts,
        };
        merge::compile(&variant.subject, &variant.body, &fixed)
    };
    compile(&Facts::new())
        .or_else(|wrong| compile(&keys_as_facts(&wrong)))
        .ok()
}

fn check(text: &Compiled, locale: &str, declared: ElementSet) -> Vec<Finding> {
    let all = text.shown(ElementSet::ALL);
    let remark = |severity, element: Option<Element>, why: &'static str| Finding {
        check: Check::UnnamedElement,
        severity,
        line: 0,
        what: element.map_or_else(
            || "{{ elements }} is missing, and nothing is named by words".to_owned(),
            |element| format!("“{}” ({element})", element.words(locale)),
        ),
        why: why.into(),
    };
    let always_listed = Element::ALL
        .iter()
        .all(|element| text.shown(ElementSet::of(&[*element])).list);
    if always_listed {
        return Vec::new();
    }
    let (severity, why) = match text.facts().is_empty() {
        true => (Severity::Error, NOT_FOUND),
        false => (Severity::Warning, PERHAPS_A_FACT),
    };
    let missing = declared.minus(all.words).iter();
    let mut found: Vec<Finding> = missing.map(|e| remark(severity, Some(e), why)).collect();
    if !all.list {
        let undeclared = all.words.minus(declared).iter();
        found.extend(undeclared.map(|e| remark(Severity::Warning, Some(e), NOT_DECLARED)));
        if declared.is_empty() {
            found.push(remark(Severity::Warning, None, NAMES_NOTHING));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(body: &str, declared: &[Element]) -> Vec<(Severity, String)> {
        let text = Variant {
            subject: "Notice".to_owned(),
            body: body.to_owned(),
        };
        let variants = Variants::from([("en".to_owned(), text)]);
        let all = findings(&variants, ElementSet::of(declared));
        all.into_iter()
            .map(|(_, one)| (one.severity, one.what))
            .collect()
    }

    #[test]
    fn a_declared_element_must_stand_in_the_text_and_a_found_one_should_be_declared() {
        let ssn = "“Social Security number” (ssn)".to_owned();
        assert_eq!(found("Taken: {{ elements }}.", &[]), []);
        assert_eq!(found("Taken: {{ elements }}.", &[Element::Ssn]), []);
        let by_words = "Your Social Security\nnumber was taken.";
        assert_eq!(found(by_words, &[Element::Ssn]), []);
        assert_eq!(
            found(by_words, &[Element::Ssn, Element::Phone]),
            [(Severity::Error, "“phone number” (phone)".to_owned())]
        );
        assert!(found(by_words, &[]).contains(&(Severity::Warning, ssn.clone())));
        // Advice is no naming, and a fact may hold what the text does not.
        assert_eq!(
            found("{{ guidance }}", &[Element::Ssn]),
            [(Severity::Error, ssn.clone())]
        );
        assert_eq!(
            found("{{ facts.what }}", &[Element::Ssn]),
            [(Severity::Warning, ssn)]
        );
    }
}
