//! The name of a campaign: what staff call it. No reader of a notice sees it, and no approval covers it.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::CampaignKind;
use crate::invisible::shows_nothing;

/// Characters of a name.
const LONGEST: usize = 80;

/// A name of 1 to 80 characters on one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name(String);

/// The text is no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a campaign's name has 1 to 80 characters on one line")]
pub struct BadName;

/// Whether a character would break the line of a name, or turn the text around it.
fn is_unfit(c: char) -> bool {
    let turns = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || turns || matches!(c, '\u{2028}' | '\u{2029}')
}

impl Name {
    /// The name without white space at its ends.
    ///
    /// # Errors
    /// [`BadName`].
    pub fn parse(text: &str) -> Result<Self, BadName> {
        let name = text.trim();
        let fits =
            !shows_nothing(name) && name.chars().count() <= LONGEST && !name.chars().any(is_unfit);
        fits.then(|| Self(name.to_owned())).ok_or(BadName)
    }

    /// The name of a campaign of this kind that staff gave none: `Initial notice of 29 November`.
    pub fn usual(kind: CampaignKind, at: DateTime<Utc>) -> Self {
        let what = match kind {
            CampaignKind::Initial => "Initial notice",
            CampaignKind::Supplement => "Supplement",
            CampaignKind::Correction => "Correction",
        };
        Self(format!("{what} of {}", at.format("%-d %B")))
    }

    /// The name of a copy, cut where it is too long.
    pub fn of_copy(&self) -> Self {
        match self.0.starts_with("Copy of ") {
            true => self.clone(),
            false => Self::cut(&format!("Copy of {}", self.0)),
        }
    }

    /// The name of the campaign that corrects this one, cut where it is too long.
    pub fn of_correction(&self) -> Self {
        Self::cut(&format!("Correction of {}", self.0))
    }

    fn cut(whole: &str) -> Self {
        let cut: String = whole.chars().take(LONGEST).collect();
        Self(cut.trim_end().to_owned())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(from)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_short_line_without_white_space_at_its_ends() {
        let name = Name::parse("  First notice, California \n").expect("a name");
        assert_eq!(name.as_str(), "First notice, California");
        assert!(Name::parse(&"é".repeat(80)).is_ok());
        for wrong in ["", "  ", "\u{200b}", "a\nb", "a\u{202e}b", "a\u{2028}b"] {
            assert_eq!(Name::parse(wrong), Err(BadName), "{wrong:?}");
        }
        assert_eq!(Name::parse(&"é".repeat(81)), Err(BadName));
    }

    #[test]
    fn a_copy_says_so_once_and_stays_a_name() {
        let at = DateTime::from_timestamp(1_795_910_400, 0).expect("a moment");
        let first = Name::usual(CampaignKind::Initial, at);
        assert_eq!(first.as_str(), "Initial notice of 29 November");
        let copy = first.of_copy();
        assert_eq!(copy.as_str(), "Copy of Initial notice of 29 November");
        assert_eq!(copy.of_copy(), copy);
        let correction = first.of_correction();
        assert_eq!(
            correction.as_str(),
            "Correction of Initial notice of 29 November"
        );
        let long = Name::parse(&"x".repeat(80)).expect("a name");
        for long in [long.of_copy(), long.of_correction()] {
            assert_eq!(Name::parse(long.as_str()), Ok(long));
        }
    }
}
