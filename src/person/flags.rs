//! What the organisation told us about a person that changes how, or whether, we write to them.

use std::fmt;
use std::ops::BitOr;

use thiserror::Error;

use crate::pg_enum;

/// A set of flags, stored as its bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Flags(i32);

/// Every flag with its word, in the order in which they are written.
const WORDS: [(&str, Flags); 6] = [
    ("minor", Flags::MINOR),
    ("deceased", Flags::DECEASED),
    ("vulnerable", Flags::VULNERABLE),
    ("protected", Flags::PROTECTED),
    ("hold", Flags::HOLD),
    ("retract", Flags::RETRACT),
];

/// Every flag that a list may set, with what it does, as people who make lists read it.
pub const MEANS: [(&str, &str); 6] = [
    (
        "minor",
        "a child: greeted as such, or a guardian gets a letter, as the incident says",
    ),
    ("deceased", "has died: not written to; next of kin are told"),
    ("vulnerable", "agents are told before they answer"),
    (
        "protected",
        "the address is not safe: not written to; told by a safe channel",
    ),
    ("hold", "not written to until the flag is lifted"),
    ("retract", "not affected after all: leaves the scope"),
];

/// The list names a flag that does not exist. The word itself stays unsaid: it may be data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "A flag is unknown. The flags are minor, deceased, vulnerable, protected, hold and retract."
)]
pub struct UnknownFlag;

impl Flags {
    /// No flag.
    pub const NONE: Self = Self(0);
    /// Under age: a guardian is addressed.
    pub const MINOR: Self = Self(1);
    /// Known to have died.
    pub const DECEASED: Self = Self(1 << 1);
    /// Needs more care on the helpline.
    pub const VULNERABLE: Self = Self(1 << 2);
    /// A person who opens their mail may be a danger to them.
    pub const PROTECTED: Self = Self(1 << 3);
    /// Counsel or the police asked us not to write.
    pub const HOLD: Self = Self(1 << 4);
    /// No longer affected after all: takes the person out of the scope. Stands in a list only, never with a
    /// person.
    pub const RETRACT: Self = Self(1 << 5);
    /// Those that forbid to write: [`Self::withheld_reason`] is given iff one of them is set.
    pub const FORBIDDING: Self = Self(Self::HOLD.0 | Self::PROTECTED.0 | Self::DECEASED.0);

    /// Reads words separated by `;`, in any case; empty parts are nothing.
    ///
    /// # Errors
    /// When a word is not a flag.
    pub fn parse(text: &str) -> Result<Self, UnknownFlag> {
        let words = text
            .split(';')
            .map(str::trim)
            .filter(|word| !word.is_empty());
        words
            .map(Self::word)
            .try_fold(Self::NONE, |all, one| Ok(all | one?))
    }

    fn word(word: &str) -> Result<Self, UnknownFlag> {
        let found = WORDS
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(word));
        found.map(|(_, flag)| *flag).ok_or(UnknownFlag)
    }

    /// The bits, as stored.
    #[must_use]
    pub const fn bits(self) -> i32 {
        self.0
    }

    /// The flags behind stored bits; `None` when a bit means nothing.
    #[must_use]
    pub const fn from_bits(bits: i32) -> Option<Self> {
        if bits >> WORDS.len() == 0 {
            Some(Self(bits))
        } else {
            None
        }
    }

    /// Whether all of `other` are set.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether none is set.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Why this person must not be mailed, if so.
    ///
    /// Of several reasons the one that forbids most is given: a legal hold stops every message; a protected address
    /// rules out the household; a death only changes who is written to, and must not send a letter to kin at a
    /// protected address.
    #[must_use]
    pub const fn withheld_reason(self) -> Option<WithheldReason> {
        if self.contains(Self::HOLD) {
            Some(WithheldReason::LegalHold)
        } else if self.contains(Self::PROTECTED) {
            Some(WithheldReason::ProtectedAddress)
        } else if self.contains(Self::DECEASED) {
            Some(WithheldReason::Deceased)
        } else {
            None
        }
    }
}

