//! The second step: a one-time code to the address on file, before anything personal is shown.

use crate::web::page::Faults;

/// Where a visitor stands with the one-time code.
#[derive(Debug, Clone, Default)]
pub struct Unlock {
    /// Whether a code was asked for. Says nothing about whether one could be sent.
    pub asked: bool,
    /// Which page to come back to: a path below this link.
    pub back: String,
    /// What was typed and refused.
    pub code: String,
    /// Why: one sentence for every kind of wrong, at field `code`.
    pub faults: Faults,
}
