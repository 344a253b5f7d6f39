//! notice

pub mod letter;
pub mod retry;
