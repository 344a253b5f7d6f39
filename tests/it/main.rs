//! The one integration binary.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on should stop there"
)]

mod addresses;
mod api;
mod approvals;
mod audiences;
mod audit;
mod browser;
mod campaigns;
mod changed;
mod client;
mod console;
mod credentials;
mod csv;
mod damaged;
mod desk;
mod doors;
mod edges;
mod embedded;
mod ends;
mod estimates;
mod facts;
mod few;
mod fresh_pages;
mod house;
mod html;
mod imports;
mod life;
mod lists;
mod live_figures;
mod locks;
mod look;
mod mail;
mod mended;
mod merge;
mod naming;
mod notify;
mod once;
mod outcomes;
mod pacing;
mod pages;
mod people;
mod postal;
mod problems;
mod processes;
mod program;
mod promises;
mod quirky;
mod real_notices;
mod restore;
mod retry;
mod rotation;
mod schema;
mod scope;
mod sending;
mod sends;
mod sign_in;
mod size;
mod stale_forms;
mod tail;
mod tickets;
mod together;
mod true_pages;
mod walk;
