//! What was approved of campaigns: each content, with its latest approval.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Bytea, Text, Timestamptz, Uuid};
use diesel_async::RunQueryDsl;

use super::super::CampaignStatus;
use super::{Move, set_back, set_status};
use crate::db::schema::{campaign, campaign_approval};
use crate::db::{Conn, Guarded, Result};
use crate::id::{CampaignId, StaffId};

/// An approval of a content.
#[derive(Debug, Clone)]
pub(crate) struct Approval {
    /// The campaign.
    pub campaign: CampaignId,
    /// The hash of the content.
    pub hash: Vec<u8>,
    /// The content.
    pub content: String,
    /// Who approved it.
    pub by: StaffId,
    /// When.
    pub at: DateTime<Utc>,
}

/// Moves a campaign to `approved`, and keeps what was approved.
///
/// # Errors
/// `Conflict("approved_by_another")` if the approver wrote or submitted it; `Inconsistent` if the move is not legal.
pub(crate) async fn approve(conn: &mut Conn, given: &Approval) -> Result<()> {
    let with = Move {
        approved_by: Some(given.by),
        approved_at: Some(given.at),
        approved_hash: Some(given.hash.clone()),
        ..Move::default()
    };
    let moved = set_status(conn, given.campaign, CampaignStatus::Approved, &with).await?;
    moved.expected("campaign", given.campaign)?;
    let again = (
        campaign_approval::approved_by.eq(given.by),
        campaign_approval::approved_at.eq(given.at),
        campaign_approval::void_told_at.eq(None::<DateTime<Utc>>),
    );
    diesel::insert_into(campaign_approval::table)
        .values((
            campaign_approval::campaign_id.eq(given.campaign),
            campaign_approval::content_hash.eq(&given.hash),
            campaign_approval::content.eq(&given.content),
            campaign_approval::approved_by.eq(given.by),
            campaign_approval::approved_at.eq(given.at),
        ))
        .on_conflict((
            campaign_approval::campaign_id,
            campaign_approval::content_hash,
        ))
        .do_update()
        .set(again)
        .execute(conn)
        .await?;
    Ok(())
}

/// Moves a campaign back to its draft, with the sealed comment of the approver who rejected it.
///
/// # Errors
/// `Inconsistent` if the move is not legal.
pub(crate) async fn reject(
    conn: &mut Conn,
    id: CampaignId,
    reason: &str,
    sealed: Vec<u8>,
) -> Result<()> {
    let moved = set_back(conn, id, reason).await?;
    moved.expected("campaign", id)?;
    diesel::update(campaign::table.find(id))
        .set(campaign::reason_sealed.eq(sealed))
        .execute(conn)
        .await?;
    Ok(())
}

/// A content that was approved earlier, and when.
#[derive(Debug, Clone, QueryableByName)]
pub(crate) struct Earlier {
    /// Its campaign.
    #[diesel(sql_type = Uuid)]
    pub campaign_id: CampaignId,
    /// The content.
    #[diesel(sql_type = Text)]
    pub content: String,
    /// When it was approved.
    #[diesel(sql_type = Timestamptz)]
    pub approved_at: DateTime<Utc>,
}

/// The content with which an approver compares `hash`: the one of this campaign that was approved last, or else of the
/// campaigns of its template.
///
/// # Errors
/// The database's.
pub(crate) async fn earlier(
    conn: &mut Conn,
    of: CampaignId,
    hash: &[u8],
) -> Result<Option<Earlier>> {
    Ok(diesel::sql_query(
        "select a.campaign_id, a.content, a.approved_at
        from campaign own join campaign c on c.template_id = own.template_id
        join campaign_approval a on a.campaign_id = c.id
        where own.id = $1 and not (a.campaign_id = $1 and a.content_hash = $2)
        order by a.campaign_id = $1 desc, a.approved_at desc limit 1",
    )
    .bind::<Uuid, _>(of.uuid())
    .bind::<Bytea, _>(hash)
    .get_result(conn)
    .await
    .optional()?)
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = Uuid)]
    id: CampaignId,
}

/// The approved campaigns that wait for their launch, without those that Candor reported as void.
///
/// # Errors
/// The database's.
pub(crate) async fn list_watched(conn: &mut Conn) -> Result<Vec<CampaignId>> {
    let ids: Vec<Id> = diesel::sql_query(
        "select c.id from campaign c
        join campaign_approval a on a.campaign_id = c.id and a.content_hash = c.approved_hash
        where c.status in ('approved', 'scheduled') and a.void_told_at is null order by c.id",
    )
    .load(conn)
    .await?;
    Ok(ids.into_iter().map(|row| row.id).collect())
}

/// Notes that author and approver were told that the approval is void. Refused if that was noted before.
///
/// # Errors
/// The database's.
pub(crate) async fn set_void_told(
    conn: &mut Conn,
    id: CampaignId,
    hash: Vec<u8>,
    at: DateTime<Utc>,
) -> Result<Guarded> {
    let set = diesel::update(campaign_approval::table.find((id, hash)))
        .filter(campaign_approval::void_told_at.is_null())
        .set(campaign_approval::void_told_at.eq(at))
        .execute(conn)
        .await?;
    Ok(Guarded::of(set))
}

/// The name of a campaign and its number within its incident.
///
/// # Errors
/// `Missing`.
pub(crate) async fn name(conn: &mut Conn, id: CampaignId) -> Result<(String, i64)> {
    #[derive(QueryableByName)]
    struct Named {
        #[diesel(sql_type = Text)]
        name: String,
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        number: i64,
    }
    let named: Named = diesel::sql_query(
        "select c.name,
            (select count(*) from campaign b where b.incident_id = c.incident_id and b.id <= c.id) as number
        from campaign c where c.id = $1",
    )
    .bind::<Uuid, _>(id.uuid())
    .get_result(conn)
    .await?;
    Ok((named.name, named.number))
}
