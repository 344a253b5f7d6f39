//! The middleware of the server and of its parts. `server.rs` lists the order.

pub mod access_log;
pub mod authentication;
pub mod error_pages;
pub mod headers;
pub mod idempotency;
pub mod request_checks;
pub mod retry;
