//! One template: its words per language, what the check found, how it will look.

use askama::Template;

use crate::web::figures::filters;
use crate::web::page::{Desk, Faults, Moment, Tone};

/// `/console/templates/{id}`
#[derive(Template)]
#[template(path = "console/template.html")]
pub struct TemplatePage {
    /// The frame.
    pub desk: Desk,
    /// Its id.
    pub id: String,
    /// Its name, for staff.
    pub name: String,
    /// The version shown, the latest.
    pub version: i64,
    /// Who wrote that version.
    pub by: String,
    /// When.
    pub at: Moment,
    /// Campaigns that use this version: it is then immutable, and saving makes the next.
    pub campaigns: i64,
    /// One per locale.
    pub variants: Vec<Variant>,
    /// The locale previewed, and opened in the editor.
    pub locale: String,
    /// What the check found in that variant.
    pub findings: Vec<Finding>,
    /// How it reads for a sample person; none while it cannot be rendered.
    pub preview: Option<Preview>,
    /// Why saving was refused; fields `subject-1`, `body-1`, `locale-1` … by place.
    pub faults: Faults,
    /// Whether this person may write.
    pub may_edit: bool,
}

/// The words in one language, as typed.
#[derive(Debug, Clone, Default)]
pub struct Variant {
    /// BCP 47.
    pub locale: String,
    /// The language's name in words.
    pub language: String,
    /// The subject line.
    pub subject: String,
    /// Markdown with placeholders.
    pub body: String,
}

/// One finding of the check.
#[derive(Debug, Clone)]
pub struct Finding {
    /// `Act` refuses the template, `Look` is advice.
    pub tone: Tone,
    /// Where: `body, line 12`.
    pub place: String,
    /// What, and what would be better.
    pub text: String,
}

/// A rendered sample.
#[derive(Debug, Clone)]
pub struct Preview {
    /// For whom, in words.
    pub person: String,
    /// The subject as sent.
    pub subject: String,
    /// The text part as sent.
    pub text: String,
    /// Where the HTML part alone is served.
    pub html: String,
}

impl TemplatePage {
    /// The variants and an empty one for a new language, so that the form needs no script.
    fn rows(&self) -> Vec<Variant> {
        self.variants.iter().cloned().chain([Variant::default()]).collect()
    }

    /// The id of a field at a place, from 1.
    fn at(&self, field: &str, place: &usize) -> String {
        format!("{field}-{place}")
    }

    /// The sentence for a field at a place, or nothing.
    fn fault(&self, field: &str, place: &usize) -> &str {
        self.faults.of(&self.at(field, place))
    }
}
