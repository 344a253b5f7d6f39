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
mod mail;
mod merge;
mod people;
mod retry;
mod schema;
mod tickets;
mod walk;
