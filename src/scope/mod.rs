//! scope

pub mod csv;
