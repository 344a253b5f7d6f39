//! How easy a text is to read: a score from 100 (easy) downwards, by the formula that is in use for its language.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use crate::template::lint::reading::replace_placeholders;

/// Fewer words than this say nothing about a text.
const FEWEST_WORDS: usize = 30;

/// A formula: its name, and what it makes of words a sentence and syllables a word.
type Formula = (&'static str, fn(f64, f64) -> f64);

/// The formula of a language; `None` if Candor knows none.
fn formula(language: &str) -> Option<Formula> {
    Some(match language {
        "en" => ("Flesch", |words, syllables| {
            206.835 - 1.015 * words - 84.6 * syllables
        }),
        "es" => ("Fernández Huerta", |words, syllables| {
            206.84 - 1.02 * words - 60.0 * syllables
        }),
        "fr" => ("Kandel-Moles", |words, syllables| {
            207.0 - 1.015 * words - 73.6 * syllables
        }),
        "de" => ("Amstad", |words, syllables| {
            180.0 - words - 58.5 * syllables
        }),
        _ => return None,
    })
}

/// The name of the formula and the score of a body; `None` without a formula, or if it is too short to tell.
pub(super) fn score(language: &str, body: &str) -> Option<(&'static str, f64)> {
    let (name, of) = formula(language)?;
    let text = prose(&replace_placeholders(body, 'x'));
    let (mut words, mut sentences, mut syllables) = (0_usize, 0_usize, 0_usize);
    for sentence in text.split_inclusive(['.', '!', '?', '\n']) {
        let in_sentence = sentence
            .split_whitespace()
            .filter(|word| word.contains(char::is_alphabetic));
        let before = words;
        for word in in_sentence {
            words += 1;
            syllables += syllables_of(language, word);
        }
        sentences += usize::from(words > before);
    }
    if words < FEWEST_WORDS {
        return None;
    }
    let (words, sentences, syllables) = (words as f64, sentences as f64, syllables as f64);
    Some((name, of(words / sentences, syllables / words)))
}

/// The running text, one line a block; addresses and headings left out.
pub(super) fn prose(body: &str) -> String {
    let mut text = String::with_capacity(body.len());
    let mut heading = false;
    for event in Parser::new_ext(body, Options::empty()) {
        match event {
            Event::Start(Tag::Heading { .. }) => heading = true,
            Event::End(TagEnd::Heading(_)) => heading = false,
            Event::End(TagEnd::Paragraph | TagEnd::Item) => text.push('\n'),
            Event::SoftBreak | Event::HardBreak => text.push(' '),
            Event::Text(part) if !heading => {
                for word in part.split_inclusive(char::is_whitespace) {
                    text.push_str(if word.contains("://") { " " } else { word });
                }
            }
            _ => {}
        }
    }
    text
}

/// Groups of vowels; in English and French without a silent e at the end. Right for nine words in ten.
fn syllables_of(language: &str, word: &str) -> usize {
    let word: String = word
        .to_lowercase()
        .chars()
        .filter(|c| c.is_alphabetic())
        .collect();
    let vowel = |c: char| "aeiouyáéíóúüäöàâèêëîïôûùœæ".contains(c);
    let mut groups = 0;
    let mut before = false;
    for c in word.chars() {
        groups += usize::from(vowel(c) && !before);
        before = vowel(c);
    }
    let silent = match language {
        "en" => word.ends_with('e') && !word.ends_with("le"),
        "fr" => word.ends_with('e') || word.ends_with("es"),
        _ => false,
    };
    (groups - usize::from(silent && groups > 1)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_texts_score_higher_than_hard_ones_in_each_language() {
        for (language, plain, hard) in [
            (
                "en",
                "We lost your data. ",
                "Notwithstanding comprehensive organisational countermeasures individuals exfiltrated documentation. ",
            ),
            (
                "es",
                "Le robaron datos. ",
                "Independientemente de las consideraciones organizativas correspondientes exfiltraron documentación. ",
            ),
            (
                "fr",
                "On a pris vos données. ",
                "Indépendamment des considérations organisationnelles correspondantes, exfiltration documentaire. ",
            ),
            (
                "de",
                "Ein Dieb nahm Ihre Daten. ",
                "Ungeachtet umfassender organisatorischer Sicherheitsvorkehrungen entwendeten Unbefugte Verwaltungsunterlagen. ",
            ),
        ] {
            let of = |text: &str| score(language, &text.repeat(12)).expect("long enough").1;
            assert!(of(plain) > 60.0, "{language}: {}", of(plain));
            assert!(of(hard) < 20.0, "{language}: {}", of(hard));
        }
        assert!(score("ko", &"a ".repeat(50)).is_none());
        assert!(score("en", "Too short.").is_none());
    }
}
