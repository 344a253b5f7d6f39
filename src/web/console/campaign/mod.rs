//! Campaigns in the console: the list with its form, the page of one, its buttons and their actions.

pub(crate) mod actions;
pub mod approval;
pub(crate) mod buttons;
pub mod compared;
pub mod content;
pub(crate) mod decide;
pub(crate) mod emergency_stop;
pub mod list;
pub(crate) mod live;
pub mod outcomes;
pub mod outlook;
pub mod page;
pub mod progress;
pub mod readiness;
pub mod row;
mod snapshot;
pub mod speed;
