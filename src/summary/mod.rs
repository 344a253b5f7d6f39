//! The figures of incidents for pages that show several nouns at once.

pub(crate) mod store;

pub(crate) use store::{Summary, summaries};
