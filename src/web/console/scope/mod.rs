//! Lists of affected people: importing one, the report of a version, activating and discarding a draft.

pub(crate) mod activate;
mod buttons;
pub mod delta;
pub mod import;
pub mod questions;
pub mod rejects;
pub mod report;
