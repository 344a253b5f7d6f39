//! The one integration binary: a harness, and tests by noun.
#![expect(unreachable_pub, reason = "nothing names what a test binary has")]
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on should stop there"
)]

// The harness: a house with its database, and the clients, servers and processes around it.
mod client;
mod database_proxy;
mod house;
mod html;
mod people;
mod postgres;
mod program;
mod sending;
mod sessions;

// Tests by noun.
mod addresses;
mod audit;
mod campaign;
mod db;
mod delivery;
mod incident;
mod mail;
mod operations;
mod postal;
mod recall;
mod scope;
mod staff;
mod template;
mod tickets;
mod web;

// The whole program: walks, promises, random histories, size, and the rules of the source.
mod domain;
mod imports;
mod lengths;
mod life;
mod promises;
mod same_version;
mod size;
mod sql_words;
mod walk;
