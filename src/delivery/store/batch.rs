//! Batches: the queue of the senders. One row stands for some hundred notices.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{
    Array, BigInt, Bool, Integer, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid,
};
use diesel_async::RunQueryDsl;

use crate::campaign::store::Seen;
use crate::campaign::{CampaignKind, CampaignStatus};
use crate::db::schema::batch;
use crate::db::{Conn, Guarded, Result, statement};
use crate::id::{CampaignId, IncidentId, NoticeId};
use crate::notice::BatchStatus;

/// A batch that a sender holds until its lease ends.
#[derive(Debug, Clone, QueryableByName)]
pub struct Lease {
    /// The campaign of the batch.
    #[diesel(sql_type = diesel::sql_types::Uuid)]
    pub campaign_id: CampaignId,
    /// The incident of the campaign.
    #[diesel(sql_type = diesel::sql_types::Uuid)]
    pub incident_id: IncidentId,
    /// The bucket of all its notices.
    #[diesel(sql_type = Integer)]
    pub bucket: i32,
    /// Its number in campaign and bucket.
    #[diesel(sql_type = Integer)]
    pub batch_no: i32,
    /// Its first notice.
    #[diesel(sql_type = diesel::sql_types::Uuid)]
    pub first_id: NoticeId,
    /// Its last notice.
    #[diesel(sql_type = diesel::sql_types::Uuid)]
    pub last_id: NoticeId,
    /// Grows with each lease: who shows an older one has lost the batch.
    #[diesel(sql_type = Integer)]
    pub fence: i32,
    /// The campaign's state at the claim: sending, or cancelled with notices left to settle.
    #[diesel(sql_type = crate::db::schema::sql_types::CampaignStatus)]
    pub campaign_status: CampaignStatus,
    /// The kind of its campaign.
    #[diesel(sql_type = crate::db::schema::sql_types::CampaignKind)]
    pub kind: CampaignKind,
    /// Of the campaign's rate, at the claim.
    #[diesel(sql_type = SmallInt)]
    pub percent: i16,
    /// Whether it belongs to the canary.
    #[diesel(sql_type = Bool)]
    pub canary: bool,
    /// The newest list version that its bucket had at the claim; 0 if it had none.
    #[diesel(sql_type = Integer)]
    pub scope: i32,
}

impl Lease {
    /// How its campaign stood at the claim.
    pub fn seen(&self) -> Seen {
        Seen {
            status: self.campaign_status,
            percent: self.percent,
        }
    }
}

/// A batch about to be queued.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = batch)]
pub struct NewBatch {
    /// The campaign of the batch.
    pub campaign_id: CampaignId,
    /// The bucket of all its notices.
    pub bucket: i32,
    /// Its number in campaign and bucket.
    pub batch_no: i32,
    /// How many notices it stands for.
    pub size: i32,
    /// Its first notice.
    pub first_id: NoticeId,
    /// Its last notice.
    pub last_id: NoticeId,
    /// Where it stands.
    pub status: BatchStatus,
    /// Not before this time.
    pub due_at: DateTime<Utc>,
    /// Whether it belongs to the canary.
    pub canary: bool,
}

/// Queues batches.
///
/// # Errors
/// The database's.
pub(crate) async fn insert(conn: &mut Conn, new: &[NewBatch]) -> Result<()> {
    diesel::insert_into(batch::table)
        .values(new)
        .execute(conn)
        .await?;
    Ok(())
}

/// What a sender tells when it claims a batch: campaigns take turns.
#[derive(Debug, Clone, Default)]
pub(crate) struct Turn {
    /// The campaign of its last claim.
    pub last: Option<CampaignId>,
    /// Campaigns that are at capacity.
    pub full: Vec<CampaignId>,
    /// Whether all its relays are held: it only settles what was cancelled.
    pub held: bool,
}

