//! What was typed on an incident's page and not saved, while a button for another part of the page was pressed: the page
//! shows it again.

use actix_web::HttpRequest;
use serde::Deserialize;

use crate::incident::Facts;
use crate::web::form;
use crate::web::public::Fact;

/// The words of the page's form.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Words {
    key: Vec<String>,
    value: Vec<String>,
    kind: String,
    text: String,
    next_on: String,
}

/// A statement that was typed.
#[derive(Debug)]
pub struct Statement {
    /// Which kind was chosen.
    pub kind: String,
    /// The words.
    pub text: String,
    /// The day of the next update, as typed.
    pub next_on: String,
}

/// The parts that were typed.
#[derive(Debug, Default)]
pub struct Unsaved {
    /// All pairs of the fact sheet, if they are not as saved.
    pub facts: Option<Vec<Fact>>,
    /// The statement, if there is one.
    pub statement: Option<Statement>,
}

impl Unsaved {
    /// What the form of the request carries beside what its button is for. Facts that are as saved are none.
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

    /// Without the facts: they are what the button is for.
    pub fn but_facts(self) -> Self {
        Self {
            facts: None,
            ..self
        }
    }

    /// Without the statement: it is what the button is for.
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

    /// What the page says beside the answer to the act.
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
