//! What rules found in submitted contents, and the waivers of it.

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Bytea, Jsonb, Nullable, Text, Uuid};
use diesel_async::RunQueryDsl;
use serde::Deserialize;

use crate::db::schema::{campaign, campaign_finding, campaign_waiver};
use crate::db::{Conn, Error, Guarded, Result};
use crate::id::{CampaignId, StaffId};
use crate::template::rules::Remark;

/// A waiver that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiver {
    /// What is waived: `en:law.us-ca.title`.
    pub finding: String,
    /// Who did.
    pub by: StaffId,
    /// When.
    pub at: DateTime<Utc>,
    /// Why, sealed as a reason of the campaign.
    pub reason_sealed: Vec<u8>,
}

/// What rules found in the content that was submitted, and its waivers.
#[derive(Debug, Clone, Default)]
pub struct Judged {
    /// What blocks comes first.
    pub remarks: Vec<Remark>,
    /// The waivers that hold.
    pub waivers: Vec<Waiver>,
}

/// Replaces what was found in a content.
///
/// # Errors
/// The database's.
pub(crate) async fn put_findings(
    conn: &mut Conn,
    id: CampaignId,
    hash: &[u8],
    found: &[Remark],
) -> Result<()> {
    let of_content = campaign_finding::table
        .filter(campaign_finding::campaign_id.eq(id))
        .filter(campaign_finding::content_hash.eq(hash));
    diesel::delete(of_content).execute(conn).await?;
    let row = |one: &Remark| {
        (
            campaign_finding::campaign_id.eq(id),
            campaign_finding::content_hash.eq(hash.to_vec()),
            campaign_finding::finding.eq(one.finding.clone()),
            campaign_finding::blocking.eq(one.blocking),
            campaign_finding::detail.eq(serde_json::json!(one)),
        )
    };
    let rows: Vec<_> = found.iter().map(row).collect();
    if !rows.is_empty() {
        diesel::insert_into(campaign_finding::table)
            .values(rows)
            .execute(conn)
            .await?;
    }
    Ok(())
}

/// The blocking findings of a content, each with whether it is waived.
///
/// # Errors
/// The database's.
pub(crate) async fn blocking(
    conn: &mut Conn,
    id: CampaignId,
    hash: &[u8],
) -> Result<Vec<(String, bool)>> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = Text)]
        finding: String,
        #[diesel(sql_type = Bool)]
        is_waived: bool,
    }
    let found: Vec<Found> = diesel::sql_query(
        "select f.finding, exists (select from campaign_waiver w where w.campaign_id = f.campaign_id
                and w.content_hash = f.content_hash and w.finding = f.finding and w.withdrawn_at is null) as is_waived
            from campaign_finding f where f.campaign_id = $1 and f.content_hash = $2 and f.blocking order by 1",
    )
    .bind::<Uuid, _>(id.uuid())
    .bind::<Bytea, _>(hash)
    .load(conn)
    .await?;
    Ok(found
        .into_iter()
        .map(|one| (one.finding, one.is_waived))
        .collect())
}

