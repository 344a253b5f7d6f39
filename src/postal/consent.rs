//! What is asked before a list is recorded as posted or told: since it was taken, some of its people came under a flag
//! that forbids to write to them so, left the scope or came back. Each reason is answered with its number, as
//! [`crate::scope::consent`] does for lists of affected people.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::id::PersonId;

/// Why a person must not be told by a list any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// A legal hold: no message may be sent to them.
    LegalHold,
    /// A protected address: a person who opens their mail may be a danger to them.
    ProtectedAddress,
    /// They died: next of kin are told.
    Deceased,
    /// They are not in scope any more.
    Retracted,
    /// The flag that decided how the list tells them is lifted: not dead, not protected, or no minor.
    FlagLifted,
    /// A minor; the letter is not addressed to the parent or guardian.
    Minor,
    /// A later list gives another postal address than the one to which the letter goes, or none.
    AddressChanged,
    /// In scope again, while their letter of correction says that they are not affected.
    AffectedAgain,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 8] = [
        Self::LegalHold,
        Self::ProtectedAddress,
        Self::Deceased,
        Self::Retracted,
        Self::FlagLifted,
        Self::Minor,
        Self::AddressChanged,
        Self::AffectedAgain,
    ];

    /// The word for it in forms, the command line and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LegalHold => "legal_hold",
            Self::ProtectedAddress => "protected_address",
            Self::Deceased => "deceased",
            Self::Retracted => "retracted",
            Self::FlagLifted => "flag_lifted",
            Self::Minor => "minor",
            Self::AddressChanged => "address_changed",
            Self::AffectedAgain => "affected_again",
        }
    }
}

impl FromStr for Reason {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|one| one.as_str() == word);
        found.ok_or_else(|| {
            let words = Self::ALL.map(Self::as_str).join(", ");
            format!("must be one of: {words}")
        })
    }
}

/// The people of a list that waits who must not be told by it any more, for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Barred {
    /// Why.
    pub reason: Reason,
    /// How many.
    pub people: i64,
    /// The first of them by their ids, as many as were asked for.
    pub some: Vec<BarredPerson>,
}

/// One of them.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct BarredPerson {
    /// Their id.
    pub id: PersonId,
    /// Their reference.
    pub reference: String,
    /// Whether that now names another person.
    pub is_former: bool,
}

impl fmt::Debug for BarredPerson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BarredPerson({})", self.id)
    }
}

/// The confirmed numbers, by reason.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Confirmed(pub BTreeMap<Reason, i64>);

/// Something that is asked before a list is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Question {
    /// Why people must not be told any more.
    pub what: Reason,
    /// How many.
    pub number: i64,
}

impl Question {
    /// What is so since the list was taken: a sentence without its full stop.
    pub fn fact(&self) -> String {
        let (who, are) = match self.number {
            1 => ("person", "is"),
            _ => ("people", "are"),
        };
        let why = match self.what {
            Reason::LegalHold => "under a legal hold by now",
            Reason::ProtectedAddress => "at a protected address by now",
            Reason::Deceased => "known to have died by now",
            Reason::Retracted => "no longer affected by now",
            Reason::FlagLifted => "without the flag that decided how this list tells them by now",
            Reason::Minor => {
                "flagged as minor by now, with a letter that is not addressed to the guardian"
            }
            Reason::AddressChanged => {
                "not at the postal address any more to which their letter goes"
            }
            Reason::AffectedAgain => "affected again by now, with a letter that says the opposite",
        };
        format!("{} {who} on this list {are} {why}", self.number)
    }
}

/// What a yes says, as a sentence.
impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let they = if self.number == 1 { "counts" } else { "count" };
        write!(f, "{}, and {they} as told all the same.", self.fact())
    }
}

impl From<&Barred> for Question {
    fn from(of: &Barred) -> Self {
        Self {
            what: of.reason,
            number: of.people,
        }
    }
}

/// What is not answered, or was answered for another number.
pub fn unanswered(barred: &[Barred], given: &Confirmed) -> Vec<Question> {
    let asked = barred.iter().map(Question::from);
    let mut open: Vec<_> = asked
        .filter(|question| given.0.get(&question.what) != Some(&question.number))
        .collect();
    let is_asked = |reason: &Reason| barred.iter().any(|one| one.reason == *reason);
    let gone = given
        .0
        .iter()
        .filter(|(what, n)| **n != 0 && !is_asked(what));
    open.extend(gone.map(|(what, _)| Question {
        what: *what,
        number: 0,
    }));
    open
}

/// The answer that says yes to all of these.
pub fn yes_to(questions: &[Question]) -> Confirmed {
    Confirmed(questions.iter().map(|one| (one.what, one.number)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_wants_its_own_number() {
        let barred =
            [(Reason::LegalHold, 2), (Reason::Retracted, 1)].map(|(reason, people)| Barred {
                reason,
                people,
                some: Vec::new(),
            });
        let asked = unanswered(&barred, &Confirmed::default());
        assert_eq!(asked.len(), 2);
        let yes = yes_to(&asked);
        assert_eq!(unanswered(&barred, &yes), []);
        let mut other = yes.clone();
        other.0.insert(Reason::LegalHold, 3);
        assert_eq!(unanswered(&barred, &other), [asked[0]]);
        let gone = Question {
            what: Reason::Retracted,
            number: 0,
        };
        assert_eq!(
            unanswered(&barred[..1], &yes),
            [gone],
            "nobody is retracted any more"
        );
        let words =
            "2 people on this list are under a legal hold by now, and count as told all the same.";
        assert_eq!(asked[0].to_string(), words);
    }
}
