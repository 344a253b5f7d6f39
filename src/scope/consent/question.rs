//! One thing that is asked about a draft, and its words.

use std::fmt;

use serde::Serialize;

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
    /// Rows of an added file came in the place of accepted rows and say something else.
    Replaced {
        /// How many.
        number: i64,
    },
    /// People have no e-mail address any more.
    EmailsLost {
        /// How many.
        number: i64,
    },
    /// People have no postal address any more.
    AddressesLost {
        /// How many.
        number: i64,
    },
    /// People were told of an element that is taken back.
    ToldTooMuch {
        /// How many.
        number: i64,
    },
    /// References seem to name another person: the name is new, and no e-mail address stays.
    IdentityChanges {
        /// How many.
        number: i64,
        /// The people of how many of them were told something by now.
        told: i64,
    },
    /// Campaigns end, since their audience is not complete.
    CampaignsEnd {
        /// How many.
        number: i64,
        /// Which.
        campaigns: Vec<Ending>,
    },
}

/// A campaign under way that ends as a list comes in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ending {
    /// Its name: that of its template.
    pub name: String,
    /// Its number within its incident.
    pub number: i64,
    /// People of its audience who are not told yet; `None` where that is not counted.
    pub untold: Option<i64>,
}

/// How many people were told by now of what a draft changes, and what is being sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ToldSoFar {
    /// People of references that seem to name another person.
    pub another: i64,
    /// People who were told of an element that the list takes back.
    pub too_much: i64,
    /// A campaign of the incident is being sent: more may be told in the next moment.
    pub is_sending: bool,
    /// Campaigns that end.
    pub ends: Vec<Ending>,
}

impl Question {
    /// Its number.
    pub fn number(&self) -> i64 {
        match self {
            Self::Rejected { number, .. }
            | Self::FlagsLifted { number, .. }
            | Self::Retracted { number }
            | Self::Replaced { number }
            | Self::EmailsLost { number }
            | Self::AddressesLost { number }
            | Self::ToldTooMuch { number }
            | Self::IdentityChanges { number, .. }
            | Self::CampaignsEnd { number, .. } => *number,
        }
    }

    /// The other answer than yes, as a sentence; `None` for most questions.
    pub fn otherwise(&self) -> Option<String> {
        let Self::IdentityChanges { number, .. } = self else {
            return None;
        };
        Some(match number {
            1 => "It names another person. Questions, answers, links, letters and what was told stay with the former \
                  person, who leaves the scope; the new one was told nothing so far."
                .to_owned(),
            number => format!(
                "Each of the {number} names another person. Questions, answers, links, letters and what was told stay \
                 with the former people, who leave the scope; the new ones were told nothing so far."
            ),
        })
    }

    /// Its first answer, as a sentence: what a yes says.
    pub fn yes(&self) -> String {
        match self {
            Self::IdentityChanges { number: 1, .. } => {
                "It names the same person, whose name and address changed.".to_owned()
            }
            Self::IdentityChanges { number, .. } => format!(
                "Each of the {number} names the same person, whose name and address changed."
            ),
            other => other.to_string(),
        }
    }
}

/// What the draft changes, as a sentence.
impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let people = |n: &i64| by_number(*n, "person", "people");
        let lose = |n: &i64| by_number(*n, "loses their", "lose their");
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
            Self::Replaced { number } => write!(
                f,
                "{number} accepted {} replaced by {} of an added file with the same reference, which {} something else.",
                by_number(*number, "row is", "rows are"),
                by_number(*number, "a row", "rows"),
                by_number(*number, "says", "say"),
            ),
            Self::EmailsLost { number } => write!(
                f,
                "{number} {} {} e-mail address: the list has none for them.",
                people(number),
                lose(number)
            ),
            Self::AddressesLost { number } => write!(
                f,
                "{number} {} {} postal address: the list has none for them.",
                people(number),
                lose(number)
            ),
            Self::ToldTooMuch { number } => write!(
                f,
                "{number} {} in scope and {} told of data that the list takes back: a correction must tell them.",
                by_number(*number, "person stays", "people stay"),
                by_number(*number, "was", "were")
            ),
            Self::IdentityChanges { number, told } => write!(
                f,
                "{number} {} another person now: the name is new, and no e-mail address stays. Of the former people \
                 {told} {} told.",
                by_number(
                    *number,
                    "reference seems to name",
                    "references seem to name"
                ),
                by_number(*told, "was", "were"),
            ),
            Self::CampaignsEnd { campaigns, .. } => campaigns_end(f, campaigns),
        }
    }
}

fn by_number(n: i64, one: &'static str, many: &'static str) -> &'static str {
    if n == 1 { one } else { many }
}

/// A sentence for each campaign that ends, and what to do then.
fn campaigns_end(f: &mut fmt::Formatter<'_>, campaigns: &[Ending]) -> fmt::Result {
    for (n, ending) in campaigns.iter().enumerate() {
        let Ending {
            name,
            number,
            untold,
        } = ending;
        let blank = if n == 0 { "" } else { " " };
        write!(f, "{blank}The campaign “{name}” (no. {number}) ends: ")?;
        match untold {
            Some(1) => f.write_str("1 person of its audience is not told yet.")?,
            Some(untold) => write!(f, "{untold} of its audience are not told yet.")?,
            None => f.write_str("part of its audience is not told yet.")?,
        }
    }
    f.write_str(" Draft a new campaign for them.")
}
