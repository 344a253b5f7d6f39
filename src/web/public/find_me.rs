//! "Am I affected?" without a link. Everyone gets the same answer, so that nobody can ask about
//! somebody else.

use askama::Template;

use crate::web::page::{Faults, Visit};

/// `/find-me`
#[derive(Template)]
#[template(path = "public/find_me.html")]
pub struct FindMe {
    /// The frame.
    pub visit: Visit,
    /// As typed.
    pub email: String,
    /// Something that is not an address; field `email`.
    pub faults: Faults,
    /// Whether the one answer is shown.
    pub answered: bool,
}
