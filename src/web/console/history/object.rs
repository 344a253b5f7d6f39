//! What an action was done to, from its details in the audit log. An incident has several lists of affected people, and
//! several lists of letters.

use serde_json::Value;

use crate::audit::Action;
use crate::postal::PostalKind;
use crate::web::figures::count;

/// The words that follow the action; empty if the action can concern one thing only.
pub(super) fn object(action: Option<Action>, detail: &Value) -> String {
    let Some(action) = action else {
        return String::new();
    };
    match action {
        Action::ScopeActivate | Action::ScopeAdd | Action::ScopeDiscard | Action::ScopeImport => {
            detail["version"]
                .as_i64()
                .map(|n| format!(", version {n}"))
                .unwrap_or_default()
        }
        Action::CampaignUnwaive | Action::CampaignWaive => detail["finding"]
            .as_str()
            .map(|finding| format!(": {finding}"))
            .unwrap_or_default(),
        Action::IncidentFacts => of_claim(detail),
        Action::RecallDraft => detail["campaign"]
            .as_str()
            .map(|id| format!(": {id}"))
            .unwrap_or_default(),
        Action::LettersDiscard
        | Action::LettersExport
        | Action::LettersFile
        | Action::LettersPosted
        | Action::LettersRestore
        | Action::LettersReturned
        | Action::LettersTold => of_list(detail),
        _ => String::new(),
    }
}

/// `: the claim “when”, now corrected`.
fn of_claim(detail: &Value) -> String {
    let Some(key) = detail["claim"].as_str() else {
        return String::new();
    };
    let state = detail["state"].as_str();
    let state = state.map(|state| format!(", now {}", state.replace('_', " ")));
    format!(": the claim “{key}”{}", state.unwrap_or_default())
}

/// `: next of kin, 5 people, batch pst_…`.
fn of_list(detail: &Value) -> String {
    let kind = detail["list"].as_str().and_then(|kind| kind.parse().ok());
    let kind = kind.map(|kind: PostalKind| kind.in_words().to_owned());
    let people = detail["people"].as_i64().map(|n| match n {
        1 => "1 person".to_owned(),
        n => format!("{} people", count(n)),
    });
    let batch = detail["batch"].as_str().map(|id| format!("batch {id}"));
    let came_back = detail["returned"].as_i64().filter(|n| *n > 0);
    let came_back = came_back.map(|n| format!("{} came back", count(n)));
    let stayed = detail["not_posted"].as_i64().filter(|n| *n > 0);
    let stayed = stayed.map(|n| format!("{} never left", count(n)));
    let parts = [kind, people, came_back, stayed, batch];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    match parts.is_empty() {
        true => String::new(),
        false => format!(": {}", parts.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::object;
    use crate::audit::Action;

    #[test]
    fn an_action_on_a_list_names_the_list() {
        assert_eq!(
            object(
                Some(Action::ScopeActivate),
                &json!({ "version": 3, "delta": {} })
            ),
            ", version 3"
        );
        let kin = json!({ "list": "kin", "batch": "pst_7", "people": 1_234 });
        assert_eq!(
            object(Some(Action::LettersExport), &kin),
            ": next of kin, 1,234 people, batch pst_7"
        );
        let back = json!({ "returned": 2, "not_posted": 0, "batches": { "pst_7": [2, 0] } });
        assert_eq!(
            object(Some(Action::LettersReturned), &back),
            ": 2 came back"
        );
        assert_eq!(
            object(Some(Action::IncidentFacts), &json!({ "version": 3 })),
            ""
        );
        let claim = json!({ "claim": "when", "state": "being_checked" });
        assert_eq!(
            object(Some(Action::IncidentFacts), &claim),
            ": the claim “when”, now being checked"
        );
    }
}
