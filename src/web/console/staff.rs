//! Who works here, and with which roles.

use askama::Template;

use crate::web::figures::filters;
use crate::web::page::{Desk, Moment};

/// `/console/staff`
#[derive(Template)]
#[template(path = "console/staff.html")]
pub struct StaffList {
    /// The frame.
    pub desk: Desk,
    /// Everyone, by name.
    pub staff: Vec<StaffRow>,
    /// Whether this person may disable accounts.
    pub may_manage: bool,
}

/// One account.
#[derive(Debug, Clone)]
pub struct StaffRow {
    /// Its id.
    pub id: String,
    /// The person.
    pub name: String,
    /// What they sign in with.
    pub email: String,
    /// Their roles.
    pub roles: Vec<String>,
    /// Since when it is disabled, if it is.
    pub disabled: Option<Moment>,
    /// The last sign-in.
    pub seen: Option<Moment>,
}

impl StaffRow {
    /// Where a deed about this account posts to.
    fn to(&self, deed: &str) -> String {
        format!("/console/staff/{}/{deed}", self.id)
    }
}
