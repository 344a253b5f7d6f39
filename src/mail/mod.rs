//! mail

pub mod folder;
pub mod memory;
pub mod smtp;
