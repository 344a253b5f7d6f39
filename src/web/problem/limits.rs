//! How long the texts of a problem may be.

/// Characters of a detail.
pub(super) const LONGEST_DETAIL: usize = 4_000;
/// Octets of typed text that an error page shows again, escaped for HTML. A helpline message of 20,000 characters fits,
/// except in some scripts of three octets a character.
pub(super) const LONGEST_TYPED: usize = 48_000;
/// Items of a list in an extension member.
pub(super) const MOST_ITEMS: usize = 100;
/// Octets of a problem document.
pub(super) const LONGEST_DOCUMENT: usize = 60_000;

/// The first `most` characters of a text, with an ellipsis if there are more.
pub(super) fn shorter(text: String, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text,
        Some((end, _)) => format!("{} …", &text[..end]),
    }
}

/// As much of a typed text as an error page may hold, and whether it was cut.
pub(super) fn fitting(words: String) -> (String, bool) {
    let escaped = |letter: char| match letter {
        '&' | '<' | '>' | '"' | '\'' => 5,
        other => other.len_utf8(),
    };
    let mut octets = 0;
    let end = words.char_indices().find(|(_, letter)| {
        octets += escaped(*letter);
        octets > LONGEST_TYPED
    });
    match end {
        None => (words, false),
        Some((end, _)) => (words[..end].to_owned(), true),
    }
}
