//! Launching by the clock: staff set a time, and any node launches the campaign once it has come.

use serde_json::json;

use super::error::CampaignError;
use super::guard::{Seen, as_seen, check_launch, lock_for, log, may_go, note, refuse_in_doubt};
use super::launch::{approved, approved_time, go, hidden};
use super::{CampaignStatus, Schedule, store};
use crate::actor::{Actor, System};
use crate::app::App;
use crate::audit::Action;
use crate::db;
use crate::db::retry::retried;
use crate::deployment;
use crate::id::{CampaignId, StaffId};
use crate::incident;

const CLOCK: Actor = Actor::System(System::Schedule);

/// Schedules the launch of an approved campaign, and checks what a launch checks but for its audience. If a time is part
/// of what was approved, it can be no other. `agreed`: as for a launch.
///
/// # Errors
/// [`CampaignError::Past`], [`CampaignError::OtherTime`], [`CampaignError::AfterDeadline`], and as a launch.
pub async fn schedule(
    app: &App,
    of: impl Into<Seen>,
    when: Schedule,
    agreed: bool,
) -> Result<Vec<String>, CampaignError> {
    let seen = of.into();
    let mut tx = app.db.begin().await?;
    // The incident before the campaign, as a launch does.
    let of = store::find(&mut tx, seen.id).await?.incident;
    incident::store::hold(&mut tx, of).await?;
    let campaign = lock_for(&mut tx, seen, CampaignStatus::Scheduled).await?;
    may_go(app, &mut tx, &campaign).await?;
    refuse_in_doubt(&mut tx).await?;
    check_launch(app, &campaign.limits, when.at)?;
    if let Some(at) = campaign.limits.launch_at.filter(|at| *at != when.at) {
        return Err(CampaignError::OtherTime(approved_time(app, at)));
    }
    let content = approved(app, &mut tx, &campaign).await?;
    let hidden = hidden(&mut tx, &campaign, &content).await?;
    if !agreed && !hidden.is_empty() {
        return Err(CampaignError::Unpublished(hidden));
    }
    let set = store::set_scheduled(&mut tx, campaign.id, &when).await?;
    set.expected("campaign", campaign.id)?;
    let mut detail = json!({ "at": when.at, "zone": when.zone });
    if !hidden.is_empty() {
        detail["unpublished"] = json!(hidden);
    }
    let by = Actor::Staff(when.by);
    note(
        &mut tx,
        app,
        by,
        Action::CampaignSchedule,
        campaign.id,
        &detail,
    )
    .await?;
    tx.commit().await?;
    log(app, campaign.id, by, "a launch is scheduled").await;
    Ok(hidden)
}

/// Cancels the schedule: the campaign is approved, as it was.
///
/// # Errors
/// [`CampaignError::Changed`]; [`CampaignError::IllegalMove`] if it is not scheduled, such as once it was launched.
pub async fn unschedule(app: &App, by: StaffId, of: impl Into<Seen>) -> Result<(), CampaignError> {
    take_off(app, Actor::Staff(by), of.into(), None).await
}

async fn take_off(
    app: &App,
    by: Actor,
    seen: Seen,
    reason: Option<&str>,
) -> Result<(), CampaignError> {
    let mut tx = app.db.begin().await?;
    let campaign = store::lock(&mut tx, seen.id).await?;
    as_seen(&mut tx, &campaign, seen).await?;
    if campaign.status != CampaignStatus::Scheduled {
        return Err(CampaignError::IllegalMove {
            from: campaign.status,
            to: CampaignStatus::Approved,
        });
    }
    let set = store::set_unscheduled(&mut tx, campaign.id, reason).await?;
    set.expected("campaign", campaign.id)?;
    let due = campaign.schedule.map(|schedule| schedule.at);
    let mut detail = json!({ "due": due });
    if let Some(reason) = reason {
        detail["reason"] = json!(reason);
    }
    note(
        &mut tx,
        app,
        by,
        Action::CampaignUnschedule,
        campaign.id,
        &detail,
    )
    .await?;
    tx.commit().await?;
    log(app, campaign.id, by, "a launch is no longer scheduled").await;
    Ok(())
}

/// Launches the campaigns that are due. Any number of nodes may call it at once: each campaign is launched once. A
/// campaign with a refused launch is approved again, and its page says why. While the database may be an older copy,
/// the function launches none: the decision about the copy takes the scheduled launches back.
///
/// # Errors
/// The database's.
pub async fn launch_due(app: &App) -> db::Result<()> {
    let due = {
        let mut conn = app.db.get().await?;
        let due = store::list_due(&mut conn, app.now()).await?;
        if due.is_empty() || deployment::store::doubt(&mut conn).await?.is_some() {
            return Ok(());
        }
        due
    };
    for (id, version) in due {
        launch_one(app, id, version).await?;
    }
    Ok(())
}

async fn launch_one(app: &App, id: CampaignId, version: i32) -> db::Result<()> {
    let seen = Seen::at(id, Some(version));
    let why = match retried(|| Box::pin(go(app, CLOCK, seen, true))).await {
        Ok(_) => return Ok(()),
        Err(CampaignError::Db(error)) => return Err(error),
        // Another node launched it, or a member of staff changed it.
        Err(CampaignError::Changed(_) | CampaignError::IllegalMove { .. }) => return Ok(()),
        // It waits for the decision.
        Err(CampaignError::InDoubt(_)) => return Ok(()),
        Err(why) => why.to_string(),
    };
    tracing::warn!(campaign = %id, "a scheduled launch was refused");
    match retried(|| take_off(app, CLOCK, seen, Some(&why))).await {
        Err(CampaignError::Db(error)) => Err(error),
        _ => Ok(()),
    }
}
