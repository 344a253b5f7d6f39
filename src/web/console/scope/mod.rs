//! Lists of affected people: importing one, the report of a version, what is done with a draft.

pub mod import;
pub mod rejects;
pub mod report;
