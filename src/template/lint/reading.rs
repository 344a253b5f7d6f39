//! Reads the source of a template as a person would: its placeholders and words, without the markup.

/// The words between double braces, squeezed and in lower case.
pub(in crate::template) fn placeholders(source: &str) -> Vec<String> {
    let after_open = source.split("{{").skip(1);
    let inside = after_open.filter_map(|rest| rest.split_once("}}"));
    inside
        .map(|(word, _)| word.split_whitespace().collect::<String>().to_lowercase())
        .collect()
}

/// The source with a character in place of each placeholder.
pub(in crate::template) fn replace_placeholders(source: &str, by: char) -> String {
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
pub(in crate::template) fn is_word(text: &str, range: &std::ops::Range<usize>) -> bool {
    let before = text[..range.start].chars().next_back();
    let after = text[range.end..].chars().next();
    !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
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
