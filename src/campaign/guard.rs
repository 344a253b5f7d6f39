//! What comes before and after every act on a campaign: its row is locked, what forbids the act is looked at, and what was
//! done is put on record.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::error::CampaignError;
use super::store::{self, NewCampaign};
use super::{Campaign, CampaignStatus};
use crate::actor::Actor;
use crate::app::App;
use crate::audit::{self, Action};
use crate::db::{self, Conn, bell, request};
use crate::deployment;
use crate::id::CampaignId;
use crate::incident::{self, Incident};
use crate::notice::NoticeStatus;
use crate::scope;

/// Writes an action to the audit log, and notifies the senders that something changed.
pub(super) async fn note(
    conn: &mut Conn,
    app: &App,
    by: Actor,
    action: Action,
    id: CampaignId,
    detail: &Value,
) -> db::Result<()> {
    bell::ring(conn, store::GATE).await?;
    audit::store::append(conn, app.now(), by, action, id, detail).await
}

/// Says in the log what became of a campaign, with its notices as they stand, once that is committed. Who did it is named
/// by id.
pub async fn log(app: &App, id: CampaignId, by: Actor, what: &'static str) {
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
    check_deadline(app, new.limits.finish_by)
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
    let activating = scope::store::list_activating(conn).await?;
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
