//! Input from outside that is wrong, hostile or odd: requests, lists, settings and texts.

mod bodies;
mod door;
mod fuzz;
mod lists;
mod raw;
mod settings;
mod texts;
mod tickets;
