//! One incident in public: the facts, and every statement with its date, none ever removed.

use askama::Template;

use super::{Fact, Update};
use crate::web::figures::filters;
use crate::web::page::{Moment, Visit};

/// `/incidents/{slug}`
#[derive(Template)]
#[template(path = "public/incident.html")]
pub struct IncidentPage {
    /// The frame.
    pub visit: Visit,
    /// Its address.
    pub slug: String,
    /// Its public title.
    pub title: String,
    /// The fact sheet.
    pub facts: Vec<Fact>,
    /// All statements, the latest first.
    pub updates: Vec<Update>,
    /// When the next one comes, if promised.
    pub next_update: Option<Moment>,
}
