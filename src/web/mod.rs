//! web
pub mod console;
pub mod figures;
pub mod page;
pub mod public;
pub mod thread;
