//! What a campaign's content would be now, and whether an approval still covers it (promise P5).

use std::collections::{BTreeSet, HashMap};

use super::change::Change;
use super::content::Content;
use super::error::CampaignError;
use super::{Campaign, CampaignStatus, store};
use crate::app::App;
use crate::db::{self, Conn};
use crate::id::CampaignId;
use crate::incident::Incident;
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
    let Ok(Some(submitted)) = campaign.submitted() else {
        return vec![Change::Format];
    };
    if present.to_text().ok() == campaign.content {
        return Vec::new();
    }
    let changes = submitted.changes(present);
    match changes.is_empty() {
        // Equal in every part, and other bytes.
        true => vec![Change::Format],
        false => changes,
    }
}

/// The facts that the texts quote and that no public page shows as they are now.
pub fn unpublished(present: &Content, incident: &Incident) -> Vec<String> {
    let texts = present.compile().unwrap_or_default();
    let quoted: BTreeSet<String> = texts
        .values()
        .flat_map(|text| text.facts().to_vec())
        .collect();
    let differing = incident.unpublished_facts().into_iter();
    differing
        .filter(|key| quoted.contains(&key.to_ascii_lowercase()))
        .map(str::to_owned)
        .collect()
}

/// What is said of a campaign that was launched although its texts quote these facts; `None` without any.
pub fn unpublished_in_words(facts: &[String]) -> Option<String> {
    (!facts.is_empty()).then(|| {
        format!(
            "The texts quote facts that the public page does not show as they are now: {}. Publish them.",
            facts.join(", ")
        )
    })
}

/// Whether an approval, or a submission that waits for one, may be void: from then on Candor sends what was pinned.
fn waits(campaign: &Campaign) -> bool {
    use CampaignStatus::{Approved, InReview, Scheduled};
    matches!(campaign.status, InReview | Approved | Scheduled)
}

/// Whether a campaign was launched and is paused: if its audience is not complete, the list that was approved must still
/// be in force when it goes on.
fn is_paused(campaign: &Campaign) -> bool {
    campaign.status == CampaignStatus::Paused
}

/// The paused campaigns that cannot be resumed, each with why: its content cannot be read, or its audience is not complete
/// and can no longer be taken from the list that was approved. It takes one statement for each campaign with a list that is not in force.
async fn cannot_go_on(
    conn: &mut Conn,
    paused: &[&Campaign],
    incidents: &[Incident],
) -> db::Result<Vec<(CampaignId, Change)>> {
    let mut over = Vec::new();
    if paused.is_empty() {
        return Ok(over);
    }
    let coming = incident::store::lists::list_activating(conn).await?;
    for campaign in paused {
        let Ok(content) = campaign.submitted() else {
            over.push((campaign.id, Change::Format));
            continue;
        };
        let approved = content.map(|content| content.scope);
        let incident = incidents.iter().find(|one| one.id == campaign.incident);
        let active = incident.and_then(|one| one.active_scope);
        let is_coming = coming.iter().any(|(of, _)| *of == campaign.incident);
        if (active != approved || is_coming) && !store::is_frozen(conn, campaign.id).await? {
            over.push((campaign.id, Change::Scope));
        }
    }
    Ok(over)
}

/// What changed since each of these campaigns was submitted: of those that are submitted and not launched anything, of
/// those that are paused the list, if their audience is still to be drawn from it. A few statements, however many they
/// are.
///
/// # Errors
/// The database's.
pub async fn void(
    app: &App,
    conn: &mut Conn,
    campaigns: &[Campaign],
) -> db::Result<HashMap<CampaignId, Vec<Change>>> {
    let waiting: Vec<&Campaign> = campaigns.iter().filter(|one| waits(one)).collect();
    let paused: Vec<&Campaign> = campaigns.iter().filter(|one| is_paused(one)).collect();
    if waiting.is_empty() && paused.is_empty() {
        return Ok(HashMap::new());
    }
    let incidents = incident::store::list(conn).await?;
    let over = cannot_go_on(conn, &paused, &incidents).await?;
    let mut void: HashMap<_, _> = over
        .into_iter()
        .map(|(id, change)| (id, vec![change]))
        .collect();
    if waiting.is_empty() {
        return Ok(void);
    }
    let versions: Vec<_> = waiting
        .iter()
        .map(|one| (one.template, one.template_version))
        .collect();
    let templates = template::store::find_many(conn, &versions).await?;
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
