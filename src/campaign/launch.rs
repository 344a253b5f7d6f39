//! What people do with a campaign until it is under way: write, submit, approve by a second person, launch.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

pub use super::approval::present_content;
use super::approval::{self, changes, unpublished};
use super::content::Content;
pub use super::draft::{create, edit};
pub use super::error::CampaignError;
pub use super::guard::Seen;
use super::guard::{as_seen, lock_for, log, may_go, note, refuse_in_doubt};
use super::news::{self, News};
use super::store::{self, Move};
pub use super::submit::{submit, submit_with};
use super::{Campaign, CampaignStatus, canary, content, waiver};
use crate::account;
use crate::actor::Actor;
use crate::app::App;
use crate::audit::Action;
use crate::db::{self, Conn};
use crate::id::{CampaignId, StaffId};
use crate::incident;
use crate::person::{self, AudienceCount};
use crate::seal::{same, to_hex};
use crate::staff::{self, Right};

/// How long an approval or a launch waits for the number of its people.
const COUNTING: Duration = Duration::from_secs(1);

/// Approves exactly the content with this hash (hex).
///
/// # Errors
/// [`CampaignError::Changed`], [`CampaignError::SamePerson`], [`CampaignError::NoApprover`], [`CampaignError::OtherContent`],
/// [`CampaignError::Unwaived`],
/// [`CampaignError::ApprovalVoid`] if the submitted content is no longer what would be sent.
pub async fn approve(
    app: &App,
    by: StaffId,
    of: impl Into<Seen>,
    content_hash: &str,
) -> Result<(), CampaignError> {
    let seen = of.into();
    let id = seen.id;
    let people = people_now(app, id).await?;
    let mut tx = app.db.begin().await?;
    let (incident, approver) = approval::lock_before(&mut tx, id, by).await?;
    let campaign = lock_for(&mut tx, seen, CampaignStatus::Approved).await?;
    if campaign.status != CampaignStatus::InReview {
        return Err(CampaignError::IllegalMove {
            from: campaign.status,
            to: CampaignStatus::Approved,
        });
    }
    approval::check_second_person(&campaign, &approver)?;
    let submitted = campaign.content.as_deref().unwrap_or_default();
    let hash = content::hash(submitted);
    if !same(to_hex(&hash).as_bytes(), content_hash.as_bytes()) {
        return Err(CampaignError::OtherContent);
    }
    let changed = changes(&campaign, &present_content(app, &mut tx, &campaign).await?);
    if !changed.is_empty() {
        return Err(CampaignError::ApprovalVoid(changed));
    }
    let waived = waiver::relied_on(&mut tx, &campaign, &hash).await?;
    let given = store::approvals::Approval {
        campaign: id,
        hash: hash.to_vec(),
        content: submitted.to_owned(),
        by,
        at: app.now(),
    };
    store::approvals::approve(&mut tx, &given).await?;
    note(
        &mut tx,
        app,
        Actor::Staff(by),
        Action::CampaignApprove,
        id,
        &json!({ "content_hash": content_hash, "people": people, "waived": waived }),
    )
    .await?;
    news::tell(&mut tx, app, &incident, &campaign, &News::Approved(by)).await?;
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
/// agreed to; [`CampaignError::State`], [`CampaignError::Late`], [`CampaignError::TooEarly`], [`CampaignError::Activating`], [`CampaignError::Nobody`].
pub async fn launch_with(
    app: &App,
    by: StaffId,
    of: impl Into<Seen>,
    agreed: bool,
) -> Result<Vec<String>, CampaignError> {
    Box::pin(go(app, Actor::Staff(by), of.into(), agreed)).await
}

/// Launches a campaign for staff, or by the clock: then it must be scheduled, and staff agreed to what it quotes when they
/// scheduled it.
pub(super) async fn go(
    app: &App,
    by: Actor,
    seen: Seen,
    agreed: bool,
) -> Result<Vec<String>, CampaignError> {
    let id = seen.id;
    // Counting may read all people, so it comes before anything is locked.
    let nobody = has_nobody(&app.patient(), seen).await?;
    let people = people_now(app, id).await?;
    let mut tx = app.db.begin().await?;
    // The incident is locked before the campaign, as in all transactions: no list comes in force and no state changes
    // until this transaction ends. Customers can still ask questions.
    let of = store::find(&mut tx, id).await?.incident;
    incident::store::lock_scope(&mut tx, of).await?;
    let campaign = store::lock(&mut tx, id).await?;
    as_seen(&mut tx, &campaign, seen).await?;
    is_approved(&campaign)?;
    let launcher = launcher(&mut tx, by, &campaign).await?;
    may_go(app, &mut tx, &campaign).await?;
    refuse_in_doubt(&mut tx).await?;
    let content = approved(app, &mut tx, &campaign).await?;
    is_time(app, &campaign)?;
    if let Some(count) = nobody {
        return Err(CampaignError::Nobody(count));
    }
    let hidden = hidden(&mut tx, &campaign, &content).await?;
    if !agreed && !hidden.is_empty() {
        return Err(CampaignError::Unpublished(hidden));
    }
    start(&mut tx, launcher, &campaign, app.now()).await?;
    let mut detail =
        json!({ "content_hash": campaign.approved_hash.as_deref().map(to_hex), "people": people });
    if !hidden.is_empty() {
        detail["unpublished"] = json!(hidden);
    }
    if let Some(schedule) = &campaign.schedule {
        detail["due"] = json!(schedule.at);
        detail["scheduled_by"] = json!(schedule.by);
    }
    note(&mut tx, app, by, Action::CampaignLaunch, id, &detail).await?;
    tx.commit().await?;
    log(app, id, by, "a campaign starts").await;
    Ok(hidden)
}

/// The account that launches. By the clock that is the account that scheduled it, if it still may.
async fn launcher(conn: &mut Conn, by: Actor, of: &Campaign) -> Result<StaffId, CampaignError> {
    if let Some(staff) = by.staff() {
        return Ok(staff);
    }
    let illegal = CampaignError::IllegalMove {
        from: of.status,
        to: CampaignStatus::Sending,
    };
    let schedule = of.schedule.ok_or(illegal)?;
    let account = staff::store::share(conn, schedule.by).await?;
    match account.disabled_at.is_none() && account.may(Right::LaunchCampaign) {
        true => Ok(account.id),
        false => Err(CampaignError::NoLongerMay),
    }
}

/// Refuses a launch before the time that was approved.
fn is_time(app: &App, of: &Campaign) -> Result<(), CampaignError> {
    match of.limits.launch_at.filter(|at| *at > app.now()) {
        Some(at) => Err(CampaignError::TooEarly(approved_time(app, at))),
        None => Ok(()),
    }
}

/// The time of a launch that was approved, in words.
pub(super) fn approved_time(app: &App, at: DateTime<Utc>) -> Box<str> {
    app.config.organisation.zone.show(at).to_string().into()
}

/// The content, if it is what was approved.
pub(super) async fn approved(
    app: &App,
    conn: &mut Conn,
    of: &Campaign,
) -> Result<Content, CampaignError> {
    let content = present_content(app, conn, of).await?;
    let mut changed = changes(of, &content);
    changed.extend(waiver::changed(conn, of).await?);
    let present = content::hash(&content.to_text()?);
    match !changed.is_empty() || of.approved_hash.as_deref() != Some(&present) {
        true => Err(CampaignError::ApprovalVoid(changed)),
        false => Ok(content),
    }
}

/// The facts that a content quotes and that are not public. The incident's row must be locked: nothing is published or
/// changed before the transaction ends.
pub(super) async fn hidden(
    conn: &mut Conn,
    of: &Campaign,
    content: &Content,
) -> Result<Vec<String>, CampaignError> {
    let incident = incident::store::find(conn, of.incident).await?;
    Ok(unpublished(content, &incident))
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
    store::insert_pace(tx, campaign.id, canary).await?;
    // Its pace is reviewed every few seconds. Until then, too, nothing leaves in quiet hours.
    store::hold_in_quiet_hours(tx, campaign.id, &campaign.limits, now).await
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
