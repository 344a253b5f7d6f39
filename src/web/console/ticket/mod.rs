//! The ticket page of an agent, and the actions on a ticket.

pub(crate) mod actions;
mod composer;
mod conflict;
pub(crate) mod delivery;
pub(crate) mod draft;
pub(crate) mod page;
pub(crate) mod person;
pub(crate) mod resolution;
pub mod view;
