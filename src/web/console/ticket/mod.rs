//! One ticket as an agent sees it, and what an agent does with it.

pub mod actions;
mod conflict;
pub mod delivery;
pub mod page;
pub mod person;
pub mod resolution;
pub mod view;
