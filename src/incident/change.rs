//! What changes of an incident: its working fact sheet from what is public, and its versions from each other.

use serde_json::Value;

use super::Facts;
use crate::audit::changed::Part;
use crate::audit::{Action, Event};

/// The acts that each make a new version of an incident.
pub const VERSIONED: [Action; 3] = [
    Action::IncidentMove,
    Action::IncidentFacts,
    Action::IncidentPublishFacts,
];

/// The parts of an incident that one of these acts changed.
pub fn parts(event: &Event) -> Vec<Part> {
    let detail: Value = serde_json::from_str(&event.detail).unwrap_or_default();
    match Action::parse(&event.action) {
        Some(Action::IncidentMove) => {
            let to = detail["to"].as_str();
            to.map(|to| Part::state("state", detail["from"].as_str(), to))
                .into_iter()
                .collect()
        }
        Some(Action::IncidentFacts) => {
            let title = detail["title"] == true;
            let keys = detail["changed"].as_array().into_iter().flatten();
            let fact = |key: &str| Part::new(format!("fact:{key}"), format!("the fact “{key}”"));
            let state = detail["state"].as_str().zip(detail["claim"].as_str());
            let state = state.map(|(state, key)| {
                let words = format!(
                    "the state of the claim “{key}” is {}",
                    state.replace('_', " ")
                );
                Part::new(format!("claim:{key}:{state}"), words)
            });
            title
                .then(|| Part::new("title", "the title"))
                .into_iter()
                .chain(keys.filter_map(Value::as_str).map(fact))
                .chain(state)
                .collect()
        }
        Some(Action::IncidentPublishFacts) => {
            vec![Part::new("published", "title and facts are public")]
        }
        _ => Vec::new(),
    }
}

/// One fact that publishing would change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its key.
    pub key: String,
    /// What is public now; `None`: the fact is new.
    pub before: Option<String>,
    /// What would be public; `None`: the fact is removed.
    pub after: Option<String>,
}

/// The facts that differ, in the order of their keys.
pub fn changes(before: &Facts, after: &Facts) -> Vec<Change> {
    let mut keys: Vec<&String> = before.keys().chain(after.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    let change = |key: &String| Change {
        key: key.clone(),
        before: before.get(key).cloned(),
        after: after.get(key).cloned(),
    };
    keys.into_iter()
        .map(change)
        .filter(|change| change.before != change.after)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_changed_and_removed_facts_are_told_apart() {
        let sheet = |pairs: &[(&str, &str)]| -> Facts {
            let pair = |(key, text): &(&str, &str)| ((*key).to_owned(), (*text).to_owned());
            pairs.iter().map(pair).collect()
        };
        let before = sheet(&[("phone", "1"), ("what", "A"), ("same", "S")]);
        let after = sheet(&[("when", "now"), ("what", "B"), ("same", "S")]);
        let found: Vec<_> = changes(&before, &after)
            .into_iter()
            .map(|c| (c.key, c.before, c.after))
            .collect();
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            found,
            [
                ("phone".to_owned(), some("1"), None),
                ("what".to_owned(), some("A"), some("B")),
                ("when".to_owned(), None, some("now")),
            ]
        );
        assert_eq!(changes(&before, &before), []);
    }
}
