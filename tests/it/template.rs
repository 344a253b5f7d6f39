//! Templates: merging, what a text names, and real notices.

mod demo_texts;
pub mod merge;
mod naming;
mod real_notices;
mod rules;
