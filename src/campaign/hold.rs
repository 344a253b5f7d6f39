//! What people do with a campaign under way: hold it, let it go on, end it. And stop everything.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::error::CampaignError;
use super::guard::{Seen, as_seen, lock_for, log, note, refuse_in_doubt};
use super::store::{self, Move};
use super::{Campaign, CampaignStatus};
use crate::actor::{Actor, System};
use crate::app::App;
use crate::audit::{Action, Event};
use crate::db::{self, Conn, Guarded, notify};
use crate::id::{CampaignId, EventId, IncidentId, StaffId};
use crate::incident::Incident;
use crate::seal::to_hex;
use crate::staff::replay::store::mark_done;
use crate::{audit, incident};

const FREEZE: Actor = Actor::System(System::Freezing);
/// An entry of a stop that was made less than this before is left to the process that makes it. Clocks of nodes differ, so
/// that it counts in both directions.
const BEING_WRITTEN: TimeDelta = TimeDelta::seconds(5);

/// Holds a sending campaign.
///
/// # Errors
/// [`CampaignError::Changed`], [`CampaignError::IllegalMove`].
pub async fn pause(
    app: &App,
    by: Actor,
    of: impl Into<Seen>,
    reason: Option<&str>,
) -> Result<(), CampaignError> {
    let seen = of.into();
    let with = match (by.staff(), reason) {
        // What staff type may name people.
        (Some(_), Some(said)) => Move {
            reason_sealed: seal_reason(app, seen.id, said).await?,
            ..Move::default()
        },
        (_, said) => Move {
            status_reason: said.map(ToOwned::to_owned),
            ..Move::default()
        },
    };
    steer(
        app,
        by,
        seen,
        CampaignStatus::Paused,
        Action::CampaignPause,
        &with,
    )
    .await
}

/// Puts a warning about a campaign on record.
///
/// # Errors
/// The database's.
pub async fn warn(app: &App, by: Actor, id: CampaignId, reason: &str) -> Result<(), CampaignError> {
    let mut tx = app.db.begin().await?;
    note(
        &mut tx,
        app,
        by,
        Action::CampaignWarn,
        id,
        &json!({ "reason": reason }),
    )
    .await?;
    tx.commit().await?;
    Ok(())
}

/// The list version that is in force, or on its way, in the place of the `approved` one; `None`: that is in force, and
/// stays so until the transaction ends.
///
/// # Errors
/// The database's.
pub async fn other_scope(
    conn: &mut Conn,
    incident: IncidentId,
    approved: i32,
) -> db::Result<Option<i32>> {
    // In this order: an activation that begins waits for the row, one that has begun is seen.
    let active = incident::store::share_scope(conn, incident).await?;
    other_than(conn, incident, active, approved).await
}

/// The same where the incident's row is shared already, and names the version in force.
///
/// # Errors
/// The database's.
pub async fn other_than(
    conn: &mut Conn,
    incident: IncidentId,
    active: Option<i32>,
    approved: i32,
) -> db::Result<Option<i32>> {
    let coming = incident::store::lists::activating(conn, incident).await?;
    Ok(coming.or(active.filter(|active| *active != approved)))
}

/// Pauses a sending campaign with an incomplete audience, since this list version has come in force.
///
/// # Errors
/// The database's.
pub async fn pause_unfrozen(app: &App, id: CampaignId, version: i32) -> db::Result<()> {
    let reason = format!(
        "List version {version} came into force before the audience was complete: the approval is void. Cancel this \
         campaign and draft a new one for those not told yet"
    );
    match pause(app, FREEZE, id, Some(&reason)).await {
        Err(CampaignError::Db(error)) => Err(error),
        // It was paused or ended in between.
        _ => Ok(()),
    }
}

