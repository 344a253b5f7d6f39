//! People in the console.

pub mod page;
