//! What became of messages that left after an older copy of the database was taken: a person decides, from the logs of the
//! relays or without them, before anything is sent again.

pub mod departed;
mod error;
mod locks;
pub mod relay_log;
pub(crate) mod relay_span;
pub mod restored;
pub(crate) mod store;

use serde::Serialize;

use crate::id::{CampaignId, PostalId};

/// What a decision did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Restored {
    /// Campaigns under way that were gone through.
    pub campaigns: u64,
    /// People of them who had no notice in the copy and have one now.
    pub frozen: u64,
    /// Notices that may have left after the copy was taken, now uncertain.
    pub uncertain: u64,
    /// Of those, how many are sent again: those of campaigns that are paused are not among them.
    pub again: u64,
    /// Of those, how many are resent if their paused campaign is resumed.
    pub again_paused: u64,
    /// Notices that a relay's log says were taken.
    pub sent: u64,
    /// Notices that a relay's log says were refused.
    pub refused: u64,
    /// Notices that certainly did not leave.
    pub unsent: u64,
    /// Of those, how many wait in campaigns that are paused and can be resumed.
    pub unsent_paused: u64,
    /// Of those, how many wait in paused campaigns that can never be resumed, since their approval is void.
    pub unsent_void: u64,
    /// E-mails of tickets that left, by the log.
    pub letters_sent: u64,
    /// E-mails of tickets that may have left.
    pub letters_uncertain: u64,
    /// Messages in the log after the copy's time that belong to nothing in this copy.
    pub strangers: u64,
    /// Campaigns that were taken back to their drafts, since they may have been launched after the copy.
    pub taken_back: u64,
    /// Drafts that may have been launched after the copy too, and say so now.
    pub drafts: u64,
    /// The campaigns of both kinds.
    pub perhaps_launched: Vec<CampaignId>,
    /// People who need a letter, as far as this copy knows: some may have had theirs.
    pub need_letter: u64,
    /// Lists of letters that wait in the copy: they may have been posted, told or discarded after it.
    pub lists_waiting: Vec<PostalId>,
}