/// Lets a paused campaign go on.
///
/// # Errors
/// [`CampaignError::Changed`], [`CampaignError::IllegalMove`]; [`CampaignError::OtherScope`] if its audience is not complete and the list that
/// was approved is not in force any more.
pub async fn resume(app: &App, by: StaffId, of: impl Into<Seen>) -> Result<(), CampaignError> {
    let seen = of.into();
    let id = seen.id;
    let mut tx = app.db.begin().await?;
    let (incident, approved) = audience_from(&mut tx, id).await?;
    // Locked before the campaign's row, in the order of the transactions that freeze audiences.
    let other = match approved {
        Some(approved) => other_scope(&mut tx, incident, approved).await?,
        None => None,
    };
    // In the order of the transaction that freezes the last of its audience.
    store::lock_pace(&mut tx, id).await?;
    store::lock_end(&mut tx, id).await?;
    let campaign = store::lock(&mut tx, id).await?;
    as_seen(&mut tx, &campaign, seen).await?;
    if campaign.status != CampaignStatus::Paused {
        return Err(CampaignError::IllegalMove {
            from: campaign.status,
            to: CampaignStatus::Sending,
        });
    }
    refuse_in_doubt(&mut tx).await?;
    if let (Some(active), Some(approved)) = (other, approved)
        && !store::is_frozen(&mut tx, id).await?
    {
        return Err(CampaignError::OtherScope { approved, active });
    }
    let moved = store::set_status(&mut tx, id, CampaignStatus::Sending, &Move::default()).await?;
    moved.expected("campaign", id)?;
    store::set_resumed(&mut tx, id, app.now()).await?;
    store::hold_in_quiet_hours(&mut tx, id, &campaign.limits, app.now()).await?;
    // A person who resumes it after the canary was tried has seen the result. Before that, only the slice goes on.
    let slice = store::canary_states(&mut tx, id).await?;
    let passed = slice.is_some()
        && store::pass_canary(&mut tx, id, app.now())
            .await?
            .is_written();
    let detail = match slice.is_some_and(|slice| slice.is_empty()) {
        // It has no canary.
        true => json!({}),
        false => json!({ "canary_passed": passed }),
    };
    note(
        &mut tx,
        app,
        Actor::Staff(by),
        Action::CampaignResume,
        id,
        &detail,
    )
    .await?;
    // What was on connections when it was paused may have been the last of it.
    let completed = store::complete_if_done(&mut tx, id, app.now()).await?;
    tx.commit().await?;
    let what = match completed {
        Guarded::Written => "a campaign goes on, and is through",
        Guarded::Refused => "a campaign goes on",
    };
    log(app, id, Actor::Staff(by), what).await;
    Ok(())
}

/// The incident and the list version of a campaign's audience.
async fn audience_from(
    conn: &mut Conn,
    id: CampaignId,
) -> Result<(IncidentId, Option<i32>), CampaignError> {
    let campaign = store::find(conn, id).await?;
    let content = campaign.submitted()?;
    Ok((campaign.incident, content.map(|content| content.scope)))
}

/// Ends a campaign: what is not sent by now never will be.
///
/// # Errors
/// [`CampaignError::Changed`], [`CampaignError::IllegalMove`].
pub async fn cancel(app: &App, by: StaffId, of: impl Into<Seen>) -> Result<(), CampaignError> {
    let with = Move {
        ended_at: Some(app.now()),
        ..Move::default()
    };
    steer(
        app,
        Actor::Staff(by),
        of.into(),
        CampaignStatus::Cancelled,
        Action::CampaignCancel,
        &with,
    )
    .await
}

/// Seals a reason under the key of the campaign's incident; `None` if that is destroyed.
async fn seal_reason(
    app: &App,
    id: CampaignId,
    reason: &str,
) -> Result<Option<Vec<u8>>, CampaignError> {
    let mut conn = app.db.get().await?;
    let of = store::find(&mut conn, id).await?.incident;
    let key = incident::store::find(&mut conn, of).await?.key(&app.keys);
    let key = key.map_err(|_| db::Error::inconsistent("incident", of))?;
    Ok(key.map(|key| key.seal(&Campaign::reason_owner(id), reason.as_bytes())))
}

/// Opens the reasons that staff gave, where there are any and the campaign's incident is among the `known`.
pub fn open_reasons<'a>(
    app: &App,
    campaigns: impl IntoIterator<Item = &'a mut Campaign>,
    known: &[Incident],
) {
    for campaign in campaigns {
        let of = known.iter().find(|one| one.id == campaign.incident);
        if campaign.reason_sealed.is_some()
            && let Some(Ok(Some(key))) = of.map(|of| of.key(&app.keys))
        {
            campaign.open_reason(&key);
        }
    }
}

/// The reason as the audit log keeps it: what staff said stays sealed there too.
fn said(with: &Move) -> Value {
    match &with.reason_sealed {
        Some(sealed) => json!({ "reason_sealed": to_hex(sealed) }),
        None => json!({ "reason": with.status_reason }),
    }
}

