//! Logging a phone call: who, how they were verified, what was said, what comes next.

use askama::Template;

use super::Choice;
use crate::web::page::{Desk, Faults};

/// `/console/helpline/call`
#[derive(Template)]
#[template(path = "console/call.html")]
pub struct CallForm {
    /// The frame.
    pub desk: Desk,
    /// The person's reference, notice code or e-mail address, as typed.
    pub reference: String,
    /// How callers may be verified; never by what was in the breach.
    pub verifications: Vec<Choice>,
    /// The one chosen.
    pub verification: String,
    /// What was said, as typed.
    pub text: String,
    /// The states the ticket may take.
    pub states: Vec<Choice>,
    /// The one chosen.
    pub then: String,
    /// Why it was refused.
    pub faults: Faults,
}