impl BitOr for Flags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// The words separated by `;`, as [`Flags::parse`] reads them.
impl fmt::Display for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let set = WORDS.iter().filter(|(_, flag)| self.contains(*flag));
        for (index, (word, _)) in set.enumerate() {
            write!(f, "{}{word}", if index == 0 { "" } else { ";" })?;
        }
        Ok(())
    }
}

/// Flags in JSON, as in lists.
///
/// # Errors
/// The serializer's.
pub fn as_words<S: serde::Serializer>(flags: &Flags, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(flags)
}

impl fmt::Debug for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Flags({self})")
    }
}

pg_enum! {
    /// Why a notice to a person is withheld. People are withheld only for what follows from their flags; the others
    /// are reasons of notices.
    pub enum WithheldReason: WithheldReason {
        /// Counsel or the police asked us not to write.
        LegalHold = "legal_hold",
        /// The person has died: staff tell the next of kin.
        Deceased = "deceased",
        /// Mail may be read by a person who endangers them.
        ProtectedAddress = "protected_address",
        /// What was approved does not suit the person any more, who is still to be told something: a later campaign
        /// offers them, or a letter.
        Changed = "changed",
        /// No e-mail address takes mail for the person any more.
        NoAddress = "no_address",
        /// The person is not affected after all, and was told of nothing: nothing is to be told.
        NotAffected = "not_affected",
        /// The person was told all of it in the meantime, and nothing else.
        AlreadyTold = "already_told",
    }
}

impl WithheldReason {
    /// What staff read of it.
    pub fn words(self) -> &'static str {
        match self {
            Self::LegalHold => "legal hold: nobody may write",
            Self::Deceased => "the person has died",
            Self::ProtectedAddress => "protected: mail may endanger the person",
            Self::Changed => {
                "changed since approval: still to be told, by a later campaign or a letter"
            }
            Self::NoAddress => "no e-mail address any more: needs a letter",
            Self::NotAffected => "not affected after all: nothing is to be told",
            Self::AlreadyTold => "told everything in the meantime: nothing is to be told",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flag_is_explained_and_every_error_names_all() {
        assert_eq!(MEANS.map(|(word, _)| word), WORDS.map(|(word, _)| word));
        let error = UnknownFlag.to_string();
        assert!(MEANS.iter().all(|(word, _)| error.contains(word)));
    }

    #[test]
    fn every_set_of_flags_reads_back_from_its_words_and_its_bits() {
        for bits in 0..1 << WORDS.len() {
            let flags = Flags::from_bits(bits).unwrap();
            assert_eq!(Flags::parse(&flags.to_string()), Ok(flags));
            assert_eq!(flags.bits(), bits);
        }
    }

    #[test]
    fn bits_without_a_meaning_are_refused() {
        for bits in [1 << WORDS.len(), -1, i32::MIN, i32::MAX] {
            assert_eq!(Flags::from_bits(bits), None);
        }
    }

    #[test]
    fn case_spaces_and_empty_parts_do_not_matter_but_unknown_words_do() {
        assert_eq!(
            Flags::parse(" Minor ;; HOLD;"),
            Ok(Flags::MINOR | Flags::HOLD)
        );
        assert_eq!(Flags::parse(""), Ok(Flags::NONE));
        assert_eq!(Flags::parse("minor,hold"), Err(UnknownFlag));
    }

    #[test]
    fn flags_never_give_a_reason_that_only_notices_have() {
        for bits in 0..1 << WORDS.len() {
            let reason = Flags::from_bits(bits).unwrap().withheld_reason();
            let of_notices = [
                WithheldReason::Changed,
                WithheldReason::NoAddress,
                WithheldReason::NotAffected,
                WithheldReason::AlreadyTold,
            ];
            assert!(reason.is_none_or(|reason| !of_notices.contains(&reason)));
        }
    }

    #[test]
    fn the_reason_that_forbids_most_is_given() {
        let reason = |words| Flags::parse(words).unwrap().withheld_reason();
        assert_eq!(
            reason("deceased;protected;hold"),
            Some(WithheldReason::LegalHold)
        );
        assert_eq!(
            reason("deceased;protected"),
            Some(WithheldReason::ProtectedAddress)
        );
        assert_eq!(reason("deceased;minor"), Some(WithheldReason::Deceased));
        assert_eq!(reason("minor;vulnerable"), None);
    }
}