/// Adds a waiver.
///
/// # Errors
/// `Conflict("finding_is_waived")` if there is one.
pub(crate) async fn insert_waiver(
    conn: &mut Conn,
    id: CampaignId,
    hash: &[u8],
    waiver: &Waiver,
) -> Result<()> {
    diesel::insert_into(campaign_waiver::table)
        .values((
            campaign_waiver::id.eq(uuid::Uuid::now_v7()),
            campaign_waiver::campaign_id.eq(id),
            campaign_waiver::content_hash.eq(hash.to_vec()),
            campaign_waiver::finding.eq(&waiver.finding),
            campaign_waiver::reason_sealed.eq(&waiver.reason_sealed),
            campaign_waiver::waived_by.eq(waiver.by),
            campaign_waiver::waived_at.eq(waiver.at),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// Ends a waiver that holds.
///
/// # Errors
/// The database's.
pub(crate) async fn end_waiver(
    conn: &mut Conn,
    (id, hash): (CampaignId, &[u8]),
    finding: &str,
    (by, at): (StaffId, DateTime<Utc>),
) -> Result<Guarded> {
    let ended = diesel::update(campaign_waiver::table)
        .filter(campaign_waiver::campaign_id.eq(id))
        .filter(campaign_waiver::content_hash.eq(hash))
        .filter(campaign_waiver::finding.eq(finding))
        .filter(campaign_waiver::withdrawn_at.is_null())
        .set((
            campaign_waiver::withdrawn_by.eq(by),
            campaign_waiver::withdrawn_at.eq(at),
        ))
        .execute(conn)
        .await?;
    Ok(Guarded::of(ended))
}

/// Notes on which waivers the approval of a content relies.
///
/// # Errors
/// The database's.
pub(crate) async fn rely_on_waivers(conn: &mut Conn, id: CampaignId, hash: &[u8]) -> Result<()> {
    diesel::update(campaign_waiver::table)
        .filter(campaign_waiver::campaign_id.eq(id))
        .filter(campaign_waiver::content_hash.eq(hash))
        .set(campaign_waiver::approved.eq(campaign_waiver::withdrawn_at.is_null()))
        .execute(conn)
        .await?;
    Ok(())
}

/// Whether a waiver of the approved content was added or withdrawn since the approval.
///
/// # Errors
/// The database's.
pub(crate) async fn waivers_changed(conn: &mut Conn, id: CampaignId, hash: &[u8]) -> Result<bool> {
    let changed = campaign_waiver::table
        .filter(campaign_waiver::campaign_id.eq(id))
        .filter(campaign_waiver::content_hash.eq(hash))
        .filter(
            campaign_waiver::withdrawn_at
                .is_null()
                .ne(campaign_waiver::approved),
        );
    Ok(diesel::select(diesel::dsl::exists(changed))
        .get_result(conn)
        .await?)
}

/// The campaign gets a new version without another state.
///
/// # Errors
/// `Missing`.
pub(crate) async fn touch(conn: &mut Conn, id: CampaignId) -> Result<()> {
    diesel::update(campaign::table.find(id))
        .set(campaign::version.eq(campaign::version + 1))
        .execute(conn)
        .await?;
    Ok(())
}

/// What is selected of `campaign c` of its findings and waivers; they are read of one campaign only (`$1`).
pub(super) const COLUMNS: &str = "
    case when $1 then (select jsonb_agg(f.detail order by f.blocking desc, f.finding) from campaign_finding f
        where f.campaign_id = c.id and f.content_hash = sha256(convert_to(c.content, 'UTF8'))) end as remarks,
    case when $1 then (select jsonb_agg(jsonb_build_object('finding', w.finding, 'by', w.waived_by, 'at', w.waived_at,
            'reason', encode(w.reason_sealed, 'hex')) order by w.finding) from campaign_waiver w
        where w.campaign_id = c.id and w.content_hash = sha256(convert_to(c.content, 'UTF8'))
            and w.withdrawn_at is null) end as waivers,
    c.status in ('approved', 'scheduled') and exists (select from campaign_waiver w where w.campaign_id = c.id
        and w.content_hash = c.approved_hash and (w.withdrawn_at is null) <> w.approved) as waivers_changed";

/// The columns of [`COLUMNS`].
#[derive(QueryableByName)]
pub(super) struct Columns {
    #[diesel(sql_type = Nullable<Jsonb>)]
    remarks: Option<serde_json::Value>,
    #[diesel(sql_type = Nullable<Jsonb>)]
    waivers: Option<serde_json::Value>,
    #[diesel(sql_type = Bool)]
    pub(super) waivers_changed: bool,
}

#[derive(Deserialize)]
struct WaiverJson {
    finding: String,
    by: uuid::Uuid,
    at: DateTime<Utc>,
    reason: String,
}

impl Columns {
    pub(super) fn judged(self, id: CampaignId) -> Result<Judged> {
        let broken = || Error::inconsistent("campaign_finding", id);
        let remarks = self.remarks.map(serde_json::from_value).transpose();
        let waivers = self.waivers.map(serde_json::from_value).transpose();
        let waivers: Vec<WaiverJson> = waivers.map_err(|_| broken())?.unwrap_or_default();
        let waiver = |one: WaiverJson| {
            Some(Waiver {
                finding: one.finding,
                by: StaffId::from_uuid(one.by),
                at: one.at,
                reason_sealed: crate::seal::from_hex(&one.reason)?,
            })
        };
        let waivers: Option<Vec<Waiver>> = waivers.into_iter().map(waiver).collect();
        Ok(Judged {
            remarks: remarks.map_err(|_| broken())?.unwrap_or_default(),
            waivers: waivers.ok_or_else(broken)?,
        })
    }
}
