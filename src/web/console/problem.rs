//! What staff are told when something cannot be done or shown.

use askama::Template;

use crate::web::form::resubmit::Resubmission;
use crate::web::page::Desk;

/// The page of a refusal or a fault. It asks the database nothing, since the fault may be there.
#[derive(Template)]
#[template(path = "console/problem.html")]
pub struct ProblemPage {
    /// The frame, with the navigation of who is signed in; without a name where that is not known.
    pub desk: Desk,
    /// What is the matter, in a line.
    pub title: String,
    /// What it means, in a sentence or two.
    pub text: String,
    /// What to do, each a sentence.
    pub advice: Vec<String>,
    /// The id of the request, as in the log; empty when it would help nobody.
    pub reference: String,
    /// Words that were typed and could not be kept; empty when none.
    pub typed: String,
    /// What is said beside them.
    pub typed_hint: &'static str,
    /// The page of what the form was about; empty where there is none.
    pub back: String,
    /// The form that can be sent again once the fault is over.
    pub again: Option<Resubmission>,
}
