//! What was typed in one form of an incident's page while the button of another form was pressed: the page shows it again.

use actix_web::HttpRequest;
use serde::Deserialize;

use crate::incident::Facts;
use crate::web::form;
use crate::web::public::Fact;

/// The fields of the page's forms.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Words {
    key: Vec<String>,
    value: Vec<String>,
    kind: String,
    text: String,
    next_on: String,
}

/// A typed update.
#[derive(Debug)]
pub struct Statement {
    /// The chosen kind.
    pub kind: String,
    /// The text.
    pub text: String,
    /// The day of the next update, as typed.
    pub next_on: String,
}

/// What was typed and not saved.
#[derive(Debug, Default)]
pub struct Unsaved {
    /// All pairs of the fact sheet, if they differ from the saved ones.
    pub facts: Option<Vec<Fact>>,
    /// The update, if one was typed.
    pub statement: Option<Statement>,
}

impl Unsaved {
    /// The other fields of the request. Facts that are equal to the saved ones do not count.
    pub fn of(req: &HttpRequest, saved: &Facts) -> Self {
        let Some(words) = form::also::<Words>(req) else {
            return Self::default();
        };
        let pairs = words.key.iter().zip(&words.value);
        let typed = pairs.filter(|(key, value)| !key.trim().is_empty() || !value.trim().is_empty());
        let facts: Vec<Fact> = typed
            .map(|(key, value)| Fact {
                key: key.trim().to_owned(),
                value: value.replace("\r\n", "\n"),
            })
            .collect();
        let as_saved = facts
            .iter()
            .map(|fact| (&fact.key, &fact.value))
            .eq(saved.iter());
        let has_facts = !words.key.is_empty() && !as_saved;
        let has_statement = !words.text.trim().is_empty() || !words.next_on.is_empty();
        Self {
            facts: has_facts.then_some(facts),
            statement: has_statement.then_some(Statement {
                kind: words.kind,
                text: words.text,
                next_on: words.next_on,
            }),
        }
    }

    /// Without the facts, which the action concerns.
    pub fn but_facts(self) -> Self {
        Self {
            facts: None,
            ..self
        }
    }

    /// Without the update, which the action concerns.
    pub fn but_statement(self) -> Self {
        Self {
            statement: None,
            ..self
        }
    }

    /// Whether nothing would be lost by another page.
    pub fn is_empty(&self) -> bool {
        self.facts.is_none() && self.statement.is_none()
    }

    /// The sentence that follows the message about the action.
    pub fn in_words(&self) -> &'static str {
        match (&self.facts, &self.statement) {
            (Some(_), Some(_)) => {
                " The facts and the update that you typed are below, not saved yet."
            }
            (Some(_), None) => " The facts that you typed are below, not saved yet.",
            (None, Some(_)) => " The update that you typed is below, not published yet.",
            (None, None) => "",
        }
    }
}
