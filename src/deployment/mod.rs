//! The database as a thing that can be put back to an older state, and the keys that it is used with.
//!
//! An older copy does not know what was sent after it was taken. While one is suspected nothing is sent; a person
//! decides what became of those messages (`recovery`). docs/decisions/0013 says how a copy is recognised.

pub mod keys;
pub mod store;
pub mod watch;

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};

/// For how long after a decision about a copy pages say that messages of its gap may be unknown here: letters are read
/// weeks after they were posted.
pub const REMEMBERED: TimeDelta = TimeDelta::days(180);

/// The interval in which records of sent messages may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missing {
    /// About when the copy was taken.
    pub from: DateTime<Utc>,
    /// When the copy was held: nothing left unseen after that.
    pub until: DateTime<Utc>,
}

/// What makes a database suspect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// Another server than the one it was written on.
    Cluster,
    /// Another database of the same server.
    Database,
    /// Its rows were copied, as by a restored dump.
    Row,
    /// The server began a new history: a standby took over, or it was put back to a point in time.
    Timeline,
    /// A node saw it in a later state.
    Epoch,
    /// An operator declared it.
    Declared,
}

impl Why {
    /// All of them, the surest first.
    pub const ALL: [Self; 6] = [
        Self::Epoch,
        Self::Declared,
        Self::Row,
        Self::Database,
        Self::Cluster,
        Self::Timeline,
    ];

    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cluster => "cluster",
            Self::Database => "database",
            Self::Row => "row",
            Self::Timeline => "timeline",
            Self::Epoch => "epoch",
            Self::Declared => "declared",
        }
    }

    /// Its sentence.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Cluster => "it was written on another Postgres server",
            Self::Database => "it was written in another database of this server",
            Self::Row => "its rows were loaded from a dump",
            Self::Timeline => {
                "its server took over from another, or was put back to a point in time"
            }
            Self::Epoch => "a node of Candor has seen it in a later state",
            Self::Declared => "somebody said that it is a copy",
        }
    }

    fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|why| why.as_str() == word)
    }
}

/// A database that may be an older copy: nothing is sent until a person decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    /// Why, the surest first; never empty.
    pub why: Vec<Why>,
    /// Since when nothing is sent.
    pub at: DateTime<Utc>,
    /// When it was last known to be the one in use: about when the copy was taken.
    pub copied_at: DateTime<Utc>,
}

impl Doubt {
    fn new(words: &[String], at: DateTime<Utc>, copied_at: DateTime<Utc>) -> Self {
        let among = |why: &Why| words.iter().any(|word| word == why.as_str());
        Self {
            why: Why::ALL.into_iter().filter(among).collect(),
            at,
            copied_at,
        }
    }

    /// The reasons as one clause.
    pub fn reasons(&self) -> String {
        let words: Vec<_> = self.why.iter().map(|why| why.in_words()).collect();
        words.join("; ")
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.copied_at.format("%Y-%m-%d %H:%M:%S UTC");
        let reasons = self.reasons();
        write!(
            f,
            "this database may be an older copy ({reasons}). It was last in use at {at}. Nothing is sent until \
             somebody decides: `candor db restored --help`"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_a_word_of_its_own_and_is_read_back() {
        for why in Why::ALL {
            assert_eq!(Why::of(why.as_str()), Some(why));
        }
        assert_eq!(Why::of("moon"), None);
        let at = DateTime::from_timestamp(1_800_000_000, 0).expect("a time");
        let words = ["row".to_owned(), "epoch".to_owned()];
        let doubt = Doubt::new(&words, at, at);
        assert_eq!(doubt.why, [Why::Epoch, Why::Row]);
        assert!(doubt.to_string().contains("candor db restored"));
    }
}
