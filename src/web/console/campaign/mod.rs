//! Campaigns in the console: the list with its form, the page of one, what its buttons do.

pub mod actions;
pub mod audience;
pub mod buttons;
pub mod content;
pub mod list;
pub mod live;
pub mod outcomes;
pub mod page;
pub mod progress;
pub mod readiness;
pub mod row;
pub mod speed;
