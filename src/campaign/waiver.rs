//! Waivers: an approver lets a text go although a rule finds something in it, with a reason. A waiver holds for exactly the
//! content that was submitted, and an approval covers the waivers that it relied on (P5).

use serde_json::{Value, json};

use super::change::Change;
use super::error::CampaignError;
use super::guard::{Seen, as_seen, note};
use super::store::{self, Waiver};
use super::{Campaign, CampaignStatus, content};
use crate::actor::Actor;
use crate::app::App;
use crate::audit::Action;
use crate::db::{self, Conn};
use crate::id::StaffId;
use crate::incident;
use crate::seal::to_hex;

/// The fewest characters of a reason.
pub const REASON_LEAST: usize = 20;
/// The most characters of a reason.
pub const REASON_MOST: usize = 500;

/// Waives a blocking finding of the submitted content.
///
/// # Errors
/// [`CampaignError::Changed`]; [`CampaignError::SamePerson`] for its author and who submitted it;
/// [`CampaignError::WaiverReason`], [`CampaignError::NotToWaive`], [`CampaignError::NoFinding`], [`CampaignError::Waived`].
pub async fn waive(
    app: &App,
    by: StaffId,
    of: impl Into<Seen>,
    finding: &str,
    reason: &str,
) -> Result<(), CampaignError> {
    let seen = of.into();
    let reason = reason.trim();
    let length = reason.chars().count();
    if !(REASON_LEAST..=REASON_MOST).contains(&length) || reason.chars().any(char::is_control) {
        return Err(CampaignError::WaiverReason);
    }
    let mut tx = app.db.begin().await?;
    let (campaign, hash) = locked(&mut tx, by, seen).await?;
    let blocking = store::blocking(&mut tx, campaign.id, &hash).await?;
    match blocking.iter().find(|(key, _)| key == finding) {
        None => return Err(CampaignError::NoFinding),
        Some((_, true)) => return Err(CampaignError::Waived),
        Some((_, false)) => {}
    }
    let of = campaign.incident;
    let key = incident::store::find(&mut tx, of).await?.key(&app.keys);
    let key = key.map_err(|_| db::Error::inconsistent("incident", of))?;
    let key = key.ok_or(CampaignError::Forgotten)?;
    let waiver = Waiver {
        finding: finding.to_owned(),
        by,
        at: app.now(),
        reason_sealed: key.seal(&Campaign::reason_owner(campaign.id), reason.as_bytes()),
    };
    store::insert_waiver(&mut tx, campaign.id, &hash, &waiver).await?;
    let detail = json!({
        "finding": finding, "content_hash": to_hex(&hash), "reason_sealed": to_hex(&waiver.reason_sealed),
    });
    done(
        &mut tx,
        app,
        by,
        &campaign,
        (Action::CampaignWaive, &detail),
    )
    .await?;
    tx.commit().await?;
    Ok(())
}

/// Withdraws a waiver of the submitted content.
///
/// # Errors
/// As [`waive`]; [`CampaignError::NoFinding`] if nothing is waived.
pub async fn withdraw(
    app: &App,
    by: StaffId,
    of: impl Into<Seen>,
    finding: &str,
) -> Result<(), CampaignError> {
    let seen = of.into();
    let mut tx = app.db.begin().await?;
    let (campaign, hash) = locked(&mut tx, by, seen).await?;
    let known = store::blocking(&mut tx, campaign.id, &hash).await?;
    if !known.iter().any(|(key, waived)| key == finding && *waived) {
        return Err(CampaignError::NoFinding);
    }
    let now = app.now();
    let ended = store::end_waiver(&mut tx, (campaign.id, &hash), finding, (by, now)).await?;
    ended.expected("campaign_waiver", campaign.id)?;
    let detail = json!({ "finding": finding, "content_hash": to_hex(&hash) });
    done(
        &mut tx,
        app,
        by,
        &campaign,
        (Action::CampaignUnwaive, &detail),
    )
    .await?;
    tx.commit().await?;
    Ok(())
}

/// The campaign, locked, and the hash of what was submitted.
async fn locked(
    conn: &mut Conn,
    by: StaffId,
    seen: Seen,
) -> Result<(Campaign, [u8; 32]), CampaignError> {
    let campaign = store::lock(conn, seen.id).await?;
    as_seen(conn, &campaign, seen).await?;
    match campaign.status {
        CampaignStatus::InReview | CampaignStatus::Approved | CampaignStatus::Scheduled => {}
        status => return Err(CampaignError::NotToWaive(status)),
    }
    if campaign.created_by == by || campaign.submitted_by == Some(by) {
        return Err(CampaignError::SamePerson);
    }
    let hash = content::hash(campaign.content.as_deref().unwrap_or_default());
    Ok((campaign, hash))
}

async fn done(
    conn: &mut Conn,
    app: &App,
    by: StaffId,
    campaign: &Campaign,
    (action, detail): (Action, &Value),
) -> Result<(), CampaignError> {
    store::touch(conn, campaign.id).await?;
    note(conn, app, Actor::Staff(by), action, campaign.id, detail).await?;
    Ok(())
}

/// What an approval of this content relies on: the findings that are waived. It notes them.
///
/// # Errors
/// [`CampaignError::Unwaived`] while a blocking finding is not waived.
pub(super) async fn relied_on(
    conn: &mut Conn,
    campaign: &Campaign,
    hash: &[u8],
) -> Result<Vec<String>, CampaignError> {
    let found = store::blocking(conn, campaign.id, hash).await?;
    let open = found.iter().filter(|(_, waived)| !waived);
    let open: Vec<String> = open.map(|(finding, _)| finding.clone()).collect();
    if !open.is_empty() {
        return Err(CampaignError::Unwaived(open));
    }
    store::rely_on_waivers(conn, campaign.id, hash).await?;
    Ok(found.into_iter().map(|(finding, _)| finding).collect())
}

/// What changed of the waivers since the approval.
pub(super) async fn changed(conn: &mut Conn, campaign: &Campaign) -> db::Result<Option<Change>> {
    let Some(hash) = campaign.approved_hash.as_deref() else {
        return Ok(None);
    };
    let changed = store::waivers_changed(conn, campaign.id, hash).await?;
    Ok(changed.then_some(Change::Waivers))
}
