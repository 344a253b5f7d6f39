//! Concurrent transactions: which waits for which, which is retried, and what a race must not leave behind.

mod again;
mod german;
mod launch;
mod staff;
mod tickets;
