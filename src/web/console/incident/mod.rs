//! Incidents in the console: the list, the page of one, its fact sheet, its public updates, its account.

pub mod account;
pub mod facts;
pub mod forget;
pub mod list;
pub mod page;
pub mod state;
pub mod unsaved;
pub mod updates;
