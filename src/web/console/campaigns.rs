//! All campaigns, and the form that drafts one.

use askama::Template;

use super::Choice;
use super::incident::CampaignRow;
use crate::web::figures::filters;
use crate::web::page::{Desk, Faults};

/// `/console/campaigns`
#[derive(Template)]
#[template(path = "console/campaigns.html")]
pub struct Campaigns {
    /// The frame.
    pub desk: Desk,
    /// All, the latest first.
    pub campaigns: Vec<CampaignRow>,
    /// The form; none for whoever may not draft one.
    pub new: Option<NewCampaign>,
}

/// The form: what may be chosen, and what was.
#[derive(Debug, Clone, Default)]
pub struct NewCampaign {
    /// Incidents with an active scope, by slug.
    pub incidents: Vec<Choice>,
    /// Templates, by id.
    pub templates: Vec<Choice>,
    /// `initial`, `supplement`, `correction`.
    pub kinds: Vec<Choice>,
    /// Whom it may go to.
    pub audiences: Vec<Choice>,
    /// The incident chosen.
    pub incident: String,
    /// The template chosen.
    pub template: String,
    /// The kind chosen.
    pub kind: String,
    /// The audience chosen.
    pub audience: String,
    /// Messages a second, as typed; 0 for no limit.
    pub rate: String,
    /// Why it was refused.
    pub faults: Faults,
}
