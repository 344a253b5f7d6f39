//! After asking: the number, and what happens next.

use askama::Template;

use crate::web::page::{Moment, Visit};

/// `/s/{token}/tickets/{number}/asked`
#[derive(Template)]
#[template(path = "public/asked.html")]
pub struct Asked {
    /// The frame.
    pub visit: Visit,
    /// The link's token.
    pub token: String,
    /// As the customer quotes it.
    pub number: String,
    /// How long others wait now, in rounded words; empty when unknown.
    pub wait: String,
    /// By when we answer, if promised.
    pub by: Option<Moment>,
}
