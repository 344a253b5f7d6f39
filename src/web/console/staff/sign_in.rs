//! The sign-in page of the console.

use askama::Template;

use crate::web::page::{Faults, Flash};

/// `/console/sign-in`
#[derive(Template)]
#[template(path = "console/staff/sign_in.html")]
pub struct SignIn {
    /// The name of the organisation.
    pub organisation: String,
    /// The token of the form, from the sign-in cookie.
    pub csrf: String,
    /// As typed; the page never shows a password again.
    pub email: String,
    /// The path to go to after signing in.
    pub next: String,
    /// One sentence for every kind of failure; field `email`.
    pub faults: Faults,
    /// A message, such as: signed out.
    pub flash: Option<Flash>,
}
