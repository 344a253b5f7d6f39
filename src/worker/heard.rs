//! The result of an attempt, as the breaker takes it.

use std::fmt;
use std::sync::{Arc, Mutex};

use crate::delivery::pacing::Window;
use crate::id::CampaignId;
use crate::notice::AttemptResult;

/// A result that says something about its campaign, unless it turns out to say something about the relay.
pub(crate) struct Heard {
    /// The latest results of the campaign.
    pub window: Arc<Mutex<Window>>,
    pub campaign: CampaignId,
    pub result: AttemptResult,
    /// How often the notice was tried before.
    pub tries: u32,
    /// Whether the reply was against us.
    pub against: bool,
}

impl fmt::Debug for Heard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.result.as_str(), self.campaign)
    }
}
