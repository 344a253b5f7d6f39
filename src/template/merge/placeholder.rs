//! The closed list of what differs from person to person.

use std::fmt;

/// What differs from person to person in a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Placeholder {
    /// The person's name, or a neutral salutation in the reader's language if it is empty.
    Name,
    /// The organisation's own number for the person.
    Reference,
    /// The exposed elements, in words.
    Elements,
    /// What they were told before and is not theirs, in words: for corrections.
    ToldWrongly,
    /// What to do first about these elements: an ordered list.
    Guidance,
    /// The personal URL.
    StatusLink,
    /// The short code that shows that the notice is genuine.
    NoticeCode,
}

impl Placeholder {
    /// All of them, in the order in which they are listed to people.
    pub const ALL: [Self; 7] = [
        Self::Name,
        Self::Reference,
        Self::Elements,
        Self::ToldWrongly,
        Self::Guidance,
        Self::StatusLink,
        Self::NoticeCode,
    ];

    /// The word between the braces.
    pub fn word(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Reference => "reference",
            Self::Elements => "elements",
            Self::ToldWrongly => "told_wrongly",
            Self::Guidance => "guidance",
            Self::StatusLink => "status_link",
            Self::NoticeCode => "notice_code",
        }
    }

    pub(super) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.word() == word)
    }
}

impl fmt::Display for Placeholder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{{ {} }}}}", self.word())
    }
}
