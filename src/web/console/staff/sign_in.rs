//! The door of the console.

use askama::Template;

use crate::web::page::{Faults, Flash};

/// `/console/sign-in`
#[derive(Template)]
#[template(path = "console/staff/sign_in.html")]
pub struct SignIn {
    /// The organisation whose console it is.
    pub organisation: String,
    /// Goes into the form, from the sign-in cookie.
    pub csrf: String,
    /// As typed; the password never comes back.
    pub email: String,
    /// Where to go afterwards; a path of ours.
    pub next: String,
    /// One sentence for every kind of wrong; field `email`.
    pub faults: Faults,
    /// For example: signed out.
    pub flash: Option<Flash>,
}
