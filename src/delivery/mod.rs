//! How mail gets out: campaigns are frozen into batches of notices, senders claim and send them, replies become results,
//! and results are settled. Messages of the outbox go by the same policy.

pub(crate) mod attempt;
pub(crate) mod fits;
pub mod freeze;
pub(crate) mod history;
pub mod letter;
pub(crate) mod message;
pub(crate) mod pacing;
pub(crate) mod plan;
pub mod policy;
pub(crate) mod refusals;
pub mod retry_now;
pub mod review;
pub(crate) mod settle;
pub mod store;
pub(crate) mod streak;
