//! All templates, and the form that begins one.

use askama::Template;

use crate::web::figures::filters;
use crate::web::page::{Desk, Faults, Moment};

/// `/console/templates`
#[derive(Template)]
#[template(path = "console/templates.html")]
pub struct Templates {
    /// The frame.
    pub desk: Desk,
    /// All, the last changed first.
    pub templates: Vec<TemplateRow>,
    /// The form; none for whoever may not write.
    pub new: Option<NewTemplate>,
}

/// One template in the list.
#[derive(Debug, Clone)]
pub struct TemplateRow {
    /// Its id.
    pub id: String,
    /// Its name, for staff.
    pub name: String,
    /// Its latest version.
    pub version: i64,
    /// The locales it is written in.
    pub locales: Vec<String>,
    /// Campaigns that use any version.
    pub campaigns: i64,
    /// When it was last changed.
    pub at: Moment,
}

/// The form, as typed.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the fields of the form")]
pub struct NewTemplate {
    pub name: String,
    pub locale: String,
    pub faults: Faults,
}
