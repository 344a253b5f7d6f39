//! What a campaign's content would be now, and whether an approval still covers it (promise P5).

use std::collections::HashMap;

use super::change::Change;
use super::content::Content;
use super::error::CampaignError;
use super::{Campaign, CampaignStatus};
use crate::app::App;
use crate::db::{self, Conn};
use crate::id::CampaignId;
use crate::{incident, template};

/// What would be approved at present.
///
/// # Errors
/// [`CampaignError::NoScope`], or the database's.
pub async fn present_content(
    app: &App,
    conn: &mut Conn,
    campaign: &Campaign,
) -> Result<Content, CampaignError> {
    let incident = incident::store::find(conn, campaign.incident).await?;
    let template =
        template::store::find(conn, campaign.template, Some(campaign.template_version)).await?;
    Content::of(campaign, &incident, &template, &app.config).ok_or(CampaignError::NoScope)
}

/// What changed since the campaign was submitted; nothing while what was submitted would still be sent.
pub(super) fn changes(campaign: &Campaign, present: &Content) -> Vec<Change> {
    let submitted = campaign.content.as_deref().unwrap_or_default();
    if present.to_text() == submitted {
        return Vec::new();
    }
    let Some(pinned) = Content::from_text(submitted) else {
        return vec![Change::Text("unreadable".to_owned())];
    };
    let mut changes = pinned.changes(present);
    if changes.is_empty() {
        // Equal in every part, and other bytes: another version of Candor wrote it.
        changes.push(Change::Names);
    }
    changes
}

/// Whether an approval, or a submission that waits for one, may be void: from then on Candor sends what was pinned.
fn waits(campaign: &Campaign) -> bool {
    use CampaignStatus::{Approved, InReview, Scheduled};
    matches!(campaign.status, InReview | Approved | Scheduled)
}

/// What changed since each of these campaigns was submitted, of those that are submitted and not launched. Three
/// statements, however many they are.
///
/// # Errors
/// The database's.
pub async fn void(
    app: &App,
    conn: &mut Conn,
    campaigns: &[Campaign],
) -> db::Result<HashMap<CampaignId, Vec<Change>>> {
    let waiting: Vec<&Campaign> = campaigns.iter().filter(|one| waits(one)).collect();
    if waiting.is_empty() {
        return Ok(HashMap::new());
    }
    let incidents = incident::store::list(conn).await?;
    let versions: Vec<_> = waiting
        .iter()
        .map(|one| (one.template, one.template_version))
        .collect();
    let templates = template::store::find_many(conn, &versions).await?;
    let mut void = HashMap::new();
    for campaign in waiting {
        let incident = incidents.iter().find(|one| one.id == campaign.incident);
        let template = templates
            .iter()
            .find(|one| (one.id, one.version) == (campaign.template, campaign.template_version));
        let present = incident.zip(template).and_then(|(incident, template)| {
            Content::of(campaign, incident, template, &app.config)
        });
        let changed = present.map_or(vec![Change::Scope], |present| changes(campaign, &present));
        if !changed.is_empty() {
            void.insert(campaign.id, changed);
        }
    }
    Ok(void)
}
