//! Campaigns in the console: the list with its form, the page of one, its buttons and their actions.

pub(crate) mod actions;
pub(crate) mod buttons;
pub mod content;
pub(crate) mod emergency_stop;
pub mod list;
pub(crate) mod live;
pub mod outcomes;
pub mod page;
pub mod progress;
pub mod readiness;
pub mod row;
mod snapshot;
pub mod speed;
pub(crate) mod waivers;
