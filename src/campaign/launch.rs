//! What people do with a campaign until it is under way: write, submit, approve by a second person, launch.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

pub use super::approval::present_content;
use super::approval::{changes, unpublished};
pub use super::error::CampaignError;
pub use super::guard::Seen;
use super::guard::{as_seen, check_draft, lock_for, log, may_go, note, refuse_in_doubt};
use super::store::{self, Move, NewCampaign};
pub use super::submit::{submit, submit_with};
use super::{Campaign, CampaignStatus, canary, content, reference_list};
use crate::account;
use crate::actor::Actor;
use crate::app::App;
use crate::audit::Action;
use crate::db::{self, Conn};
use crate::id::{CampaignId, StaffId};
use crate::incident;
use crate::person::{self, AudienceCount};
use crate::seal::{same, to_hex};

/// How long an approval or a launch waits for the number of its people.
const COUNTING: Duration = Duration::from_secs(1);

/// Writes a draft.
///
/// # Errors
/// [`CampaignError::Missing`] without such an incident or template version; [`CampaignError::Audience`],
/// [`CampaignError::Late`].
pub async fn create(
    app: &App,
    by: StaffId,
    new: &NewCampaign,
) -> Result<CampaignId, CampaignError> {
    let now = app.now();
    check_draft(app, new)?;
    let id = CampaignId::new(now);
    let mut tx = app.db.begin().await?;
    let of = incident::store::hold(&mut tx, new.incident).await?;
    if of.forgotten_at.is_some() {
        return Err(CampaignError::Forgotten);
    }
    reference_list::check(&mut tx, of.id, &new.audience).await?;
    store::insert(&mut tx, id, new, by, now).await?;
    note(
        &mut tx,
        app,
        Actor::Staff(by),
        Action::CampaignCreate,
        id,
        &draft_detail(new),
    )
    .await?;
    tx.commit().await?;
    Ok(id)
}

/// What a draft is for, as the audit log says it.
fn draft_detail(of: &NewCampaign) -> Value {
    json!({
        "kind": of.kind, "template": of.template, "template_version": of.template_version,
        "audience": of.audience, "limits": of.limits, "on_uncertain": of.on_uncertain,
    })
}

/// Edits a draft that is still at `version`.
///
/// # Errors
/// [`CampaignError::Changed`], [`CampaignError::NotADraft`].
pub async fn edit(
    app: &App,
    by: StaffId,
    id: CampaignId,
    version: i32,
    new: &NewCampaign,
) -> Result<(), CampaignError> {
    check_draft(app, new)?;
    let mut tx = app.db.begin().await?;
    let campaign = store::lock(&mut tx, id).await?;
    as_seen(&mut tx, &campaign, Seen::at(id, Some(version))).await?;
    if campaign.status != CampaignStatus::Draft {
        return Err(CampaignError::NotADraft);
    }
    reference_list::check(&mut tx, campaign.incident, &new.audience).await?;
    let set = store::set_draft(&mut tx, id, version, new).await?;
    set.expected("campaign", id)?;
    note(
        &mut tx,
        app,
        Actor::Staff(by),
        Action::CampaignEdit,
        id,
        &draft_detail(new),
    )
    .await?;
    tx.commit().await?;
    Ok(())
}

/// Approves exactly the content with this hash (hex).
///
/// # Errors
/// [`CampaignError::Changed`], [`CampaignError::SamePerson`], [`CampaignError::OtherContent`], [`CampaignError::ApprovalVoid`] if the
/// submitted content is no longer what would be sent.
pub async fn approve(
    app: &App,
    by: StaffId,
    of: impl Into<Seen>,
    content_hash: &str,
) -> Result<(), CampaignError> {
    let seen = of.into();
    let id = seen.id;
    let people = people_now(app, id).await?;
    let now = app.now();
    let mut tx = app.db.begin().await?;
    let campaign = lock_for(&mut tx, seen, CampaignStatus::Approved).await?;
    if campaign.created_by == by || campaign.submitted_by == Some(by) {
        return Err(CampaignError::SamePerson);
    }
    let submitted = campaign.content.as_deref().unwrap_or_default();
    let hash = content::hash(submitted);
    if !same(to_hex(&hash).as_bytes(), content_hash.as_bytes()) {
        return Err(CampaignError::OtherContent);
    }
    let changed = changes(&campaign, &present_content(app, &mut tx, &campaign).await?);
    if !changed.is_empty() {
        return Err(CampaignError::ApprovalVoid(changed));
    }
    let with = Move {
        approved_by: Some(by),
        approved_at: Some(now),
        approved_hash: Some(hash.to_vec()),
        ..Move::default()
    };
    let moved = store::set_status(&mut tx, id, CampaignStatus::Approved, &with).await?;
    moved.expected("campaign", id)?;
    note(
        &mut tx,
        app,
        Actor::Staff(by),
        Action::CampaignApprove,
        id,
        &json!({ "content_hash": content_hash, "people": people }),
    )
    .await?;
    tx.commit().await?;
    Ok(())
}

/// The reason of a draft that its author took back.
pub const TAKEN_BACK: &str = "taken back";

/// Takes a campaign back to its draft; submission and approval are void.
///
/// # Errors
/// [`CampaignError::Changed`]; [`CampaignError::IllegalMove`] once it was launched.
pub async fn take_back(app: &App, by: StaffId, of: impl Into<Seen>) -> Result<(), CampaignError> {
    let seen = of.into();
    let id = seen.id;
    let mut tx = app.db.begin().await?;
    lock_for(&mut tx, seen, CampaignStatus::Draft).await?;
    let moved = store::set_back(&mut tx, id, TAKEN_BACK).await?;
    moved.expected("campaign", id)?;
    note(
        &mut tx,
        app,
        Actor::Staff(by),
        Action::CampaignTakeBack,
        id,
        &json!({}),
    )
    .await?;
    tx.commit().await?;
    Ok(())
}

