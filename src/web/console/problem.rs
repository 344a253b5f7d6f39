//! The error page of the console.

use askama::Template;

use crate::web::form::resubmit::Resubmission;
use crate::web::page::ConsoleFrame;

/// The error page. It reads nothing from the database, since the database may be the cause.
#[derive(Template)]
#[template(path = "console/problem.html")]
pub struct ProblemPage {
    /// The frame, with the navigation of the reader; without a name if the reader is not known.
    pub desk: ConsoleFrame,
    /// The problem in one line.
    pub title: String,
    /// Its meaning in one or two sentences.
    pub text: String,
    /// What to do, each a sentence.
    pub advice: Vec<String>,
    /// The id of the request, as in the log; empty if it is of no use.
    pub reference: String,
    /// The typed text that could not be saved; empty for none.
    pub typed: String,
    /// The hint about that text.
    pub typed_hint: &'static str,
    /// The page of the form's subject; empty without one.
    pub back: String,
    /// The form that can be sent again after the fault is over.
    pub again: Option<Resubmission>,
}
