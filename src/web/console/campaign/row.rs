//! Campaigns as rows of lists. Several campaigns can have one name: number, kind and day tell them apart.

use std::collections::HashMap;

use super::content::to_whom;
use crate::campaign::change::{Change, in_words};
use crate::campaign::store::Overview;
use crate::campaign::{Campaign, CampaignStatus};
use crate::id::CampaignId;
use crate::incident::Incident;
use crate::notice::NoticeStatus;
use crate::web::page::ShownCampaign;

/// One campaign in a list.
#[derive(Debug, Clone)]
pub struct CampaignRow {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its incident's title.
    pub incident: String,
    /// `initial`, `supplement` or `correction`.
    pub kind: String,
    /// Its number, kind, day and audience: several campaigns can have one name.
    pub about: String,
    /// Its state.
    pub status: CampaignStatus,
    /// What changed since the submission, in words: the approval is void. Empty while it is valid.
    pub void: String,
    /// Notices sent, of those that can be sent; `None` before it is launched.
    pub sent: Option<(i64, i64)>,
}

impl CampaignRow {
    /// The state that the list shows.
    pub fn state(&self) -> ShownCampaign {
        match self.void.is_empty() {
            true => ShownCampaign::Status(self.status),
            false => ShownCampaign::ApprovalVoid,
        }
    }
}

/// The rows of campaigns of these incidents.
pub fn rows(
    campaigns: &[Overview],
    incidents: &[Incident],
    void: &HashMap<CampaignId, Vec<Change>>,
) -> Vec<CampaignRow> {
    let row = |one: &Overview| {
        let campaign = &one.campaign;
        let incident = incidents.iter().find(|of| of.id == campaign.incident);
        CampaignRow {
            id: campaign.id.to_string(),
            name: campaign.name.to_string(),
            incident: incident.map(|of| of.title.clone()).unwrap_or_default(),
            kind: campaign.kind.to_string(),
            about: about(one.number, campaign),
            status: campaign.status,
            void: void
                .get(&campaign.id)
                .map_or_else(String::new, |changed| in_words(changed)),
            sent: campaign.launched_at.map(|_| {
                let sent = one.progress.of(NoticeStatus::Sent);
                (sent, one.progress.sendable())
            }),
        }
    };
    campaigns.iter().map(row).collect()
}

/// The number of the campaign within its incident, its kind, and when it was launched or drafted.
pub(crate) fn which(number: i64, of: &Campaign) -> String {
    let (what, at) = match of.launched_at {
        Some(at) => ("launched", at),
        None => ("drafted", of.created_at),
    };
    format!(
        "no. {number}, {}, {what} {} UTC",
        of.kind,
        at.format("%-d %b %Y, %H:%M")
    )
}

/// The same with the audience.
pub(crate) fn about(number: i64, of: &Campaign) -> String {
    format!(
        "{}, to {}",
        which(number, of),
        to_whom(&of.audience, of.kind)
    )
}
