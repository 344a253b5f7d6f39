//! The words of a ticket: how long they may be, and the subject that stands for them in lists.

use crate::invisible::shows_nothing;

/// Longest message, in characters.
pub const TEXT_LIMIT: usize = 20_000;
/// Longest subject, in characters.
pub const SUBJECT_LIMIT: usize = 200;
/// Longest reason, in characters.
pub const REASON_LIMIT: usize = 500;

/// Why words were refused. Never says the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadWords {
    /// Nothing, or only white space.
    #[error("please write something first")]
    Empty,
    /// Too long.
    #[error("a message has at most 20,000 characters: please shorten it or send it in parts")]
    TooLong,
    /// The subject.
    #[error("a subject has at most 200 characters")]
    Subject,
    /// More messages of one person than a day's.
    #[error(
        "you have sent many messages since yesterday, and we have them all: please wait for our answer, or call us"
    )]
    TooMany,
}

/// Checks a message. It is stored as it is, never trimmed.
///
/// # Errors
/// [`BadWords::Empty`], [`BadWords::TooLong`].
pub fn check_text(text: &str) -> Result<(), BadWords> {
    if shows_nothing(text) {
        return Err(BadWords::Empty);
    }
    (text.chars().count() <= TEXT_LIMIT)
        .then_some(())
        .ok_or(BadWords::TooLong)
}

/// The subject: the topic if one was given, else the beginning of the text's first line.
///
/// # Errors
/// [`BadWords::Subject`] for a topic that is too long.
pub fn subject(topic: &str, text: &str) -> Result<String, BadWords> {
    const CUT: usize = 80;
    if topic.chars().count() > SUBJECT_LIMIT {
        return Err(BadWords::Subject);
    }
    if !topic.trim().is_empty() {
        return Ok(topic.to_owned());
    }
    let line = text
        .trim_start()
        .lines()
        .next()
        .unwrap_or_default()
        .trim_end();
    Ok(match line.char_indices().nth(CUT) {
        None => line.to_owned(),
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_checked_and_a_subject_is_found() {
        assert_eq!(check_text(" \n\u{3000}\0"), Err(BadWords::Empty));
        assert_eq!(check_text("?"), Ok(()));
        assert_eq!(check_text(&"é".repeat(TEXT_LIMIT)), Ok(()));
        assert_eq!(
            check_text(&"é".repeat(TEXT_LIMIT + 1)),
            Err(BadWords::TooLong)
        );
        assert_eq!(subject(" Topic ", "text").as_deref(), Ok(" Topic "));
        assert_eq!(subject("", "\n one \ntwo").as_deref(), Ok("one"));
        let cut = subject("", &"é".repeat(90)).expect("a subject");
        assert_eq!(cut.chars().count(), 81);
        assert_eq!(subject(&"x".repeat(201), "t"), Err(BadWords::Subject));
    }
}
