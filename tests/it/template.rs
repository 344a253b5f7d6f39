//! Templates: merging, what a text names, and real notices.

mod demo_texts;
mod editor;
mod history;
pub mod merge;
mod naming;
mod real_notices;
mod rules;
mod starting_texts;
