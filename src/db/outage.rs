//! What goes wrong with the database, and what a process knows of it.

use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokio::runtime::Handle;

use super::Error;
use crate::id::CampaignId;
use crate::trouble::Troubles;

/// What went wrong, as the log says it.
pub trait Trouble: Display {
    /// Whether it is that the database cannot be reached. A statement that took too long is a trouble of its own.
    fn is_outage(&self) -> bool {
        false
    }
}

impl Trouble for Error {
    fn is_outage(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

/// A lost lease is no outage of the database.
impl Trouble for CampaignId {}

/// What a process knows of the database being away.
#[derive(Debug, Clone)]
pub(super) struct Outage {
    pub(super) troubles: Troubles,
    /// Whether a task already polls for the return of the database.
    pub(super) watched: Arc<AtomicBool>,
    /// The runtime of its creation, for tasks that outlive their caller.
    pub(super) home: Option<Handle>,
}

impl Outage {
    pub(super) fn new() -> Self {
        Self {
            troubles: Troubles::default(),
            watched: Arc::default(),
            home: Handle::try_current().ok(),
        }
    }
}
