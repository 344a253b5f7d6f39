//! The counters of the account in the database, and what list versions brought into it.

mod applied;
mod counters;

pub use applied::{Newest, list_applied, list_newer, newest, record_applied};
pub use counters::{Moves, add, settle};
