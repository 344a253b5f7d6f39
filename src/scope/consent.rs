//! What is asked before a draft takes effect, each with its number: how many refused rows are too many (each may be
//! a person whom nobody will tell, promise P1), flags that are lifted, people whom a full list retracts, and people
//! who were told and now have another name and another address. An answer repeats the number that it saw.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{ScopeMode, Version};

/// What was answered by the person who puts a draft in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Consent {
    /// Nothing.
    NotGiven,
    /// Yes to everything, whatever the numbers: for an activation that goes on, which was answered before.
    Given,
    /// Yes to these numbers.
    Numbers(Confirmed),
}

/// The numbers to which somebody said yes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Confirmed {
    /// Yes to the refused rows without their number: what the API took before numbers were asked.
    #[serde(skip)]
    pub any_rejected: bool,
    /// Rows that were refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rejected: Option<i64>,
    /// Flags that are lifted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flags_lifted: Option<Lifted>,
    /// People whom a full list retracts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retracted: Option<i64>,
    /// People told before whose name and address are both new.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity_changes: Option<i64>,
}

/// From how many people flags are lifted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Lifted {
    /// The sum over all flags.
    Sum(i64),
    /// By flag.
    ByFlag(BTreeMap<String, i64>),
}

impl Confirmed {
    /// These numbers, and others that replace them.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let flags_lifted = match (self.flags_lifted, other.flags_lifted) {
            (Some(Lifted::ByFlag(mut all)), Some(Lifted::ByFlag(more))) => {
                all.extend(more);
                Some(Lifted::ByFlag(all))
            }
            (one, other) => other.or(one),
        };
        Self {
            any_rejected: self.any_rejected || other.any_rejected,
            rejected: other.rejected.or(self.rejected),
            flags_lifted,
            retracted: other.retracted.or(self.retracted),
            identity_changes: other.identity_changes.or(self.identity_changes),
        }
    }
}

impl From<bool> for Consent {
    fn from(any_rejected: bool) -> Self {
        Self::Numbers(Confirmed {
            any_rejected,
            ..Confirmed::default()
        })
    }
}

/// Something that is asked before a draft takes effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Question {
    /// Many rows were refused.
    Rejected {
        /// How many.
        number: i64,
        /// Of how many.
        rows: i64,
    },
    /// A flag is lifted.
    FlagsLifted {
        /// Which.
        flag: String,
        /// From how many people.
        number: i64,
    },
    /// A full list does not name people who are in force.
    Retracted {
        /// How many.
        number: i64,
    },
    /// Name and address of people who were told are both new.
    IdentityChanges {
        /// How many.
        number: i64,
    },
}

impl Question {
    /// Its number.
    pub fn number(&self) -> i64 {
        match self {
            Self::Rejected { number, .. }
            | Self::FlagsLifted { number, .. }
            | Self::Retracted { number }
            | Self::IdentityChanges { number } => *number,
        }
    }
}

/// What a yes says, as a sentence.
impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let people = |n: &i64| if *n == 1 { "person" } else { "people" };
        match self {
            Self::Rejected { number, rows } => write!(
                f,
                "{number} of {rows} rows were refused, and the list takes effect without them."
            ),
            Self::FlagsLifted { flag, number } => {
                let people = people(number);
                write!(f, "The flag {flag} is lifted from {number} {people}.")
            }
            Self::Retracted { number: 1 } => {
                f.write_str("1 person leaves the scope: the full list does not name them.")
            }
            Self::Retracted { number } => write!(
                f,
                "{number} people leave the scope: the full list does not name them."
            ),
            Self::IdentityChanges { number: 1 } => f.write_str(
                "1 person who was told before has another name and another address now, and is the same person.",
            ),
            Self::IdentityChanges { number } => write!(
                f,
                "{number} people who were told before have another name and another address now, and each is the \
                 same person."
            ),
        }
    }
}

/// Everything that may be asked about a draft. `told` is how many of those whose name and address are both new have
/// been told by now.
fn all(of: &Version, told: i64) -> Vec<Question> {
    let (rejected, rows) = (of.rejected, of.accepted + of.rejected);
    let delta = of.delta.clone().unwrap_or_default();
    let mut all = vec![Question::Rejected {
        number: rejected,
        rows,
    }];
    let lifted = delta.flags_lifted.unwrap_or_default().into_iter();
    all.extend(lifted.map(|(flag, number)| Question::FlagsLifted { flag, number }));
    let number = delta.people_retracted;
    all.push(Question::Retracted { number });
    all.push(Question::IdentityChanges { number: told });
    all
}

fn is_asked(question: &Question, of: &Version, percent: u32) -> bool {
    match question {
        Question::Rejected { number, .. } => is_needed(of.accepted, *number, percent),
        Question::Retracted { number } => of.mode == ScopeMode::Full && *number > 0,
        other => other.number() > 0,
    }
}

/// What must be answered before a draft takes effect.
pub fn questions(of: &Version, told: i64, percent: u32) -> Vec<Question> {
    let mut all = all(of, told);
    all.retain(|question| is_asked(question, of, percent));
    all
}

