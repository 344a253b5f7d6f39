//! Campaigns in the database. Their counters and their pace are in tables of their own.

pub(crate) mod approvals;
mod canary;
mod overview;
mod pace;
mod progress;
pub(crate) mod reach;
mod schedule;
mod sender;
pub mod test;
mod under_way;
mod waits;
mod waiver;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::{
    Audience, Campaign, CampaignKind, CampaignStatus, Limits, Name, Schedule, UncertainPolicy,
};
pub use canary::canary_states;
pub use overview::{Overview, Speed, glance, overview, overviews, overviews_of_each, speeds};
pub use pace::*;
pub use progress::*;
pub use reach::{LOOKED_AT, Reach, drafts_of, still_uncertain, without_key};
pub(crate) use schedule::{list_due, set_scheduled, set_unscheduled};
pub use sender::{
    Heartbeat, SendState, Stopped, leave, publish_heartbeat, relays, send_state, sending_in_all,
};
pub use under_way::{UnderWay, under_way};
pub use waits::{Waits, waits};
pub use waiver::{Judged, Waiver};
pub(crate) use waiver::{
    blocking, end_waiver, insert_waiver, put_findings, rely_on_waivers, touch, waivers_changed,
};

use crate::db::schema::{campaign, campaign_freeze};
use crate::db::{Conn, Error, Guarded, Result};
use crate::id::{BUCKETS, CampaignId, IncidentId, StaffId, TemplateId};
use crate::zone::Zone;

/// A campaign as its row says it; see [`read`].
#[derive(Queryable, Selectable, QueryableByName)]
#[diesel(table_name = campaign)]
pub(crate) struct Row {
    id: CampaignId,
    incident_id: IncidentId,
    template_id: TemplateId,
    template_version: i32,
    kind: CampaignKind,
    audience: serde_json::Value,
    limits: serde_json::Value,
    on_uncertain: UncertainPolicy,
    content: Option<String>,
    status: CampaignStatus,
    status_reason: Option<String>,
    version: i32,
    created_by: StaffId,
    created_at: DateTime<Utc>,
    submitted_by: Option<StaffId>,
    approved_by: Option<StaffId>,
    approved_at: Option<DateTime<Utc>>,
    approved_hash: Option<Vec<u8>>,
    launched_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    acknowledged: serde_json::Value,
    reason_sealed: Option<Vec<u8>>,
    name: Option<String>,
    copied_from: Option<CampaignId>,
    scheduled_for: Option<DateTime<Utc>>,
    scheduled_zone: Option<String>,
    scheduled_by: Option<StaffId>,
}

impl Row {
    fn schedule(&self) -> Option<Schedule> {
        Some(Schedule {
            at: self.scheduled_for?,
            // A zone of a newer program is not known here.
            zone: Zone::parse(self.scheduled_zone.as_deref()?).unwrap_or(Zone::UTC),
            by: self.scheduled_by?,
        })
    }
}

/// Reads a row.
pub(crate) fn read(row: Row) -> Result<Campaign> {
    let strange = |_| Error::inconsistent("campaign", row.id);
    let name = row.name.as_deref().and_then(|name| Name::parse(name).ok());
    Ok(Campaign {
        schedule: row.schedule(),
        // An older program gives none.
        name: name.unwrap_or_else(|| Name::usual(row.kind, row.created_at)),
        copied_from: row.copied_from,
        id: row.id,
        incident: row.incident_id,
        template: row.template_id,
        template_version: row.template_version,
        kind: row.kind,
        audience: serde_json::from_value(row.audience).map_err(strange)?,
        acknowledged: serde_json::from_value(row.acknowledged).map_err(strange)?,
        limits: serde_json::from_value(row.limits).map_err(strange)?,
        on_uncertain: row.on_uncertain,
        status: row.status,
        status_reason: row.status_reason,
        reason_sealed: row.reason_sealed,
        version: row.version,
        content: row.content,
        created_by: row.created_by,
        created_at: row.created_at,
        submitted_by: row.submitted_by,
        approved_by: row.approved_by,
        approved_at: row.approved_at,
        approved_hash: row.approved_hash,
        launched_at: row.launched_at,
        ended_at: row.ended_at,
    })
}

