//! Templates in the console: the list, the page of one with its editor and its preview, the page of its versions.

pub mod compare;
pub(crate) mod editor;
pub mod history;
pub(crate) mod language;
pub mod list;
pub(crate) mod manage;
pub mod page;
pub mod preview;
