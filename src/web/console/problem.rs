//! What staff are told when something cannot be done or shown.

use askama::Template;

/// The page of a refusal or a fault; stands alone, since the fault may be in what frames need.
#[derive(Template)]
#[template(path = "console/problem.html")]
pub struct ProblemPage {
    /// What is the matter, in a line.
    pub title: String,
    /// What it means, in a sentence or two.
    pub text: String,
    /// What to do, each a sentence.
    pub advice: Vec<String>,
    /// As in the log; empty when it would help nobody.
    pub reference: String,
    /// Words that were typed and could not be kept; empty when none.
    pub typed: String,
}