// Campaigns are few and come first, in the order of their turns; the batch of the first that has one is found by its
// index. While the canary of a campaign runs, only its batches may be claimed.
const CLAIM: &str = "
    update batch b set status = 'leased', fence = b.fence + 1, leased_by = $1,
        lease_until = now() + $2 * interval '1 second'
    from (
        select b.campaign_id, b.bucket, b.batch_no, c.incident_id, c.status as campaign_status, c.percent,
            c.kind
        from (
            select c.id, c.incident_id, c.status, c.kind, coalesce(p.percent, 100)::smallint as percent,
                coalesce(p.canary = 'running', false) as canary
            from campaign c left join campaign_pace p on p.campaign_id = c.id
            where c.id <> all ($4) and (c.status = 'cancelled'
                or c.status = 'sending' and coalesce(p.percent, 100) > 0 and not $6
                    and not exists (select from emergency_stop where stopped_at is not null))
                and not exists (select from deployment where doubt is not null)
                and (select cardinality(copy_evidence()) = 0)
            order by array_position(array['correction', 'supplement', 'initial']::campaign_kind[], c.kind),
                c.id <= $5, c.id
        ) c
        cross join lateral (
            select b.campaign_id, b.bucket, b.batch_no from batch b
            where b.campaign_id = c.id and b.status <> 'done'
                and (b.canary or c.status = 'cancelled' or not c.canary)
                and (case when b.status = 'leased' then b.lease_until < now()
                          else b.due_at <= $3 or c.status = 'cancelled' end)
            order by b.due_at, b.batch_no, b.bucket
            limit 1 for update of b skip locked
        ) b
        limit 1
    ) pick
    where (b.campaign_id, b.bucket, b.batch_no) = (pick.campaign_id, pick.bucket, pick.batch_no)
    returning b.campaign_id, pick.incident_id, b.bucket, b.batch_no, b.first_id, b.last_id, b.fence,
        b.canary, pick.campaign_status, pick.percent, pick.kind,
        coalesce((select max(a.version) from scope_applied a
            where a.incident_id = pick.incident_id and a.bucket = b.bucket), 0) as scope";

/// Leases the next batch: one that is due, or one with an expired lease. Lease times are the database's, so that the
/// clocks of nodes do not matter. While everything is stopped, only batches of cancelled campaigns, which are settled
/// and not sent.
///
/// # Errors
/// The database's.
pub(crate) async fn claim(
    conn: &mut Conn,
    node: &str,
    lease_seconds: i64,
    turn: &Turn,
    now: DateTime<Utc>,
) -> Result<Option<Lease>> {
    Ok(statement(CLAIM)
        .bind::<Text, _>(node)
        .bind::<BigInt, _>(lease_seconds)
        .bind::<Timestamptz, _>(now)
        .bind::<Array<SqlUuid>, _>(&turn.full)
        .bind::<Nullable<SqlUuid>, _>(turn.last)
        .bind::<Bool, _>(turn.held)
        .get_result(conn)
        .await
        .optional()?)
}

// Unlike `CLAIM`, of a paused campaign and while everything is stopped too: nothing of it is sent.
const CLAIM_TO_SETTLE: &str = "
    update batch b set status = 'leased', fence = b.fence + 1, leased_by = $1,
        lease_until = now() + $2 * interval '1 second'
    from campaign c left join campaign_pace p on p.campaign_id = c.id
    where c.id = $3 and b.campaign_id = $3 and b.bucket = $4 and b.batch_no = $5
        and (b.status in ('ready', 'waiting') or b.status = 'leased' and b.lease_until < now())
        and not exists (select from deployment where doubt is not null)
    returning b.campaign_id, c.incident_id, b.bucket, b.batch_no, b.first_id, b.last_id, b.fence,
        b.canary, c.status as campaign_status, coalesce(p.percent, 100)::smallint as percent, c.kind,
        coalesce((select max(a.version) from scope_applied a
            where a.incident_id = c.incident_id and a.bucket = b.bucket), 0) as scope";

/// Leases one batch to settle its outcomes, whatever the state of its campaign; `None`: another process has leased it,
/// or it is done. Nothing may be sent under this lease.
///
/// # Errors
/// The database's.
pub(crate) async fn claim_to_settle(
    conn: &mut Conn,
    (node, lease_seconds): (&str, i64),
    campaign: CampaignId,
    (bucket, number): (i32, i32),
) -> Result<Option<Lease>> {
    Ok(statement(CLAIM_TO_SETTLE)
        .bind::<Text, _>(node)
        .bind::<BigInt, _>(lease_seconds)
        .bind::<SqlUuid, _>(campaign)
        .bind::<Integer, _>(bucket)
        .bind::<Integer, _>(number)
        .get_result(conn)
        .await
        .optional()?)
}

#[derive(QueryableByName)]
struct Place {
    #[diesel(sql_type = Integer)]
    bucket: i32,
    #[diesel(sql_type = Integer)]
    batch_no: i32,
}

