//! How a notice gets out: campaigns are frozen into batches of notices, senders claim and send them, replies become
//! results, and results are settled.

pub mod attempt;
pub mod fits;
pub mod freeze;
pub mod letter;
pub mod policy;
pub mod review;
pub mod settle;
pub mod store;
