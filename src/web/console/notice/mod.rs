//! Notices in the console: the list of a campaign, and one notice with its attempts.

pub mod list;
