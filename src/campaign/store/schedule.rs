//! The time at which a campaign is launched by the clock.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::super::{CampaignStatus, Schedule};
use crate::db::schema::campaign;
use crate::db::{Conn, Guarded, Result};
use crate::id::{CampaignId, StaffId};

/// The scheduled campaigns that are due, the one that waits longest first, each with its version.
///
/// # Errors
/// The database's.
pub(crate) async fn list_due(
    conn: &mut Conn,
    now: DateTime<Utc>,
) -> Result<Vec<(CampaignId, i32)>> {
    Ok(campaign::table
        .filter(campaign::status.eq(CampaignStatus::Scheduled))
        .filter(campaign::scheduled_for.le(now))
        .order((campaign::scheduled_for, campaign::id))
        .select((campaign::id, campaign::version))
        .load(conn)
        .await?)
}

/// Schedules an approved campaign.
///
/// # Errors
/// The database's.
pub(crate) async fn set_scheduled(
    conn: &mut Conn,
    id: CampaignId,
    schedule: &Schedule,
) -> Result<Guarded> {
    let set = diesel::update(campaign::table.find(id))
        .filter(campaign::status.eq(CampaignStatus::Approved))
        .set((
            campaign::status.eq(CampaignStatus::Scheduled),
            campaign::version.eq(campaign::version + 1),
            campaign::status_reason.eq(None::<String>),
            campaign::reason_sealed.eq(None::<Vec<u8>>),
            campaign::scheduled_for.eq(schedule.at),
            campaign::scheduled_zone.eq(schedule.zone.as_str()),
            campaign::scheduled_by.eq(schedule.by),
        ))
        .execute(conn)
        .await?;
    Ok(Guarded::of(set))
}

/// Makes a scheduled campaign an approved one again, with the reason if its launch was refused.
///
/// # Errors
/// The database's.
pub(crate) async fn set_unscheduled(
    conn: &mut Conn,
    id: CampaignId,
    reason: Option<&str>,
) -> Result<Guarded> {
    let set = diesel::update(campaign::table.find(id))
        .filter(campaign::status.eq(CampaignStatus::Scheduled))
        .set((
            campaign::status.eq(CampaignStatus::Approved),
            campaign::version.eq(campaign::version + 1),
            campaign::status_reason.eq(reason),
            campaign::reason_sealed.eq(None::<Vec<u8>>),
            campaign::scheduled_for.eq(None::<DateTime<Utc>>),
            campaign::scheduled_zone.eq(None::<String>),
            campaign::scheduled_by.eq(None::<StaffId>),
        ))
        .execute(conn)
        .await?;
    Ok(Guarded::of(set))
}
