//! The helpline: the queue, the search for a ticket, the log of a call.

pub mod call;
mod caller;
mod lookup;
pub mod page;
pub mod search;
pub(crate) mod work;
