//! person

pub mod flags;
pub mod place;
pub mod visit;
