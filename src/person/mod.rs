//! person

pub mod flags;
pub mod place;
