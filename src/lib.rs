//! Candor tells people that their data was stolen, proves that it did, and answers them.
//!
//! The modules, lowest layer first; a file imports only from its own folder's nouns or from a
//! lower layer (`tests/it/imports.rs` checks it, `docs/architecture.md` walks through it).

pub mod actor;
pub mod address;
pub mod clock;
pub mod config;
pub mod element;
pub mod id;
pub mod link;
pub mod seal;
pub mod shutdown;
pub(crate) mod telemetry;
pub(crate) mod trouble;
pub mod zone;

pub mod app;
pub mod db;
pub mod mail;

pub mod account;
pub mod audit;
pub mod campaign;
pub mod csv_file;
pub mod delivery;
pub mod deployment;
pub mod erasure;
pub mod incident;
pub(crate) mod invisible;
pub mod notice;
pub(crate) mod noticed;
pub mod outbox;
pub mod person;
pub mod postal;
pub mod recall;
pub mod recovery;
pub(crate) mod roots;
pub mod scope;
pub mod staff;
pub(crate) mod summary;
pub mod template;
pub mod ticket;

pub mod web;
pub mod worker;

pub mod cli;
pub mod rehearsal;
