//! The number of people that the campaigns of an incident still reach, from counters, and what the end of the incident
//! leaves open.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Uuid};
use diesel_async::RunQueryDsl;

use super::super::CampaignStatus;
use crate::db::schema::{campaign, incident};
use crate::db::{Conn, Result, statement};
use crate::id::{CampaignId, IncidentId};

/// What the campaigns of one incident still do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, QueryableByName)]
pub struct Reach {
    /// Whether every audience is known that may still be told: no campaign is in review, approved or scheduled,
    /// and those under way are frozen.
    #[diesel(sql_type = Bool)]
    pub known: bool,
    /// Notices of initial campaigns under way that are not settled.
    #[diesel(sql_type = BigInt)]
    pub to_come: i64,
    /// Notices of initial campaigns that ended as uncertain.
    #[diesel(sql_type = BigInt)]
    pub uncertain_first: i64,
    /// Notices of all campaigns that have ended, left uncertain: each may have arrived.
    #[diesel(sql_type = BigInt)]
    pub uncertain: i64,
    /// The latest campaign that has such notices.
    #[diesel(sql_type = Nullable<Uuid>)]
    pub uncertain_in: Option<CampaignId>,
}

const REACH: &str = "
    with counts as (
        select c.id, c.status as campaign, c.kind, n.status as notice, n.n
        from campaign c join campaign_count n on n.campaign_id = c.id
        where c.incident_id = $1
    )
    select not exists (
            select from campaign c where c.incident_id = $1 and (
                c.status in ('in_review', 'approved', 'scheduled')
                or c.status in ('sending', 'paused') and exists (
                    select from campaign_freeze f where f.campaign_id = c.id and not f.done))
        ) as known,
        coalesce(sum(n) filter (where kind = 'initial' and campaign in ('sending', 'paused')
            and notice in ('queued', 'sending', 'deferred')), 0)::bigint as to_come,
        coalesce(sum(n) filter (where kind = 'initial' and campaign in ('completed', 'cancelled')
            and notice = 'uncertain'), 0)::bigint as uncertain_first,
        coalesce(sum(n) filter (where campaign in ('completed', 'cancelled') and notice = 'uncertain'), 0)::bigint
            as uncertain,
        (array_agg(id order by id desc) filter (where campaign in ('completed', 'cancelled')
            and notice = 'uncertain' and n > 0))[1] as uncertain_in
    from counts";

/// The statement about what the campaigns of the incident still do that `id` is in SQL, from their counters.
pub(crate) fn question(id: &str) -> String {
    REACH.replace("$1", id)
}

/// At most this many uncertain notices are read one by one to tell which of their people were told since.
pub const LOOKED_AT: i64 = 20_000;

/// Notices that campaigns of these incidents which are over left uncertain, and which named something that was taken of
/// their people and that those were not told since; incidents without any are left out. Reads each attempt of such
/// campaigns that has no known end: after a restore that may be many, so that callers limit the time.
///
/// # Errors
/// The database's.
pub async fn still_uncertain(
    conn: &mut Conn,
    of: &[IncidentId],
) -> Result<HashMap<IncidentId, i64>> {
    #[derive(QueryableByName)]
    struct Left {
        #[diesel(sql_type = Uuid)]
        incident: IncidentId,
        #[diesel(sql_type = BigInt)]
        n: i64,
    }
    // In the words of the index of such attempts.
    let left: Vec<Left> = statement(
        "select u.incident_id as incident, count(*) as n
        from (
            select distinct c.incident_id, u.bucket, u.notice_id from campaign c
            join outcome u on u.campaign_id = c.id and u.result = 'uncertain'
            where c.incident_id = any($1) and c.status in ('completed', 'cancelled')
        ) u
        join notice n on n.bucket = u.bucket and n.id = u.notice_id and n.status = 'uncertain'
        join person_now p on p.incident_id = u.incident_id and p.bucket = n.bucket and p.id = n.person_id
        where p.standing <> 'retracted' and n.named & p.exposed & ~p.named <> 0
        group by u.incident_id",
    )
    .bind::<Array<Uuid>, _>(of.iter().map(|id| id.uuid()).collect::<Vec<_>>())
    .load(conn)
    .await?;
    Ok(left.into_iter().map(|row| (row.incident, row.n)).collect())
}

/// The drafts of an incident's campaigns.
///
/// # Errors
/// The database's.
pub async fn drafts_of(conn: &mut Conn, of: IncidentId) -> Result<Vec<CampaignId>> {
    Ok(campaign::table
        .filter(campaign::incident_id.eq(of))
        .filter(campaign::status.eq(CampaignStatus::Draft))
        .select(campaign::id)
        .load(conn)
        .await?)
}

/// Which of these campaigns belong to an incident that was forgotten.
///
/// # Errors
/// The database's.
pub async fn without_key(conn: &mut Conn, ids: &[CampaignId]) -> Result<Vec<CampaignId>> {
    let among = diesel::dsl::sql::<Bool>("campaign.id = any(")
        .bind::<Array<Uuid>, _>(ids)
        .sql(")");
    Ok(campaign::table
        .inner_join(incident::table.on(incident::id.eq(campaign::incident_id)))
        .filter(among)
        .filter(incident::forgotten_at.is_not_null())
        .select(campaign::id)
        .load(conn)
        .await?)
}