/// As [`launch_with`], agreed: for programs and commands, which no page asks.
///
/// # Errors
/// As [`launch_with`].
pub async fn launch(app: &App, by: StaffId, of: impl Into<Seen>) -> Result<(), CampaignError> {
    launch_with(app, by, of, true).await.map(drop)
}

/// Launches an approved campaign: the audience is frozen by the senders while sending already runs. `agreed`: it goes
/// although its texts quote facts that the public page does not show as they are now. Those facts.
///
/// # Errors
/// [`CampaignError::Changed`]; [`CampaignError::ApprovalVoid`] if anything changed since the approval; [`CampaignError::Unpublished`] if that is not
/// agreed to; [`CampaignError::State`], [`CampaignError::Late`], [`CampaignError::Activating`], [`CampaignError::Nobody`].
pub async fn launch_with(
    app: &App,
    by: StaffId,
    of: impl Into<Seen>,
    agreed: bool,
) -> Result<Vec<String>, CampaignError> {
    let seen = of.into();
    let id = seen.id;
    // Counting may read all people, so it comes before anything is locked.
    let nobody = has_nobody(&app.patient(), seen).await?;
    let people = people_now(app, id).await?;
    let now = app.now();
    let mut tx = app.db.begin().await?;
    // The incident is locked before the campaign, as in all transactions: no list comes in force and no state changes
    // until this transaction ends. Customers can still ask questions.
    let of = store::find(&mut tx, id).await?.incident;
    incident::store::lock_scope(&mut tx, of).await?;
    let campaign = store::lock(&mut tx, id).await?;
    as_seen(&mut tx, &campaign, seen).await?;
    is_approved(&campaign)?;
    may_go(app, &mut tx, &campaign).await?;
    refuse_in_doubt(&mut tx).await?;
    let content = present_content(app, &mut tx, &campaign).await?;
    let changed = changes(&campaign, &content);
    let present = content::hash(&content.to_text()?);
    if !changed.is_empty() || campaign.approved_hash.as_deref() != Some(&present) {
        return Err(CampaignError::ApprovalVoid(changed));
    }
    if let Some(count) = nobody {
        return Err(CampaignError::Nobody(count));
    }
    // The incident's row is locked: nothing is published or changed before this ends.
    let incident = incident::store::find(&mut tx, of).await?;
    let hidden = unpublished(&content, &incident);
    if !agreed && !hidden.is_empty() {
        return Err(CampaignError::Unpublished(hidden));
    }
    start(&mut tx, by, &campaign, now).await?;
    let mut detail = json!({ "content_hash": to_hex(&present), "people": people });
    if !hidden.is_empty() {
        detail["unpublished"] = json!(hidden);
    }
    note(
        &mut tx,
        app,
        Actor::Staff(by),
        Action::CampaignLaunch,
        id,
        &detail,
    )
    .await?;
    tx.commit().await?;
    log(app, id, Actor::Staff(by), "a campaign starts").await;
    Ok(hidden)
}

/// The campaign is being sent from now on; its audience is frozen next.
async fn start(
    tx: &mut Conn,
    by: StaffId,
    campaign: &Campaign,
    now: DateTime<Utc>,
) -> db::Result<()> {
    let with = Move {
        launched_by: Some(by),
        launched_at: Some(now),
        ..Move::default()
    };
    let moved = store::set_status(tx, campaign.id, CampaignStatus::Sending, &with).await?;
    moved.expected("campaign", campaign.id)?;
    store::insert_freeze(tx, campaign.id).await?;
    let in_scope = account::account(tx, campaign.incident).await?.people;
    let canary = canary::canary_size(campaign.limits.canary, in_scope);
    store::insert_pace(tx, campaign.id, canary).await
}

/// How many people the campaign would be sent to, for the audit log. It looks at everybody, and no act waits long for it:
/// a count that takes longer says so in its place.
async fn people_now(app: &App, id: CampaignId) -> db::Result<Value> {
    let count = async |conn: &mut Conn| {
        let campaign = store::find(conn, id).await?;
        let filter = campaign.audience.filter(campaign.kind);
        let count = person::store::count_audience(conn, campaign.incident, &filter).await?;
        Ok(count.mailable)
    };
    let counted = app
        .db
        .patient()
        .apart()
        .read_within(COUNTING, count)
        .await?;
    Ok(counted.map_or_else(|| json!("not counted in time"), |people| json!(people)))
}

fn is_approved(campaign: &Campaign) -> Result<(), CampaignError> {
    match campaign.status {
        CampaignStatus::Approved | CampaignStatus::Scheduled => Ok(()),
        from => Err(CampaignError::IllegalMove {
            from,
            to: CampaignStatus::Sending,
        }),
    }
}

/// The count of an audience without a person who can be written to; `None`: it has one.
async fn has_nobody(app: &App, seen: Seen) -> Result<Option<AudienceCount>, CampaignError> {
    let mut conn = app.db.get().await?;
    let campaign = store::find(&mut conn, seen.id).await?;
    // It is compared again once it is locked.
    as_seen(&mut conn, &campaign, seen).await?;
    is_approved(&campaign)?;
    may_go(app, &mut conn, &campaign).await?;
    let content = present_content(app, &mut conn, &campaign).await?;
    let (of, filter) = (campaign.incident, content.audience.filter(content.kind));
    if person::store::has_audience(&mut conn, of, &filter).await? {
        return Ok(None);
    }
    let count = person::store::count_audience(&mut conn, of, &filter).await?;
    Ok(Some(count))
}
