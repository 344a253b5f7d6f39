//! People in the console: the people behind a figure, and the page of one person.

pub(crate) mod csv;
pub mod list;
pub mod page;
pub(crate) mod reference;
