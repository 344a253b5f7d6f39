//! People who are told by letters, next of kin or safe channels: taking lists and recording their results.

pub(crate) mod actions;
pub(crate) mod due;
mod former;
pub mod list_line;
pub(crate) mod minors;
pub(crate) mod one;
pub mod page;
pub mod questions;
pub(crate) mod returned;
pub(crate) mod without_address;