/// What is not answered, or was answered for another number.
pub fn unanswered(of: &Version, told: i64, percent: u32, consent: &Consent) -> Vec<Question> {
    let given = match consent {
        Consent::Given => return Vec::new(),
        Consent::NotGiven => &Confirmed::default(),
        Consent::Numbers(given) => given,
    };
    let all = all(of, told);
    let lifted = |question: &Question| match question {
        Question::FlagsLifted { number, .. } => *number,
        _ => 0,
    };
    let sum: i64 = all.iter().map(lifted).sum();
    let is_open = |question: &Question| {
        let answer = match question {
            Question::Rejected { .. } if given.any_rejected => return false,
            Question::Rejected { .. } => given.rejected,
            Question::Retracted { .. } => given.retracted,
            Question::IdentityChanges { .. } => given.identity_changes,
            Question::FlagsLifted { flag, number } => match &given.flags_lifted {
                None => None,
                Some(Lifted::Sum(n)) => Some(if *n == sum { *number } else { -1 }),
                Some(Lifted::ByFlag(flags)) => flags.get(flag).copied(),
            },
        };
        match answer {
            Some(answer) => answer != question.number(),
            None => is_asked(question, of, percent),
        }
    };
    let mut open: Vec<_> = all.iter().filter(|q| is_open(q)).cloned().collect();
    open.extend(not_lifted(given, &all));
    open
}

/// Flags that were confirmed and are not lifted at all.
fn not_lifted(given: &Confirmed, all: &[Question]) -> Vec<Question> {
    let Some(Lifted::ByFlag(flags)) = &given.flags_lifted else {
        return Vec::new();
    };
    let is_lifted = |flag: &String| {
        let is = |q: &Question| matches!(q, Question::FlagsLifted { flag: one, .. } if one == flag);
        all.iter().any(is)
    };
    let gone = flags
        .iter()
        .filter(|(flag, n)| **n != 0 && !is_lifted(flag));
    let question = |flag: &String| Question::FlagsLifted {
        flag: flag.clone(),
        number: 0,
    };
    gone.map(|(flag, _)| question(flag)).collect()
}

/// The answer that says yes to all of these.
pub fn yes_to(questions: &[Question]) -> Confirmed {
    let mut yes = Confirmed::default();
    let mut flags = BTreeMap::new();
    for question in questions {
        let number = question.number();
        match question {
            Question::Rejected { .. } => yes.rejected = Some(number),
            Question::Retracted { .. } => yes.retracted = Some(number),
            Question::IdentityChanges { .. } => yes.identity_changes = Some(number),
            Question::FlagsLifted { flag, .. } => {
                flags.insert(flag.clone(), number);
            }
        }
    }
    yes.flags_lifted = (!flags.is_empty()).then_some(Lifted::ByFlag(flags));
    yes
}

/// Whether more than `percent` of a list's rows were refused.
pub fn is_needed(accepted: i64, rejected: i64, percent: u32) -> bool {
    let (rejected, rows) = (
        i128::from(rejected),
        i128::from(accepted) + i128::from(rejected),
    );
    rejected * 100 > rows * i128::from(percent)
}

#[cfg(test)]
mod tests {
    use super::super::ScopeStatus;
    use super::super::delta::Delta;
    use super::*;
    use crate::id::StaffId;

    #[test]
    fn consent_is_needed_above_the_limit_only() {
        assert!(!is_needed(95, 5, 5));
        assert!(is_needed(94, 6, 5));
        assert!(!is_needed(100, 0, 0));
        assert!(is_needed(100, 1, 0));
        assert!(!is_needed(0, 100, 100));
        assert!(!is_needed(0, 0, 5));
    }

    fn draft(mode: ScopeMode) -> Version {
        let lifted = [("hold".to_owned(), 2), ("minor".to_owned(), 1)];
        let now = chrono::DateTime::UNIX_EPOCH;
        Version {
            lines: None,
            version: 2,
            mode,
            status: ScopeStatus::Draft,
            file_hash: None,
            accepted: 90,
            rejected: 10,
            delta: Some(Delta {
                people_retracted: 40,
                flags_lifted: Some(lifted.into()),
                ..Delta::default()
            }),
            created_by: StaffId::new(now),
            created_at: now,
            activated_by: None,
            activated_at: None,
            activating_by: None,
            buckets_done: 0,
            octets_read: 0,
        }
    }

    #[test]
    fn every_question_wants_its_own_number() {
        let full = draft(ScopeMode::Full);
        let asked = questions(&full, 3, 5);
        assert_eq!(asked.len(), 5);
        let yes = yes_to(&asked);
        let open = |given| unanswered(&full, 3, 5, &Consent::Numbers(given)).len();
        assert_eq!(open(yes.clone()), 0);
        assert_eq!(open(Confirmed::default()), 5);
        let of = |change: fn(&mut Confirmed)| {
            let mut given = yes.clone();
            change(&mut given);
            open(given)
        };
        assert_eq!(of(|yes| yes.rejected = Some(9)), 1);
        assert_eq!(of(|yes| yes.retracted = None), 1);
        assert_eq!(of(|yes| yes.identity_changes = Some(2)), 1);
        assert_eq!(of(|yes| yes.flags_lifted = Some(Lifted::Sum(3))), 0);
        assert_eq!(of(|yes| yes.flags_lifted = Some(Lifted::Sum(2))), 2);
        let more = |yes: &mut Confirmed| {
            if let Some(Lifted::ByFlag(flags)) = &mut yes.flags_lifted {
                flags.insert("deceased".to_owned(), 1);
            }
        };
        assert_eq!(of(more), 1, "a flag that is not lifted at all");
        assert_eq!(unanswered(&full, 3, 5, &Consent::Given), []);
    }

    #[test]
    fn what_a_delta_retracts_it_names_itself_and_is_not_asked() {
        let delta = draft(ScopeMode::Delta);
        let asked = questions(&delta, 0, 20);
        assert_eq!(asked.len(), 2, "the two flags: {asked:?}");
        let given = Confirmed {
            retracted: Some(39),
            ..yes_to(&asked)
        };
        let open = unanswered(&delta, 0, 20, &Consent::Numbers(given));
        assert_eq!(open, [Question::Retracted { number: 40 }]);
    }
}