/// The batches of a campaign, by bucket and number, that have outcomes which their notices do not show yet.
///
/// # Errors
/// The database's.
pub(crate) async fn list_unapplied(
    conn: &mut Conn,
    campaign: CampaignId,
) -> Result<Vec<(i32, i32)>> {
    let places: Vec<Place> = statement(
        "select b.bucket, b.batch_no from batch b \
         where b.campaign_id = $1 and b.status <> 'done' and exists ( \
            select from notice n join outcome o on o.bucket = n.bucket and o.notice_id = n.id \
            where n.bucket = b.bucket and n.id between b.first_id and b.last_id and n.campaign_id = $1 \
                and n.status in ('queued', 'deferred') and o.settled and o.attempt > n.attempts) \
         order by b.bucket, b.batch_no",
    )
    .bind::<SqlUuid, _>(campaign)
    .load(conn)
    .await?;
    Ok(places
        .into_iter()
        .map(|at| (at.bucket, at.batch_no))
        .collect())
}

/// Renews a lease. Refused if it was lost.
///
/// # Errors
/// The database's.
pub(crate) async fn renew(conn: &mut Conn, lease: &Lease, lease_seconds: i64) -> Result<Guarded> {
    let renewed = statement(
        "update batch set lease_until = now() + $1 * interval '1 second' \
         where campaign_id = $2 and bucket = $3 and batch_no = $4 and fence = $5 and status = 'leased'",
    )
    .bind::<BigInt, _>(lease_seconds)
    .bind::<diesel::sql_types::Uuid, _>(lease.campaign_id)
    .bind::<Integer, _>(lease.bucket)
    .bind::<Integer, _>(lease.batch_no)
    .bind::<Integer, _>(lease.fence)
    .execute(conn)
    .await?;
    Ok(Guarded::of(renewed))
}

/// Adds to a batch that goes on the bits of the states that some of its notices are in now, and locks it until the
/// transaction ends. Refused if the lease was lost: nothing may be written then.
///
/// # Errors
/// The database's.
pub(crate) async fn go_on(conn: &mut Conn, lease: &Lease, ends: i32) -> Result<Guarded> {
    let ends = diesel::dsl::sql::<Integer>("ends | ").bind::<Integer, _>(ends);
    let own = (lease.campaign_id, lease.bucket, lease.batch_no);
    let updated = diesel::update(batch::table.find(own))
        .filter(
            batch::fence
                .eq(lease.fence)
                .and(batch::status.eq(BatchStatus::Leased)),
        )
        .set(batch::ends.eq(ends))
        .execute(conn)
        .await?;
    Ok(Guarded::of(updated))
}

/// Gives a batch back in its next state, with the bits of the states its notices are in now
/// ([`super::end_bit`]). Refused if the lease was lost: nothing may be written then.
///
/// # Errors
/// The database's.
pub(crate) async fn give_back(
    conn: &mut Conn,
    lease: &Lease,
    to: BatchStatus,
    due_at: DateTime<Utc>,
    ends: i32,
) -> Result<Guarded> {
    debug_assert!(BatchStatus::Leased.after().contains(&to), "{to}");
    let ends = diesel::dsl::sql::<Integer>("ends | ").bind::<Integer, _>(ends);
    let given =
        diesel::update(batch::table.find((lease.campaign_id, lease.bucket, lease.batch_no)))
            .filter(
                batch::fence
                    .eq(lease.fence)
                    .and(batch::status.eq(BatchStatus::Leased)),
            )
            .set((
                batch::status.eq(to),
                batch::due_at.eq(due_at),
                batch::ends.eq(ends),
                batch::leased_by.eq(None::<String>),
                batch::lease_until.eq(None::<DateTime<Utc>>),
            ))
            .execute(conn)
            .await?;
    Ok(Guarded::of(given))
}

/// How the queue of campaigns that are sending stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, QueryableByName)]
pub(crate) struct Queue {
    /// Batches that a sender could claim now.
    #[diesel(sql_type = BigInt)]
    pub due: i64,
    /// Seconds that the oldest of them has waited.
    #[diesel(sql_type = BigInt)]
    pub age: i64,
    /// Batches of a stopped sender that no other sender has claimed yet.
    #[diesel(sql_type = BigInt)]
    pub silent: i64,
}

/// Looks at the queue.
///
/// # Errors
/// The database's.
pub(crate) async fn queue(conn: &mut Conn, now: DateTime<Utc>) -> Result<Queue> {
    let queue = diesel::sql_query(
        "select count(*) filter (where b.status <> 'leased') as due,
            coalesce(extract(epoch from $1 - min(b.due_at) filter (where b.status <> 'leased')), 0)::bigint as age,
            count(*) filter (where b.status = 'leased') as silent
        from campaign c join batch b on b.campaign_id = c.id and b.status <> 'done'
        where c.status = 'sending'
            and case when b.status = 'leased' then b.lease_until < now() else b.due_at <= $1 end",
    );
    Ok(queue.bind::<Timestamptz, _>(now).get_result(conn).await?)
}
