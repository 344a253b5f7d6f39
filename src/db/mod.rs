//! db

pub mod embedded;
