//! Notices in the console: the list of a campaign, also as CSV, and the page of one notice with its attempts.

pub(crate) mod csv;
pub(crate) mod find;
pub mod list;
pub(crate) mod page;
pub mod row;
