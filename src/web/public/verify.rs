//! Is this notice from us? The code alone proves it, without following any link.

use askama::Template;

use crate::web::page::{Faults, Moment, Visit};

/// `/verify`
#[derive(Template)]
#[template(path = "public/verify.html")]
pub struct Verify {
    /// The frame.
    pub visit: Visit,
    /// The code as typed.
    pub code: String,
    /// A code that cannot be one, with the reason; field `code`.
    pub faults: Faults,
    /// What we found.
    pub answer: Answer,
}

/// What is said about a code.
#[derive(Debug, Clone, Default)]
pub enum Answer {
    /// Nothing asked yet.
    #[default]
    Unasked,
    /// We sent it.
    Genuine {
        /// When, to the day.
        at: Moment,
        /// About which incident.
        title: String,
        /// Its address.
        slug: String,
    },
    /// Not one of ours, or mistyped: the same words for both.
    Unknown,
}
