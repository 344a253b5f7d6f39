//! The one integration binary.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on should stop there"
)]

mod addresses;
mod campaigns;
mod csv;
mod embedded;
mod house;
mod imports;
mod look;
mod mail;
mod merge;
mod pages;
mod people;
mod retry;
mod schema;
mod tickets;
