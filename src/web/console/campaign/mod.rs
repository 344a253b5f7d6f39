//! Campaigns in the console: the list with its form, the page of one, its buttons and their actions.

pub(crate) mod actions;
pub mod approval;
pub(crate) mod buttons;
pub mod compared;
pub mod content;
pub mod copy;
pub(crate) mod decide;
pub mod edit;
pub(crate) mod emergency_stop;
pub mod form;
pub mod head;
pub mod list;
pub(crate) mod live;
pub mod outcomes;
pub mod outlook;
pub mod page;
pub mod progress;
pub mod readiness;
pub mod row;
pub mod schedule;
mod snapshot;
pub mod speed;
pub mod test_send;
pub mod typed;
pub(crate) mod waivers;
