//! How mail gets out: campaigns are frozen into batches of notices, senders claim and send them, replies become results,
//! and results are settled. Messages of the outbox go by the same policy.

pub mod attempt;
pub mod fits;
pub mod freeze;
pub mod history;
pub mod letter;
pub mod message;
pub mod pacing;
pub mod plan;
pub mod policy;
pub mod refusals;
pub mod review;
pub mod settle;
pub mod store;
pub mod streak;
