//! What becomes of the words of a form: given back by the page of a fault, to be sent again; and the script is told that
//! a form was accepted, so that it drops its draft.

use actix_web::{HttpRequest, HttpResponse};

use crate::web::form;

/// The field in which the script names the draft that it keeps.
const DRAFT: &str = "draft";

/// What people type into, by the name of the field.
const LABELS: &[(&str, &str)] = &[
    ("text", "What you wrote"),
    ("note", "Note"),
    ("reason", "On hold: we wait for"),
    ("review_on", "Look again on"),
    ("reference", "Reference"),
    ("title", "Title"),
    ("what_happened", "What happened"),
    ("subject", "Subject"),
    ("body", "Body"),
    ("names", "Named by words"),
    ("value", "Fact"),
    ("next_on", "Next update on"),
    ("name", "Name"),
    ("who", "Who was told"),
    ("elements", "Only with these elements"),
    ("jurisdictions", "Only in"),
    ("locales", "Only who read"),
    ("email", "Your e-mail address"),
];

/// A form that could not be handled, as it was sent.
#[derive(Debug, Clone)]
pub struct Again {
    /// Where it was going.
    pub action: String,
    /// Its fields in their order.
    pub fields: Vec<Given>,
}

/// One field of it.
#[derive(Debug, Clone)]
pub struct Given {
    /// Its name.
    pub name: String,
    /// What was entered.
    pub value: String,
    /// What the reader calls it; empty for what was not typed, which goes along hidden.
    pub label: &'static str,
}

impl Given {
    /// Whether it fits a field of one line.
    pub fn is_line(&self) -> bool {
        self.value.len() <= 60 && !self.value.contains('\n') && self.name != "text"
    }

    /// Its id on the page, from its place in the form.
    pub fn id(&self, place: &usize) -> String {
        format!("typed-{place}")
    }
}

/// What the reader calls a field; empty for one that is not typed, or was left empty.
fn label(name: &str, value: &str) -> &'static str {
    if value.trim().is_empty() {
        return "";
    }
    let known = LABELS.iter().find(|(known, _)| *known == name);
    match known {
        Some((_, label)) => label,
        // Words that no table names are given back all the same.
        None if value.contains(char::is_whitespace) => "What you wrote",
        None => "",
    }
}

/// Marks an answer that shows a page and is no refusal: what the form's button is for was done.
#[derive(Debug, Clone, Copy)]
pub struct Accepted;

/// Marks the answer so.
pub fn accepted(mut answer: HttpResponse) -> HttpResponse {
    answer.extensions_mut().insert(Accepted);
    answer
}

/// The id that the script gives a form, to drop the draft that it keeps once the form was accepted; `None` if the form
/// has none.
pub fn draft_id(req: &HttpRequest) -> Option<String> {
    let id = form::typed(req)?.get(DRAFT).to_owned();
    let fine = (8..=32).contains(&id.len()) && id.bytes().all(|c| c.is_ascii_alphanumeric());
    fine.then_some(id)
}

/// What was typed, in the form that it was sent with; `None` if nothing was typed, or nothing that may be given back.
pub fn again(req: &HttpRequest) -> Option<Again> {
    let fields = form::typed(req)?;
    if fields.each().any(|(name, _)| form::SECRETS.contains(&name)) {
        return None;
    }
    let given = |(name, value): (&str, &str)| Given {
        label: label(name, value),
        name: name.to_owned(),
        value: value.to_owned(),
    };
    let fields: Vec<_> = fields.each().map(given).collect();
    let action = req.uri().path_and_query()?.as_str().to_owned();
    let has_words = fields.iter().any(|field| !field.label.is_empty());
    has_words.then_some(Again { action, fields })
}
