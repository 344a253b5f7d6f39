//! What others changed of an object since a caller read it: the answer to a caller whose version is not the present one.
//! The audit log has it, since each change writes its event in its own transaction.

use std::fmt;

use chrono::{DateTime, Utc};

use super::{Action, Event};

/// The most changes that one answer names.
const MOST: i64 = 5;

/// One part of an object that is not as the caller saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    word: String,
    words: String,
}

impl Part {
    /// A part with its word for programs (`fact:when`) and its words for people (`the fact “when”`).
    pub fn new(word: impl Into<String>, words: impl Into<String>) -> Self {
        Self {
            word: word.into(),
            words: words.into(),
        }
    }

    /// A state that changed: `state:scoping`. `name`: how the object's JSON names its state.
    pub fn state(name: &str, from: Option<&str>, to: &str) -> Self {
        let before = from.map(|from| format!(" (it was {from})"));
        let words = format!("the {name} is {to}{}", before.unwrap_or_default());
        Self::new(format!("{name}:{to}"), words)
    }

    /// Its word in JSON.
    pub fn word(&self) -> &str {
        &self.word
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

/// One change that another writer made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The actor, in the text form of [`crate::actor::Actor`]; `None` if several may have done it.
    pub by: Option<String>,
    /// The act, if the log has it.
    pub action: Option<Action>,
    /// When.
    pub at: DateTime<Utc>,
    /// The parts that it changed.
    pub parts: Vec<Part>,
}

/// What changed since a caller read an object; nothing was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The present version.
    pub version: i32,
    /// The changes, the oldest first. Empty for a version that never was.
    pub edits: Vec<Edit>,
}

impl Changed {
    /// From the events of the changes, the newest first. `parts` names what an event changed.
    pub fn of(version: i32, events: Vec<Event>, parts: impl Fn(&Event) -> Vec<Part>) -> Self {
        let edit = |event: Event| Edit {
            parts: parts(&event),
            action: Action::parse(&event.action),
            by: Some(event.actor),
            at: event.at,
        };
        Self {
            version,
            edits: events.into_iter().rev().map(edit).collect(),
        }
    }

    /// The words of all parts for programs, each once.
    pub fn words(&self) -> Vec<&str> {
        let mut words = Vec::new();
        for part in self.parts() {
            if !words.contains(&part.word()) {
                words.push(part.word());
            }
        }
        words
    }

    /// The latest change.
    pub fn last(&self) -> Option<&Edit> {
        self.edits.last()
    }

    fn parts(&self) -> impl Iterator<Item = &Part> {
        self.edits.iter().flat_map(|edit| &edit.parts)
    }
}

/// All parts, in words: `the state is scoping (it was confirmed), the fact “when”`.
impl fmt::Display for Changed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts: Vec<String> = self.parts().map(ToString::to_string).collect();
        parts.dedup();
        match parts.is_empty() {
            true => write!(f, "it is at version {}", self.version),
            false => f.write_str(&parts.join(", ")),
        }
    }
}

/// How many changes lie between the version that a caller saw and the present one, as far as an answer names them.
pub(crate) fn count(seen: i32, now: i32) -> i64 {
    (i64::from(now) - i64::from(seen)).clamp(0, MOST)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::actor::{Actor, System};

    #[test]
    fn each_changed_part_is_named_once_and_the_latest_change_has_its_actor() {
        let at = DateTime::from_timestamp(1_700_000_000, 0).expect("a moment");
        let event = |action| Event::new(at, Actor::System(System::Cli), action, "x", &json!({}));
        let newest_first = vec![event(Action::IncidentMove), event(Action::IncidentFacts)];
        let parts = |event: &Event| match Action::parse(&event.action) {
            Some(Action::IncidentMove) => {
                vec![Part::state("state", Some("confirmed"), "scoping")]
            }
            _ => vec![Part::new("fact:when", "the fact “when”"); 2],
        };
        let changed = Changed::of(4, newest_first, parts);
        assert_eq!(changed.words(), ["fact:when", "state:scoping"]);
        assert_eq!(
            changed.to_string(),
            "the fact “when”, the state is scoping (it was confirmed)"
        );
        let last = changed.last().expect("a change");
        assert_eq!(last.action, Some(Action::IncidentMove));
        assert_eq!(last.by.as_deref(), Some("system:cli"));
    }

    #[test]
    fn a_version_that_never_was_has_no_changes() {
        assert_eq!((count(1, 3), count(77, 3), count(1, 90)), (2, 0, 5));
        let changed = Changed::of(3, Vec::new(), |_| Vec::new());
        assert_eq!(changed.to_string(), "it is at version 3");
    }
}