async fn steer(
    app: &App,
    by: Actor,
    seen: Seen,
    to: CampaignStatus,
    action: Action,
    with: &Move,
) -> Result<(), CampaignError> {
    let id = seen.id;
    // What a request reads for its answer cannot undo it, and senders hear of it before that is read.
    let app = &app.apart();
    let mut tx = app.db.begin().await?;
    lock_for(&mut tx, seen, to).await?;
    let moved = store::set_status(&mut tx, id, to, with).await?;
    moved.expected("campaign", id)?;
    note(&mut tx, app, by, action, id, &said(with)).await?;
    mark_done(&mut tx).await?;
    tx.commit().await?;
    let what = match to {
        CampaignStatus::Paused => "a campaign is paused",
        _ => "a campaign is cancelled",
    };
    log(app, id, by, what).await;
    Ok(())
}

/// What setting or lifting the emergency stop did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Switched {
    /// `false`: it was so already.
    pub changed: bool,
    /// `false`: its entry in the audit log could not be written at once. A running node writes it as soon as it can.
    pub recorded: bool,
}

/// Stops every campaign and every letter on every node (P4). It is committed before its entry in the audit log is
/// written, so that nothing about the log can keep it from taking effect.
///
/// # Errors
/// The database's: then nothing is stopped.
pub async fn stop_everything(app: &App, by: Actor) -> db::Result<Switched> {
    switch(app, by, true).await
}

/// Lifts the emergency stop.
///
/// # Errors
/// The database's: then it still stands.
pub async fn start_again(app: &App, by: Actor) -> db::Result<Switched> {
    switch(app, by, false).await
}

async fn switch(app: &App, by: Actor, stop: bool) -> db::Result<Switched> {
    let app = &app.apart();
    let now = app.now();
    let who = by.to_string();
    let action = match stop {
        true => Action::SendingStop,
        false => Action::SendingStart,
    };
    let entry = Event::new(now, by, action, "everything", &json!({}));
    let mut tx = app.db.begin().await?;
    let by = stop.then_some((now, who.as_str()));
    let changed = store::set_stopped(&mut tx, by, &entry).await?.is_written();
    if changed {
        notify::send(&mut tx, notify::SEND_PERMISSION).await?;
    }
    mark_done(&mut tx).await?;
    tx.commit().await?;
    let recorded = match record(app, Some(entry.id)).await {
        Ok(()) => true,
        Err(error) => {
            tracing::error!(%error, %action, "done, but its entry in the audit log could not be written yet");
            false
        }
    };
    Ok(Switched { changed, recorded })
}

/// Writes the entries of the audit log that were not written when sending was stopped or started again. They have the
/// time at which that was done. Doing it twice, or on two nodes, writes each once.
///
/// # Errors
/// The database's; also if the log is locked for more than a second.
pub async fn record_switches(app: &App) -> db::Result<()> {
    record(app, None).await
}

/// Writes what waits; all but `now` is late, and is left alone while the process that made it may still write it.
async fn record(app: &App, now: Option<EventId>) -> db::Result<()> {
    match write_waiting(app, now).await {
        // Another process wrote one of them at the same moment, and had not committed it when it was looked for.
        Err(db::Error::Conflict(_)) => write_waiting(app, now).await,
        done => done,
    }
}

async fn write_waiting(app: &App, now: Option<EventId>) -> db::Result<()> {
    let mut entries = store::unrecorded(&mut *app.db.get().await?).await?;
    let moment = app.now();
    let is_left = |entry: &Event| (moment - entry.at).abs() >= BEING_WRITTEN;
    entries.retain(|entry| Some(entry.id) == now || is_left(entry));
    if entries.is_empty() {
        return Ok(());
    }
    // Another node may write them at the same time: each is looked for before it is written, and is written once.
    let mut tx = app.db.begin().await?;
    audit::store::chain::be_quick(&mut tx).await?;
    let ids: Vec<EventId> = entries.iter().map(|entry| entry.id).collect();
    let written = audit::store::written(&mut tx, &ids).await?;
    for mut entry in entries {
        if Some(entry.id) != now {
            entry.detail = json!({ "written_late": true }).to_string();
        }
        if !written.contains(&entry.id) {
            audit::store::write(&mut tx, &entry).await?;
        }
    }
    tx.commit().await?;
    // Not in the same transaction: a stop would wait for the row as long as the log is locked.
    store::set_recorded(&mut *app.db.get().await?, &ids).await
}
