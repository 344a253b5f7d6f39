//! The details of an action, for readers.

use serde_json::{Map, Value};

use crate::audit::Linked;
use crate::seal::to_hex;

/// The text in place of a value that is sealed with the key of its incident.
const SEALED: &str = "sealed";

/// Name and value of each detail, then actor, time and hashes.
pub(crate) fn of(action: &Linked) -> Vec<(String, String)> {
    let event = &action.event;
    let read: Value =
        serde_json::from_str(&event.detail).unwrap_or_else(|_| event.detail.as_str().into());
    let mut all = match &read {
        Value::Null => Vec::new(),
        Value::Object(fields) => named("", fields),
        other => vec![("detail".to_owned(), plain(other))],
    };
    let hex = |bytes: &[u8]| match bytes {
        [] => "none: it is the first".to_owned(),
        bytes => to_hex(bytes),
    };
    all.extend(
        [
            ("actor", event.actor.clone()),
            ("at", event.at.to_rfc3339()),
            ("hash", hex(&action.hash)),
            ("hash before", hex(&action.prev_hash)),
        ]
        .map(|(name, value)| (name.to_owned(), value)),
    );
    all
}

/// Each field; nested fields follow the name of their field.
fn named(before: &str, fields: &Map<String, Value>) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for (name, value) in fields {
        let words = |name: &str| format!("{before}{}", name.replace('_', " "));
        match (name.strip_suffix("_sealed"), value) {
            (Some(name), _) => all.push((words(name), SEALED.to_owned())),
            (None, Value::Object(within)) if !within.is_empty() => {
                all.extend(named(&format!("{} · ", words(name)), within));
            }
            (None, value) => all.push((words(name), plain(value))),
        }
    }
    all
}

/// A text as it is, a list joined by commas, anything else as JSON.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "none".to_owned(),
        Value::Array(all) if all.is_empty() => "none".to_owned(),
        Value::Array(all) => all.iter().map(plain).collect::<Vec<_>>().join(", "),
        Value::Object(fields) if fields.is_empty() => "none".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use serde_json::json;

    use super::*;
    use crate::actor::Actor;
    use crate::audit::{Action, Event};

    #[test]
    fn every_detail_has_a_name_and_sealed_values_stay_sealed() {
        let at = DateTime::from_timestamp(1_700_000_000, 0).expect("a moment");
        let detail = json!({ "reason_sealed": "00ff", "people": 3, "of": ["a", 1], "why": "late", "then": null,
            "delta": { "people_added": 3, "flags_lifted": { "minor": 1 } } });
        let event = Event::new(
            at,
            Actor::System(crate::actor::System::Cli),
            Action::KeyAdd,
            "c",
            &detail,
        );
        let shown = of(&Linked::new(1, event, Vec::new()));
        for (name, value) in [
            ("reason", "sealed"),
            ("people", "3"),
            ("of", "a, 1"),
            ("delta · people added", "3"),
            ("delta · flags lifted · minor", "1"),
            ("why", "late"),
            ("then", "none"),
            ("actor", "system:cli"),
            ("hash before", "none: it is the first"),
        ] {
            let found = shown.iter().find(|(of, _)| of == name);
            assert_eq!(
                found.map(|(_, value)| value.as_str()),
                Some(value),
                "{name}"
            );
        }
        assert!(!shown.iter().any(|(_, value)| value.contains("00ff")));
    }
}
