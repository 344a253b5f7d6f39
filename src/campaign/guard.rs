//! What comes before and after every act on a campaign: its row is locked, what forbids the act is looked at, and what was
//! done is put on record.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::error::CampaignError;
use super::store::{self, NewCampaign};
use super::{Campaign, CampaignStatus, Limits, change};
use crate::actor::{Actor, System};
use crate::app::App;
use crate::audit::changed::{self, Changed, Edit};
use crate::audit::{self, Action};
use crate::db::{self, Conn, notify, request};
use crate::deployment;
use crate::id::CampaignId;
use crate::incident::{self, Incident};
use crate::notice::NoticeStatus;

/// How far ahead a launch may be set.
const FURTHEST: TimeDelta = TimeDelta::days(366);

/// A campaign as the caller saw it. Commands and the program itself name no version: they act on the present one.
#[derive(Debug, Clone, Copy)]
pub struct Seen {
    pub(crate) id: CampaignId,
    version: Option<i32>,
}

impl Seen {
    /// The campaign at the version that the caller saw; `None`: at any.
    pub fn at(id: CampaignId, version: Option<i32>) -> Self {
        Self { id, version }
    }
}

impl From<CampaignId> for Seen {
    fn from(id: CampaignId) -> Self {
        Self::at(id, None)
    }
}

/// Refuses a caller who saw another version. It is certain only where the campaign's row is locked.
pub(crate) async fn as_seen(
    conn: &mut Conn,
    now: &Campaign,
    seen: Seen,
) -> Result<(), CampaignError> {
    let Some(version) = seen.version.filter(|version| *version != now.version) else {
        return Ok(());
    };
    // A campaign that is through got its last version without an act.
    let is_through = now.status == CampaignStatus::Completed;
    let ended_at = now.ended_at.filter(|_| is_through);
    let most = changed::count(version, now.version - i32::from(ended_at.is_some()));
    let subject = now.id.to_string();
    let events = audit::store::list_acts(conn, &subject, &change::VERSIONED, most).await?;
    let mut changed = Changed::of(now.version, events, change::parts);
    changed.edits.extend(ended_at.map(|at| Edit {
        by: Some(Actor::System(System::Senders).to_string()),
        action: None,
        at,
        parts: vec![change::status(CampaignStatus::Completed)],
    }));
    Err(CampaignError::Changed(Box::new(changed)))
}

/// Writes an action to the audit log, and notifies the senders that something changed.
pub(crate) async fn note(
    conn: &mut Conn,
    app: &App,
    by: Actor,
    action: Action,
    id: CampaignId,
    detail: &Value,
) -> db::Result<()> {
    notify::send(conn, notify::SEND_PERMISSION).await?;
    audit::store::append(conn, app.now(), by, action, id, detail).await
}

/// Says in the log what became of a campaign, with its notices as they stand, once that is committed. Who did it is named
/// by id.
pub(crate) async fn log(app: &App, id: CampaignId, by: Actor, what: &'static str) {
    let app = app.clone();
    request::after(async move { log_now(&app, id, by, what).await }).await;
}

async fn log_now(app: &App, id: CampaignId, by: Actor, what: &'static str) {
    let counts = async {
        let mut conn = app.db.get().await?;
        store::progress(&mut conn, id).await
    };
    // The act is done whether or not it can be counted.
    let Ok(counts) = counts.await else {
        return tracing::info!(campaign = %id, %by, "{what}");
    };
    let of = |status| counts.of(status);
    tracing::info!(
        campaign = %id,
        %by,
        notices = counts.total(),
        all_frozen = counts.frozen,
        sent = of(NoticeStatus::Sent),
        waiting = counts.total() - counts.settled(),
        bounced = of(NoticeStatus::Bounced),
        expired = of(NoticeStatus::Expired),
        uncertain = of(NoticeStatus::Uncertain),
        withheld = of(NoticeStatus::Withheld),
        cancelled = of(NoticeStatus::Cancelled),
        "{what}"
    );
}

/// Locks the campaign, and checks that it is as the caller saw it and may go to `to`.
pub(super) async fn lock_for(
    conn: &mut Conn,
    seen: Seen,
    to: CampaignStatus,
) -> Result<Campaign, CampaignError> {
    let campaign = store::lock(conn, seen.id).await?;
    as_seen(conn, &campaign, seen).await?;
    match campaign.status.after().contains(&to) {
        true => Ok(campaign),
        false => Err(CampaignError::IllegalMove {
            from: campaign.status,
            to,
        }),
    }
}

/// Refuses to launch or resume while the database may be an older copy: the decision about messages sent after the copy
/// relies on all campaigns under way being older than the doubt.
pub(super) async fn refuse_in_doubt(conn: &mut Conn) -> Result<(), CampaignError> {
    match deployment::store::doubt(conn).await? {
        Some(doubt) => Err(CampaignError::InDoubt(Box::new(doubt))),
        None => Ok(()),
    }
}

/// Whether a draft may be written like this.
pub(super) fn check_draft(app: &App, new: &NewCampaign) -> Result<(), CampaignError> {
    new.audience.check(new.kind)?;
    check_deadline(app, new.limits.finish_by)?;
    if new.limits.quiet.is_some_and(|quiet| !quiet.leaves_time()) {
        return Err(CampaignError::NeverLeaves);
    }
    let launch = new.limits.launch_at;
    launch.map_or(Ok(()), |at| check_launch(app, &new.limits, at))
}

/// Whether a campaign with these limits may be launched by the clock at this time.
pub(super) fn check_launch(
    app: &App,
    limits: &Limits,
    at: DateTime<Utc>,
) -> Result<(), CampaignError> {
    let now = app.now();
    if at <= now {
        return Err(CampaignError::Past);
    }
    if at - now > FURTHEST {
        return Err(CampaignError::TooFar);
    }
    match limits.finish_by.is_some_and(|by| by <= at) {
        true => Err(CampaignError::AfterDeadline),
        false => Ok(()),
    }
}

fn check_deadline(app: &App, finish_by: Option<DateTime<Utc>>) -> Result<(), CampaignError> {
    match finish_by {
        Some(by) if by <= app.now() => Err(CampaignError::Late),
        _ => Ok(()),
    }
}

/// Whether messages of this campaign may be sent at all: its incident is in a state in which people are told, its
/// deadline lies ahead, no list is being put in force.
pub(super) async fn may_go(
    app: &App,
    conn: &mut Conn,
    campaign: &Campaign,
) -> Result<(), CampaignError> {
    let incident = incident::store::find(conn, campaign.incident).await?;
    check_incident(&incident)?;
    campaign.audience.check(campaign.kind)?;
    check_deadline(app, campaign.limits.finish_by)?;
    let activating = incident::store::lists::list_activating(conn).await?;
    let of_it = activating.iter().find(|(of, _)| *of == campaign.incident);
    of_it.map_or(Ok(()), |(_, version)| {
        Err(CampaignError::Activating(*version))
    })
}

fn check_incident(incident: &Incident) -> Result<(), CampaignError> {
    match incident.forgotten_at {
        Some(_) => Err(CampaignError::Forgotten),
        None if incident.state.may_notify() => Ok(()),
        None => Err(CampaignError::State(incident.state)),
    }
}
