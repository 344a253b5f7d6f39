//! Templates in the console: the list, the editor of one, its preview.

pub mod editor;
pub mod list;
pub mod preview;
