//! What operators use and read: commands, processes, logs, metrics.

mod commands;
mod logs;
mod metrics;
pub mod processes;
mod reports;
