//! template

pub mod layout;
pub mod lint;
pub mod merge;