/// What is new about a campaign.
#[derive(Debug, Clone)]
pub struct NewCampaign {
    /// The incident.
    pub incident: IncidentId,
    /// The template.
    pub template: TemplateId,
    /// Its version.
    pub template_version: i32,
    /// Why it is sent.
    pub kind: CampaignKind,
    /// The recipients.
    pub audience: Audience,
    /// How fast.
    pub limits: Limits,
    /// What becomes of uncertain notices.
    pub on_uncertain: UncertainPolicy,
}

/// Inserts a draft, which may be a copy of a campaign.
///
/// # Errors
/// `Conflict` if incident or template version do not exist.
pub(crate) async fn insert(
    conn: &mut Conn,
    (id, name): (CampaignId, &Name),
    copied_from: Option<CampaignId>,
    new: &NewCampaign,
    (by, at): (StaffId, DateTime<Utc>),
) -> Result<()> {
    diesel::insert_into(campaign::table)
        .values((
            campaign::id.eq(id),
            campaign::name.eq(name.as_str()),
            campaign::copied_from.eq(copied_from),
            campaign::incident_id.eq(new.incident),
            campaign::template_id.eq(new.template),
            campaign::template_version.eq(new.template_version),
            campaign::kind.eq(new.kind),
            campaign::audience.eq(serde_json::json!(new.audience)),
            campaign::limits.eq(serde_json::json!(new.limits)),
            campaign::on_uncertain.eq(new.on_uncertain),
            campaign::status.eq(CampaignStatus::Draft),
            campaign::created_by.eq(by),
            campaign::created_at.eq(at),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// Replaces a draft's contents, if it is still a draft at `version`.
///
/// # Errors
/// `Conflict` if the template version does not exist.
pub(crate) async fn set_draft(
    conn: &mut Conn,
    (id, version): (CampaignId, i32),
    name: &Name,
    new: &NewCampaign,
) -> Result<Guarded> {
    let set = diesel::update(campaign::table.find(id))
        .filter(
            campaign::version
                .eq(version)
                .and(campaign::status.eq(CampaignStatus::Draft)),
        )
        .set((
            campaign::name.eq(name.as_str()),
            campaign::template_id.eq(new.template),
            campaign::template_version.eq(new.template_version),
            campaign::kind.eq(new.kind),
            campaign::audience.eq(serde_json::json!(new.audience)),
            campaign::limits.eq(serde_json::json!(new.limits)),
            campaign::on_uncertain.eq(new.on_uncertain),
            campaign::version.eq(campaign::version + 1),
        ))
        .execute(conn)
        .await?;
    Ok(Guarded::of(set))
}

/// The campaign with this id.
///
/// # Errors
/// `Missing`.
pub async fn find(conn: &mut Conn, id: CampaignId) -> Result<Campaign> {
    read(
        campaign::table
            .find(id)
            .select(Row::as_select())
            .first(conn)
            .await?,
    )
}

/// The same, its row locked until the transaction ends. Rows that refer to it may be inserted in between: the
/// transactions that freeze its audience or settle its notices insert some before they take [`lock_pace`] and
/// [`lock_end`]. docs/architecture.md has the order of locks.
///
/// # Errors
/// `Missing`.
pub async fn lock(conn: &mut Conn, id: CampaignId) -> Result<Campaign> {
    read(
        campaign::table
            .find(id)
            .select(Row::as_select())
            .for_no_key_update()
            .first(conn)
            .await?,
    )
}

/// Campaigns, newest first, of one incident if given.
///
/// # Errors
/// The database's.
pub async fn list(
    conn: &mut Conn,
    of: Option<IncidentId>,
    before: Option<CampaignId>,
    limit: i64,
) -> Result<Vec<Campaign>> {
    let mut query = campaign::table
        .select(Row::as_select())
        .order(campaign::id.desc())
        .limit(limit)
        .into_boxed();
    if let Some(incident) = of {
        query = query.filter(campaign::incident_id.eq(incident));
    }
    if let Some(before) = before {
        query = query.filter(campaign::id.lt(before));
    }
    query.load(conn).await?.into_iter().map(read).collect()
}

/// What a transition writes in addition to the new state.
#[derive(Debug, Default, AsChangeset)]
#[diesel(table_name = campaign)]
pub struct Move {
    /// What was submitted.
    pub content: Option<String>,
    /// What was acknowledged with it.
    pub acknowledged: Option<serde_json::Value>,
    /// The account that submitted it.
    pub submitted_by: Option<StaffId>,
    /// Who approved.
    pub approved_by: Option<StaffId>,
    /// When.
    pub approved_at: Option<DateTime<Utc>>,
    /// What hash.
    pub approved_hash: Option<Vec<u8>>,
    /// Who launched.
    pub launched_by: Option<StaffId>,
    /// When.
    pub launched_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// Why, if the program decided it; what stood there before is gone.
    #[diesel(treat_none_as_null = true)]
    pub status_reason: Option<String>,
    /// Why, as staff said it, sealed; what stood there before is gone.
    #[diesel(treat_none_as_null = true)]
    pub reason_sealed: Option<Vec<u8>>,
}

/// Moves a campaign on, if the move is legal from where it stands in the database.
///
/// # Errors
/// `Conflict("approved_by_another")` if the approver wrote or submitted it.
pub async fn set_status(
    conn: &mut Conn,
    id: CampaignId,
    to: CampaignStatus,
    with: &Move,
) -> Result<Guarded> {
    let moved = diesel::update(campaign::table.find(id))
        .filter(campaign::status.eq_any(to.before()))
        .set((
            campaign::status.eq(to),
            campaign::version.eq(campaign::version + 1),
            with,
        ))
        .execute(conn)
        .await?;
    Ok(Guarded::of(moved))
}

/// Takes a campaign back to its draft, if that is legal from where it stands: what was submitted and approved is void.
///
/// # Errors
/// The database's.
pub async fn set_back(conn: &mut Conn, id: CampaignId, reason: &str) -> Result<Guarded> {
    let moved = diesel::update(campaign::table.find(id))
        .filter(campaign::status.eq_any(CampaignStatus::Draft.before()))
        .set((
            campaign::status.eq(CampaignStatus::Draft),
            campaign::status_reason.eq(reason),
            campaign::reason_sealed.eq(None::<Vec<u8>>),
            campaign::version.eq(campaign::version + 1),
            campaign::content.eq(None::<String>),
            campaign::acknowledged.eq(serde_json::json!({})),
            campaign::submitted_by.eq(None::<StaffId>),
            campaign::approved_by.eq(None::<StaffId>),
            campaign::approved_at.eq(None::<DateTime<Utc>>),
            campaign::approved_hash.eq(None::<Vec<u8>>),
            campaign::scheduled_for.eq(None::<DateTime<Utc>>),
            campaign::scheduled_zone.eq(None::<String>),
            campaign::scheduled_by.eq(None::<StaffId>),
        ))
        .execute(conn)
        .await?;
    Ok(Guarded::of(moved))
}

/// Lays out the freeze: one row a bucket, nothing frozen yet.
///
/// # Errors
/// `Conflict` if it was laid out already.
pub async fn insert_freeze(conn: &mut Conn, id: CampaignId) -> Result<()> {
    let rows: Vec<_> = (0..BUCKETS)
        .map(|bucket| {
            (
                campaign_freeze::campaign_id.eq(id),
                campaign_freeze::bucket.eq(bucket),
                campaign_freeze::after.eq(uuid::Uuid::nil()),
            )
        })
        .collect();
    diesel::insert_into(campaign_freeze::table)
        .values(rows)
        .execute(conn)
        .await?;
    Ok(())
}
