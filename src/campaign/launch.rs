//! What people do with a campaign until it is under way: write, submit, approve by a second person, launch.

use serde_json::{Value, json};

use super::content::{self, Content};
use super::store::{self, Move, NewCampaign};
use super::{Campaign, CampaignStatus, pacing};
use crate::actor::Actor;
use crate::app::App;
use crate::audit;
use crate::db::{self, Conn, bell};
use crate::id::{CampaignId, StaffId};
use crate::notice::account;
use crate::seal::{same, to_hex};
use crate::template::merge::MergeError;
use crate::{incident, template};

/// Why a campaign did not move.
#[derive(Debug, thiserror::Error)]
pub enum CampaignError {
    /// There is no such campaign, incident or template.
    #[error("there is no such campaign, incident or template")]
    Missing,
    /// The published table has no such move.
    #[error("a campaign that is {from} cannot become {to}")]
    IllegalMove {
        /// Where it stands.
        from: CampaignStatus,
        /// Where it was to go.
        to: CampaignStatus,
    },
    /// Only a draft may be edited.
    #[error("only a draft can be edited: take the campaign back first")]
    NotADraft,
    /// Somebody changed it meanwhile.
    #[error("somebody changed this campaign meanwhile: look again, then repeat your change")]
    Changed,
    /// The incident has no list of people in force.
    #[error("the incident has no active scope version: import a list and activate it first")]
    NoScope,
    /// The texts do not compile with this incident's facts.
    #[error("{}", .0.iter().map(|(locale, e)| format!("{locale}: {e}")).collect::<Vec<_>>().join("\n"))]
    Text(Vec<(String, MergeError)>),
    /// The approver wrote or submitted it (P5).
    #[error("four eyes: who wrote or submitted a campaign cannot approve it")]
    SamePerson,
    /// The approver named another content than the one submitted.
    #[error("this is not the content that was submitted: read it again before you approve")]
    OtherContent,
    /// What was approved is no longer what would be sent (P5).
    #[error(
        "the approval is void: text, facts, audience, scope or limits changed since. Take it back and submit it again"
    )]
    ApprovalVoid,
    /// The database failed.
    #[error(transparent)]
    Db(db::Error),
}

impl From<db::Error> for CampaignError {
    fn from(error: db::Error) -> Self {
        match error {
            db::Error::Missing => Self::Missing,
            e if e.is_conflict("approved_by_another") => Self::SamePerson,
            db::Error::Conflict(name) if name.ends_with("_fkey") => Self::Missing,
            other => Self::Db(other),
        }
    }
}

/// Puts a deed on record, and lets the senders know that something changed.
pub(super) async fn note(
    conn: &mut Conn,
    app: &App,
    by: Actor,
    deed: &str,
    id: CampaignId,
    detail: &Value,
) -> db::Result<()> {
    bell::ring(conn, store::GATE).await?;
    audit::store::append(conn, app.now(), by, deed, id, detail).await
}

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
    Content::of(campaign, &incident, &template, &app.config.organisation)
        .ok_or(CampaignError::NoScope)
}

/// Writes a draft.
///
/// # Errors
/// [`CampaignError::Missing`] without such an incident or template version.
pub async fn create(
    app: &App,
    by: StaffId,
    new: &NewCampaign,
) -> Result<CampaignId, CampaignError> {
    let now = app.now();
    let id = CampaignId::new(now);
    let mut tx = app.db.begin().await?;
    store::insert(&mut tx, id, new, by, now).await?;
    note(
        &mut tx,
        app,
        Actor::Staff(by),
        "campaign.create",
        id,
        &json!({ "kind": new.kind }),
    )
    .await?;
    tx.commit().await?;
    Ok(id)
}

/// Edits a draft.
///
/// # Errors
/// [`CampaignError::NotADraft`], [`CampaignError::Changed`].
pub async fn edit(
    app: &App,
    by: StaffId,
    id: CampaignId,
    version: i32,
    new: &NewCampaign,
) -> Result<(), CampaignError> {
    let mut tx = app.db.begin().await?;
    let campaign = store::lock(&mut tx, id).await?;
    if campaign.status != CampaignStatus::Draft {
        return Err(CampaignError::NotADraft);
    }
    if !store::set_draft(&mut tx, id, version, new).await? {
        return Err(CampaignError::Changed);
    }
    note(
        &mut tx,
        app,
        Actor::Staff(by),
        "campaign.edit",
        id,
        &json!({}),
    )
    .await?;
    tx.commit().await?;
    Ok(())
}

/// Locks the campaign and checks that it may go to `to`.
pub(super) async fn lock_for(
    conn: &mut Conn,
    id: CampaignId,
    to: CampaignStatus,
) -> Result<Campaign, CampaignError> {
    let campaign = store::lock(conn, id).await?;
    match campaign.status.after().contains(&to) {
        true => Ok(campaign),
        false => Err(CampaignError::IllegalMove {
            from: campaign.status,
            to,
        }),
    }
}

