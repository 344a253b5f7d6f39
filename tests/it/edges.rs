//! What comes from outside: requests, lists, settings and texts that are wrong, hostile or only odd.

mod bodies;
mod door;
mod fuzz;
mod lists;
mod raw;
mod settings;
mod texts;
mod tickets;
