//! What staff see and what operators read: navigation by role (S6), request ids, logs and metrics (S7), typed text that
//! is kept (L6), the Enter key (L7), unsaved text (L9).

mod figures;
mod logs;
mod pages;
mod reach;
mod scene;
pub mod valve;
mod words;
