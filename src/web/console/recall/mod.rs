//! Recalls in the console: the list of an incident with the form that proposes one, the page of one, the people who were sent
//! the text.

pub(crate) mod actions;
pub mod list;
pub mod page;
pub mod people;
pub(crate) mod tasks;

use crate::id::TemplateId;
use crate::recall::Named;
use crate::template::store::Listed;

/// What is named as wrong, in words: `“5 May” in “Notice of data breach”, version 3`.
pub(super) fn in_words(named: &Named, templates: &[Listed]) -> String {
    let text = named.template.map(|(id, version)| {
        let name = name_of(id, templates);
        format!("“{name}”, version {version}")
    });
    let words = named.words.as_ref().map(|words| format!("“{words}”"));
    match (words, text) {
        (Some(words), Some(text)) => format!("{words} in {text}"),
        (words, text) => words.or(text).unwrap_or_default(),
    }
}

/// The name of a template.
fn name_of(id: TemplateId, templates: &[Listed]) -> &str {
    let known = templates.iter().find(|one| one.id == id);
    known.map_or("a template", |one| one.name.as_str())
}
