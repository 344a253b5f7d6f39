//! The ticket page of an agent, and the actions on a ticket.

pub mod actions;
mod composer;
mod conflict;
pub mod delivery;
pub mod draft;
pub mod page;
pub mod person;
pub mod resolution;
pub mod view;
