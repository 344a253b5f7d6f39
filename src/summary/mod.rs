//! The figures of incidents for pages that show several nouns at once.

pub mod store;

pub use store::{Summary, summaries};
