//! What is asked before a draft takes effect, each with its number: how many refused rows are too many (each may be a
//! person who will not be told, promise P1), flags that are lifted, people whom a full list retracts, accepted rows
//! that an added file replaced, addresses that are lost, elements that are taken back from people who were told of
//! them, and references that seem to name another person now, and campaigns that end. An answer repeats the number that
//! it saw. While a campaign is being sent, the number of people who were told too much grows: an answer also holds for
//! people who are told after it.
//!
//! References have two answers: each names the same person as before, or each names another one. Without an answer
//! the draft waits.

mod question;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use self::question::{Ending, Question, ToldSoFar};
use super::{ScopeMode, Version};

/// What was answered by the person who puts a draft in force.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "an activation makes one or two of them"
)]
pub enum Consent {
    /// Nothing.
    NotGiven,
    /// Yes to everything, whatever the numbers: for an activation that goes on, which was answered before.
    Given,
    /// Yes to these numbers.
    Numbers(Confirmed),
}

/// The confirmed numbers.
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
    /// References that seem to name another person: each names the same person as before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity_changes: Option<i64>,
    /// The same references: each names another person, who was told nothing so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub another_person: Option<i64>,
    /// Accepted rows that a differing row of an added file replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaced: Option<i64>,
    /// People who lose their e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub emails_lost: Option<i64>,
    /// People who lose their postal address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub addresses_lost: Option<i64>,
    /// People who were told of an element that the list takes back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub told_too_much: Option<i64>,
    /// Campaigns that end, since their audience is not complete.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub campaigns_ended: Option<i64>,
    /// The draft's [`Version::revision`] to which these answers belong; without one they belong to any that asks for
    /// the same numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
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
            another_person: other.another_person.or(self.another_person),
            replaced: other.replaced.or(self.replaced),
            emails_lost: other.emails_lost.or(self.emails_lost),
            addresses_lost: other.addresses_lost.or(self.addresses_lost),
            told_too_much: other.told_too_much.or(self.told_too_much),
            campaigns_ended: other.campaigns_ended.or(self.campaigns_ended),
            revision: other.revision.or(self.revision),
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

/// Everything that may be asked about a draft.
fn all(of: &Version, told: &ToldSoFar) -> Vec<Question> {
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
    all.extend([
        Question::Replaced {
            number: delta.replaced_accepted,
        },
        Question::EmailsLost {
            number: delta.emails_lost,
        },
        Question::AddressesLost {
            number: delta.addresses_lost,
        },
        Question::ToldTooMuch {
            number: told.too_much,
        },
        Question::IdentityChanges {
            number: delta.identity_changes,
            told: told.another,
        },
        Question::CampaignsEnd {
            number: i64::try_from(told.ends.len()).unwrap_or(i64::MAX),
            campaigns: told.ends.clone(),
        },
    ]);
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
pub fn questions(of: &Version, told: &ToldSoFar, percent: u32) -> Vec<Question> {
    let mut all = all(of, told);
    all.retain(|question| is_asked(question, of, percent));
    all
}

/// What is not answered, or was answered for another number.
pub fn unanswered(
    of: &Version,
    told: &ToldSoFar,
    percent: u32,
    consent: &Consent,
) -> Vec<Question> {
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
            Question::Replaced { .. } => given.replaced,
            Question::EmailsLost { .. } => given.emails_lost,
            Question::AddressesLost { .. } => given.addresses_lost,
            // The number may have grown while sending goes on: the answer confirms all people who are told of an
            // element that the list takes back.
            Question::ToldTooMuch { number } if told.is_sending => {
                given.told_too_much.map(|seen| match seen {
                    1.. => seen.max(*number),
                    seen => seen,
                })
            }
            Question::ToldTooMuch { .. } => given.told_too_much,
            // Its audience was completed since it was shown: none ends, and there is nothing to ask.
            Question::CampaignsEnd { number: 0, .. } => return false,
            Question::CampaignsEnd { .. } => given.campaigns_ended,
            Question::IdentityChanges { number, .. } => {
                match (given.identity_changes, given.another_person) {
                    // Both at once say nothing of any of them.
                    (Some(_), Some(_)) => return *number > 0,
                    (same, other) => same.or(other),
                }
            }
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

impl Consent {
    /// How many campaigns may end; `None`: any number.
    pub fn campaigns_ended(&self) -> Option<i64> {
        match self {
            Self::Given => None,
            Self::NotGiven => Some(0),
            Self::Numbers(given) => Some(given.campaigns_ended.unwrap_or(0)),
        }
    }

    /// What was confirmed, as the audit log says it.
    pub fn confirmed(&self) -> Value {
        match self {
            Self::NotGiven => Value::Null,
            Self::Given => json!("everything that was asked"),
            Self::Numbers(given) => {
                let mut all = json!(Confirmed {
                    revision: None,
                    ..given.clone()
                });
                if given.any_rejected {
                    all["rejected"] = json!("any number");
                }
                all
            }
        }
    }

    /// The revision of the draft that was seen, if it was said.
    pub fn revision(&self) -> Option<&str> {
        match self {
            Self::Numbers(given) => given.revision.as_deref(),
            Self::NotGiven | Self::Given => None,
        }
    }
}

/// Whether it was answered that references name another person than before.
pub fn is_another_person(consent: &Consent) -> bool {
    matches!(consent, Consent::Numbers(given) if given.another_person.is_some_and(|n| n > 0))
}

/// The answer that says yes to all of these; of references that each names the same person.
pub fn yes_to(questions: &[Question]) -> Confirmed {
    let mut yes = Confirmed::default();
    let mut flags = BTreeMap::new();
    for question in questions {
        let number = question.number();
        match question {
            Question::Rejected { .. } => yes.rejected = Some(number),
            Question::Retracted { .. } => yes.retracted = Some(number),
            Question::Replaced { .. } => yes.replaced = Some(number),
            Question::EmailsLost { .. } => yes.emails_lost = Some(number),
            Question::AddressesLost { .. } => yes.addresses_lost = Some(number),
            Question::ToldTooMuch { .. } => yes.told_too_much = Some(number),
            Question::CampaignsEnd { .. } => yes.campaigns_ended = Some(number),
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
mod tests;
