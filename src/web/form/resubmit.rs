//! A form after its request: an error page shows it again, filled in, to be sent once more; and the script learns that a
//! form was accepted, so that it deletes its draft.

use actix_web::{HttpRequest, HttpResponse};

use crate::web::form;

/// The field in which the script names its draft.
const DRAFT: &str = "draft";

/// The labels of fields into which people type, by the name of the field.
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

/// A form that could not be handled, to be sent again.
#[derive(Debug, Clone)]
pub struct Resubmission {
    /// Path and query of the request.
    pub action: String,
    /// The fields in the order of the form.
    pub fields: Vec<Field>,
}

/// One field of a form to be sent again.
#[derive(Debug, Clone)]
pub struct Field {
    /// The name in the form.
    pub name: String,
    /// The value as it was sent.
    pub value: String,
    /// The label on the page; empty for a field that was not typed, which becomes a hidden input.
    pub label: &'static str,
}

impl Field {
    /// Whether it fits a field of one line.
    pub fn is_line(&self) -> bool {
        self.value.len() <= 60 && !self.value.contains('\n') && self.name != "text"
    }

    /// The id of the input on the page, from its place in the form.
    pub fn id(&self, place: &usize) -> String {
        format!("typed-{place}")
    }
}

/// The label of a field; empty if it is not typed, or was left empty.
fn label(name: &str, value: &str) -> &'static str {
    if value.trim().is_empty() {
        return "";
    }
    let known = LABELS.iter().find(|(known, _)| *known == name);
    match known {
        Some((_, label)) => label,
        // Text of an unknown field is shown too.
        None if value.contains(char::is_whitespace) => "What you wrote",
        None => "",
    }
}

/// Marks an answer that shows a page after the action of the form was done, so that it is not taken for a refusal.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Accepted;

/// Marks an answer as [`Accepted`].
pub(crate) fn accepted(mut answer: HttpResponse) -> HttpResponse {
    answer.extensions_mut().insert(Accepted);
    answer
}

/// The id of the draft that the script keeps of this form, if there is one.
pub(crate) fn draft_id(req: &HttpRequest) -> Option<String> {
    let id = form::typed(req)?.get(DRAFT).to_owned();
    let fine = (8..=32).contains(&id.len()) && id.bytes().all(|c| c.is_ascii_alphanumeric());
    fine.then_some(id)
}

/// The form of the request, to be sent again; `None` if nothing was typed, or if it holds a password or a code.
pub(crate) fn resubmission(req: &HttpRequest) -> Option<Resubmission> {
    let fields = form::typed(req)?;
    if fields.each().any(|(name, _)| form::SECRETS.contains(&name)) {
        return None;
    }
    let given = |(name, value): (&str, &str)| Field {
        label: label(name, value),
        name: name.to_owned(),
        value: value.to_owned(),
    };
    let fields: Vec<_> = fields.each().map(given).collect();
    let action = req.uri().path_and_query()?.as_str().to_owned();
    let has_words = fields.iter().any(|field| !field.label.is_empty());
    has_words.then_some(Resubmission { action, fields })
}
