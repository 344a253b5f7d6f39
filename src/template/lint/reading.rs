//! Reads a template as a person would: its words, sentences and titles, without the markup.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// The words between double braces, squeezed and in lower case.
pub(super) fn placeholders(source: &str) -> Vec<String> {
    let after_open = source.split("{{").skip(1);
    let inside = after_open.filter_map(|rest| rest.split_once("}}"));
    inside
        .map(|(word, _)| word.split_whitespace().collect::<String>().to_lowercase())
        .collect()
}

/// The source with a character in place of each placeholder.
pub(super) fn replace_placeholders(source: &str, by: char) -> String {
    let mut replaced = String::with_capacity(source.len());
    let mut rest = source;
    while let Some((before, after)) = rest.split_once("{{") {
        replaced.push_str(before);
        match after.split_once("}}") {
            Some((inside, after)) if !inside.contains('\n') => {
                // A block marker is not a word of the text.
                if !inside.trim_start().starts_with(['#', '/']) {
                    replaced.push(by);
                }
                rest = after;
            }
            _ => {
                replaced.push_str("{{");
                rest = after;
            }
        }
    }
    replaced.push_str(rest);
    replaced
}

/// Whether the range stands between characters that are no letters.
pub(super) fn is_word(text: &str, range: &std::ops::Range<usize>) -> bool {
    let before = text[..range.start].chars().next_back();
    let after = text[range.end..].chars().next();
    !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
}

/// Headings, and paragraphs that are bold throughout, in lower case.
pub(super) fn titles(body: &str) -> Vec<String> {
    let mut titles = Vec::new();
    let mut open: Option<String> = None;
    for event in Parser::new_ext(body, Options::empty()) {
        match event {
            Event::Start(Tag::Heading { .. } | Tag::Strong) if open.is_none() => {
                open = Some(String::new());
            }
            Event::End(TagEnd::Heading(_) | TagEnd::Strong) => titles.extend(open.take()),
            Event::Text(text) => {
                if let Some(title) = &mut open {
                    title.push_str(&text.to_lowercase());
                }
            }
            _ => {}
        }
    }
    titles
}

/// Ten digits or more, written as phone numbers are, or a plus sign with eight.
pub(super) fn holds_phone_number(body: &str) -> bool {
    let mut digits = 0;
    let mut needed = 10;
    for c in body.chars() {
        match c {
            '0'..='9' => digits += 1,
            '+' => (digits, needed) = (0, 8),
            ' ' | '-' | '(' | ')' | '.' | '\u{A0}' => {}
            _ => (digits, needed) = (0, 10),
        }
        if digits >= needed {
            return true;
        }
    }
    false
}

/// Fewer words than this say nothing about a text.
const FEWEST_WORDS: usize = 15;

/// The Flesch-Kincaid grade of an English body; `None` if it is too short to tell.
pub(super) fn grade(body: &str) -> Option<f64> {
    let text = prose(&replace_placeholders(body, 'x'));
    let (mut words, mut sentences, mut syllables) = (0_usize, 0_usize, 0_usize);
    for sentence in text.split_inclusive(['.', '!', '?', '\n']) {
        let in_sentence = sentence
            .split_whitespace()
            .filter(|word| word.contains(char::is_alphabetic));
        let before = words;
        for word in in_sentence {
            words += 1;
            syllables += syllables_of(word);
        }
        sentences += usize::from(words > before);
    }
    if words < FEWEST_WORDS {
        return None;
    }
    let (words, sentences, syllables) = (words as f64, sentences as f64, syllables as f64);
    Some(0.39 * words / sentences + 11.8 * syllables / words - 15.59)
}

/// The running text, one line a block; addresses and headings left out.
fn prose(body: &str) -> String {
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

/// Groups of vowels, without a silent e at the end: right for nine English words in ten.
fn syllables_of(word: &str) -> usize {
    let word: String = word
        .chars()
        .filter(char::is_ascii_alphabetic)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    let vowel = |c: char| "aeiouy".contains(c);
    let mut groups = 0;
    let mut before = false;
    for c in word.chars() {
        groups += usize::from(vowel(c) && !before);
        before = vowel(c);
    }
    let silent = word.ends_with('e') && !word.ends_with("le") && groups > 1;
    (groups - usize::from(silent)).max(1)
}
