//! Notices in the console: the list of a campaign, and the page of one notice with its attempts.

pub mod list;
pub(crate) mod page;
pub mod row;
