//! Costs that do not grow with the size of an incident: the share of a small campaign next to a large one, the memory
//! of a first list, the cost of any page of a list.
//!
//! `CANDOR_SIZE=full` runs the promised sizes; the default is small enough for every run.

mod freeze;
mod locks;
mod memory;
mod pages;
mod recall;

/// Whether the sizes are the promised ones.
fn is_full() -> bool {
    std::env::var("CANDOR_SIZE").is_ok_and(|size| size == "full")
}
