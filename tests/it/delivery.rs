//! Delivery of notices: relays, pacing, retries, batches, and what mail servers may answer.

mod batch_waits;
mod last_notices;
mod notice_lists;
mod odd_servers;
mod outbox;
mod pacing;
mod relays;
mod retry_now;
mod retry_policy;
