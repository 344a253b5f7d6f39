//! Templates in the console: the list, the page of one with its editor and its preview.

pub(crate) mod editor;
pub(crate) mod language;
pub mod list;
pub mod page;
pub mod preview;
