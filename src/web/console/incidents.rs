//! All incidents, and the form that opens one.

use askama::Template;

use crate::web::figures::filters;
use crate::web::page::{Desk, Faults, Moment};

/// `/console/incidents`
#[derive(Template)]
#[template(path = "console/incidents.html")]
pub struct Incidents {
    /// The frame.
    pub desk: Desk,
    /// All, the latest first.
    pub incidents: Vec<IncidentRow>,
    /// The form; none for whoever may not open one.
    pub new: Option<NewIncident>,
}

/// One incident in the list.
#[derive(Debug, Clone)]
pub struct IncidentRow {
    /// Its address.
    pub slug: String,
    /// Its title.
    pub title: String,
    /// Its state.
    pub state: String,
    /// People in its active scope.
    pub people: i64,
    /// Of them, notified.
    pub notified: i64,
    /// When it was opened.
    pub opened_at: Moment,
}

/// The form, as typed.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the fields of the form")]
pub struct NewIncident {
    pub title: String,
    pub slug: String,
    pub what_happened: String,
    pub faults: Faults,
}
