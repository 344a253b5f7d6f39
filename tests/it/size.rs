//! What stays as it is however large an incident: the turn of a small campaign beside a large one, the memory of a first
//! list, the cost of any page of a list.
//!
//! `CANDOR_SIZE=full` runs them at the sizes that are promised; by default they are small enough for every run.

mod freeze;
mod locks;
mod memory;
mod pages;

/// Whether the sizes are the promised ones.
fn is_full() -> bool {
    std::env::var("CANDOR_SIZE").is_ok_and(|size| size == "full")
}
