//! What staff see and what operators read: navigation by role (S6), request ids, logs and metrics (S7), words that
//! come back (L6), Enter (L7), unsaved text (L9).

mod figures;
mod logs;
mod pages;
mod reach;
mod scene;
pub mod valve;
mod words;
