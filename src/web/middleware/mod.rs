//! The middleware of the server and of its parts. `server.rs` lists the order.

pub(crate) mod access_log;
pub(crate) mod authentication;
pub(crate) mod error_pages;
pub(crate) mod headers;
pub(crate) mod idempotency;
pub(crate) mod request_checks;
pub(crate) mod retry;
