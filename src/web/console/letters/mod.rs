//! People who are told by letters, next of kin or safe channels: taking lists and recording their results.

pub mod actions;
pub mod due;
mod former;
pub mod list_line;
pub mod minors;
pub mod one;
pub mod page;
pub mod questions;
pub mod returned;
pub mod without_address;
