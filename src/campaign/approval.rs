//! What a campaign's content would be now, and whether an approval still covers it (promise P5).

use std::collections::{BTreeSet, HashMap};

use super::change::Change;
use super::content::Content;
use super::error::CampaignError;
use super::store::{self, Overview};
use super::{Campaign, CampaignStatus};
use crate::app::App;
use crate::db::Conn;
use crate::id::{CampaignId, StaffId};
use crate::incident::Incident;
use crate::staff::{Right, Staff};
use crate::{incident, staff, template};

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

/// Locks what an approval or a rejection locks before the campaign's row: the incident, then the account of the approver,
/// which is neither disabled nor given other roles before the transaction ends.
///
/// # Errors
/// [`CampaignError::Missing`].
pub(super) async fn lock_before(
    conn: &mut Conn,
    id: CampaignId,
    by: StaffId,
) -> Result<(Incident, Staff), CampaignError> {
    let of = store::find(conn, id).await?.incident;
    let incident = incident::store::hold(conn, of).await?;
    let approver = staff::store::share(conn, by).await?;
    Ok((incident, approver))
}

/// Refuses an approver who wrote or submitted the campaign, or who may not approve (any more).
pub(super) fn check_second_person(of: &Campaign, who: &Staff) -> Result<(), CampaignError> {
    if of.created_by == who.id || of.submitted_by == Some(who.id) {
        return Err(CampaignError::SamePerson);
    }
    match who.disabled_at.is_none() && who.may(Right::ApproveCampaign) {
        true => Ok(()),
        false => Err(CampaignError::NoApprover),
    }
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
        .iter()
        .flat_map(|(tag, text)| {
            let fact = |key: &String| present.told_key(key, tag).unwrap_or_else(|| key.clone());
            text.facts().iter().map(fact).collect::<Vec<_>>()
        })
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

/// Why a paused campaign cannot be resumed: its content cannot be read, or its audience is not complete and the list that was
/// approved is not in force, or does not stay so.
fn cannot_go_on(of: &Overview, incidents: &[Incident]) -> Option<Change> {
    let Ok(content) = of.campaign.submitted() else {
        return Some(Change::Format);
    };
    let approved = content.map(|content| content.scope);
    let incident = incidents.iter().find(|one| one.id == of.campaign.incident);
    let active = incident.and_then(|one| one.active_scope);
    let is_over = (active != approved || of.is_replaced) && !of.progress.frozen;
    is_over.then_some(Change::Scope)
}

/// What changed since a submitted campaign was submitted; empty while what was submitted would still be sent.
fn changed_since(app: &App, of: &Overview, incidents: &[Incident]) -> Vec<Change> {
    let campaign = &of.campaign;
    let incident = incidents.iter().find(|one| one.id == campaign.incident);
    let present = incident
        .zip(of.template.as_ref())
        .and_then(|(incident, template)| Content::of(campaign, incident, template, &app.config));
    let mut changed = present.map_or(vec![Change::Scope], |present| changes(campaign, &present));
    changed.extend(of.waivers_changed.then_some(Change::Waivers));
    changed
}

/// What changed since each of these campaigns was submitted: of those that are submitted and not launched anything, of
/// those that are paused the list, if their audience is still to be drawn from it.
pub fn void<'o>(
    app: &App,
    campaigns: impl IntoIterator<Item = &'o Overview>,
    incidents: &[Incident],
) -> HashMap<CampaignId, Vec<Change>> {
    let changed = |of: &'o Overview| {
        let changed = match waits(&of.campaign) {
            true => changed_since(app, of, incidents),
            false if is_paused(&of.campaign) => cannot_go_on(of, incidents).into_iter().collect(),
            false => Vec::new(),
        };
        (!changed.is_empty()).then_some((of.campaign.id, changed))
    };
    campaigns.into_iter().filter_map(changed).collect()
}