/// Submits a draft for approval: its content is pinned as it is now. The hash to approve.
///
/// # Errors
/// [`CampaignError::NoScope`], [`CampaignError::Text`].
pub async fn submit(app: &App, by: StaffId, id: CampaignId) -> Result<String, CampaignError> {
    let mut tx = app.db.begin().await?;
    let campaign = lock_for(&mut tx, id, CampaignStatus::InReview).await?;
    let content = present_content(app, &mut tx, &campaign).await?;
    content.compile().map_err(CampaignError::Text)?;
    let text = content.to_text();
    let hash = to_hex(&content::hash(&text));
    let with = Move {
        content: Some(text),
        submitted_by: Some(by),
        ..Move::default()
    };
    store::set_status(&mut tx, id, CampaignStatus::InReview, &with).await?;
    note(
        &mut tx,
        app,
        Actor::Staff(by),
        "campaign.submit",
        id,
        &json!({ "content_hash": hash }),
    )
    .await?;
    tx.commit().await?;
    Ok(hash)
}

/// Approves exactly the content with this hash (hex).
///
/// # Errors
/// [`CampaignError::SamePerson`], [`CampaignError::OtherContent`], [`CampaignError::ApprovalVoid`] if the
/// submitted content is no longer what would be sent.
pub async fn approve(
    app: &App,
    by: StaffId,
    id: CampaignId,
    content_hash: &str,
) -> Result<(), CampaignError> {
    let now = app.now();
    let mut tx = app.db.begin().await?;
    let campaign = lock_for(&mut tx, id, CampaignStatus::Approved).await?;
    if campaign.created_by == by || campaign.submitted_by == Some(by) {
        return Err(CampaignError::SamePerson);
    }
    let submitted = campaign.content.as_deref().unwrap_or_default();
    let hash = content::hash(submitted);
    if !same(to_hex(&hash).as_bytes(), content_hash.as_bytes()) {
        return Err(CampaignError::OtherContent);
    }
    if present_content(app, &mut tx, &campaign).await?.to_text() != submitted {
        return Err(CampaignError::ApprovalVoid);
    }
    let with = Move {
        approved_by: Some(by),
        approved_at: Some(now),
        approved_hash: Some(hash.to_vec()),
        ..Move::default()
    };
    store::set_status(&mut tx, id, CampaignStatus::Approved, &with).await?;
    note(
        &mut tx,
        app,
        Actor::Staff(by),
        "campaign.approve",
        id,
        &json!({ "content_hash": content_hash }),
    )
    .await?;
    tx.commit().await?;
    Ok(())
}

/// Takes a campaign back to its draft; submission and approval are void.
///
/// # Errors
/// [`CampaignError::IllegalMove`] once it was launched.
pub async fn take_back(app: &App, by: StaffId, id: CampaignId) -> Result<(), CampaignError> {
    let mut tx = app.db.begin().await?;
    lock_for(&mut tx, id, CampaignStatus::Draft).await?;
    store::set_back(&mut tx, id, "taken back").await?;
    note(
        &mut tx,
        app,
        Actor::Staff(by),
        "campaign.take_back",
        id,
        &json!({}),
    )
    .await?;
    tx.commit().await?;
    Ok(())
}

/// Launches an approved campaign: the audience is frozen by the senders while sending already runs.
///
/// # Errors
/// [`CampaignError::ApprovalVoid`] if anything changed since the approval.
pub async fn launch(app: &App, by: StaffId, id: CampaignId) -> Result<(), CampaignError> {
    let now = app.now();
    let mut tx = app.db.begin().await?;
    let campaign = store::lock(&mut tx, id).await?;
    if !matches!(
        campaign.status,
        CampaignStatus::Approved | CampaignStatus::Scheduled
    ) {
        return Err(CampaignError::IllegalMove {
            from: campaign.status,
            to: CampaignStatus::Sending,
        });
    }
    let present = content::hash(&present_content(app, &mut tx, &campaign).await?.to_text());
    if campaign.approved_hash.as_deref() != Some(&present) {
        return Err(CampaignError::ApprovalVoid);
    }
    let with = Move {
        launched_by: Some(by),
        launched_at: Some(now),
        ..Move::default()
    };
    store::set_status(&mut tx, id, CampaignStatus::Sending, &with).await?;
    store::insert_freeze(&mut tx, id).await?;
    let people = account::account(&mut tx, campaign.incident).await?.people;
    let canary = pacing::canary_size(campaign.limits.canary, people);
    store::insert_pace(&mut tx, id, canary).await?;
    note(
        &mut tx,
        app,
        Actor::Staff(by),
        "campaign.launch",
        id,
        &json!({ "content_hash": to_hex(&present) }),
    )
    .await?;
    tx.commit().await?;
    Ok(())
}
