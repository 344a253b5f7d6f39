//! The web: routes, input, idempotency, pages without script and in a real browser.

mod api;
pub mod browser;
mod console;
pub mod filled_house;
mod idempotency;
mod input;
mod look;
mod navigation;
mod problems;
pub mod routes;
mod statements;
mod status_pages;
mod typed_text;
