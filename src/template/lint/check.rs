//! The kinds of check that a rule can ask for. What each looks for is code; words, numbers and places are data
//! (`config/rules`).

use serde::{Deserialize, Serialize};

/// What a rule looks for in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// A part that must be there: phrases, facts or placeholders.
    NeedsPart,
    /// Phrases that must not be there.
    Forbids,
    /// An exposed element that the text does not name.
    UnnamedElement,
    /// A fact or a value of a person that is missing.
    MissingValue,
    /// A link to a domain that is not the organisation's.
    LinkOutside,
    /// A link that readers cannot trust: not encrypted, disguised, or of no known kind.
    UnsafeLink,
    /// A link shortener.
    Shortener,
    /// What looks like a stolen value.
    ExposedValue,
    /// Placeholders of other systems, notes to the author.
    Unfinished,
    /// A known fact told as a possibility.
    HedgeAgainstKnown,
    /// A quantity without a number.
    UnnumberedQuantity,
    /// How hard a text is to read.
    ReadingLevel,
    /// Words that press the reader.
    Urgency,
    /// Advertising in a notice.
    SecondPurpose,
    /// Too many words.
    Length,
    /// A first sentence in which no person acts.
    PassiveOpening,
}

impl Check {
    /// Every kind.
    pub const ALL: [Self; 16] = [
        Self::NeedsPart,
        Self::Forbids,
        Self::UnnamedElement,
        Self::MissingValue,
        Self::LinkOutside,
        Self::UnsafeLink,
        Self::Shortener,
        Self::ExposedValue,
        Self::Unfinished,
        Self::HedgeAgainstKnown,
        Self::UnnumberedQuantity,
        Self::ReadingLevel,
        Self::Urgency,
        Self::SecondPurpose,
        Self::Length,
        Self::PassiveOpening,
    ];

    /// The key of Candor's own rule of this kind.
    pub fn own_rule(self) -> String {
        let word = serde_json::to_value(self).unwrap_or_default();
        let word = word.as_str().unwrap_or_default().replace('_', "-");
        format!("any.{word}")
    }

    /// Whether an approver may let a text go although it has a blocking finding of this kind. What the others find makes a
    /// text unusable: it cannot be submitted.
    pub fn can_be_waived(self) -> bool {
        match self {
            Self::UnnamedElement
            | Self::MissingValue
            | Self::UnsafeLink
            | Self::Shortener
            | Self::ExposedValue
            | Self::Unfinished => false,
            Self::NeedsPart
            | Self::Forbids
            | Self::LinkOutside
            | Self::HedgeAgainstKnown
            | Self::UnnumberedQuantity
            | Self::ReadingLevel
            | Self::Urgency
            | Self::SecondPurpose
            | Self::Length
            | Self::PassiveOpening => true,
        }
    }
}
