//! How far the audiences of launched campaigns are frozen, bucket by bucket. The lock of a row is the turn of the node that
//! freezes the bucket.

use diesel::sql_types::{Array, Bool, Integer, Nullable, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::db::{Conn, Result, statement};
use crate::id::{CampaignId, PersonId};

/// A bucket of a campaign with people left to freeze, its row locked.
#[derive(Debug, Clone, diesel::QueryableByName)]
pub struct Unfrozen {
    /// The campaign.
    #[diesel(sql_type = SqlUuid)]
    pub campaign_id: CampaignId,
    /// The bucket.
    #[diesel(sql_type = Integer)]
    pub bucket: i32,
    /// The last person frozen.
    #[diesel(sql_type = SqlUuid)]
    pub after: PersonId,
    /// The number of the next batch.
    #[diesel(sql_type = Integer)]
    pub next_batch: i32,
    /// The list version of its incident that is in force, where [`lock_next`] gave it.
    #[diesel(sql_type = Nullable<Integer>)]
    pub scope: Option<i32>,
}

impl Unfrozen {
    /// Whether nothing of the bucket is frozen yet.
    pub fn is_untouched(&self) -> bool {
        self.after.uuid().is_nil()
    }
}

// Corrections first; campaigns of a kind take turns, as at the senders. Within a campaign, the buckets with the fewest
// frozen people come first. The incident's row is locked before its people, as in an activation: senders who settle
// them do not wait for the row. If another transaction has locked it, or waits to lock it, the next campaign has its turn:
// one incident does not hold up the others, and that transaction waits only for the slices under way (`incident::store`).
const NEXT: &str = "
    select f.campaign_id, f.bucket, f.after, f.next_batch, i.active_scope as scope
    from (
        select c.id, c.incident_id from campaign c
        where c.status = 'sending' and not exists (select from deployment where doubt is not null)
            and exists (select from campaign_freeze f where f.campaign_id = c.id and not f.done)
        order by array_position(array['correction', 'supplement', 'initial']::campaign_kind[], c.kind),
            c.id <= $1, c.id
    ) c
    cross join lateral (
        select pg_try_advisory_xact_lock_shared(hashtextextended('incident ' || c.incident_id::text, 0)) as is_free
    ) turn
    cross join lateral (
        select i.id, i.active_scope from incident i where i.id = c.incident_id and turn.is_free
        for share of i skip locked
    ) i
    cross join lateral (
        select f.campaign_id, f.bucket, f.after, f.next_batch from campaign_freeze f
        where f.campaign_id = c.id and not f.done and i.id = c.incident_id
        order by f.next_batch, f.bucket
        limit 1 for update of f skip locked
    ) f
    limit 1";

/// Whether a bucket is to be frozen further.
///
/// # Errors
/// The database's.
pub async fn is_any(conn: &mut Conn) -> Result<bool> {
    #[derive(diesel::QueryableByName)]
    struct Is {
        #[diesel(sql_type = Bool)]
        is_any: bool,
    }
    let is: Is = statement(
        "select exists (select from campaign c where c.status = 'sending'
                and exists (select from campaign_freeze f where f.campaign_id = c.id and not f.done))
            and not exists (select from deployment where doubt is not null) as is_any",
    )
    .get_result(conn)
    .await?;
    Ok(is.is_any)
}

/// Locks a bucket that is to be frozen further, of the next campaign after `last`, and shares its incident's
/// row; waits for nothing.
///
/// # Errors
/// The database's.
pub async fn lock_next(conn: &mut Conn, last: Option<CampaignId>) -> Result<Option<Unfrozen>> {
    let rows: Vec<Unfrozen> = statement(NEXT)
        .bind::<Nullable<SqlUuid>, _>(last)
        .load(conn)
        .await?;
    Ok(rows.into_iter().next())
}

/// Locks the next unfrozen bucket of a campaign behind this one that no other transaction freezes now. All transactions
/// lock several buckets in this order.
///
/// # Errors
/// The database's.
pub async fn lock_behind(
    conn: &mut Conn,
    campaign: CampaignId,
    bucket: i32,
) -> Result<Option<Unfrozen>> {
    let rows: Vec<Unfrozen> = statement(
        "select campaign_id, bucket, after, next_batch, null::integer as scope from campaign_freeze \
         where campaign_id = $1 and not done and bucket > $2 \
         order by bucket limit 1 for update skip locked",
    )
    .bind::<SqlUuid, _>(campaign)
    .bind::<Integer, _>(bucket)
    .load(conn)
    .await?;
    Ok(rows.into_iter().next())
}

/// Locks all untouched buckets of a campaign behind this one, except those that another transaction freezes now.
///
/// # Errors
/// The database's.
pub async fn lock_untouched(
    conn: &mut Conn,
    campaign: CampaignId,
    bucket: i32,
) -> Result<Vec<Unfrozen>> {
    let rows = statement(
        "select campaign_id, bucket, after, next_batch, null::integer as scope from campaign_freeze \
         where campaign_id = $1 and not done and bucket > $2 and after = $3 \
         order by bucket for update skip locked",
    )
    .bind::<SqlUuid, _>(campaign)
    .bind::<Integer, _>(bucket)
    .bind::<SqlUuid, _>(Uuid::nil())
    .load(conn)
    .await?;
    Ok(rows)
}

/// The buckets of a campaign that are to be frozen further, locked until the transaction ends.
///
/// # Errors
/// The database's.
pub async fn lock_all(conn: &mut Conn, campaign: CampaignId) -> Result<Vec<Unfrozen>> {
    let rows = statement(
        "select campaign_id, bucket, after, next_batch, null::integer as scope from campaign_freeze \
         where campaign_id = $1 and not done order by bucket for update",
    )
    .bind::<SqlUuid, _>(campaign)
    .load(conn)
    .await?;
    Ok(rows)
}

/// Writes how far buckets of a campaign are frozen, and which of them are wholly.
///
/// # Errors
/// The database's.
pub async fn set(conn: &mut Conn, campaign: CampaignId, to: &[(&Unfrozen, bool)]) -> Result<()> {
    let each = || to.iter().map(|(at, _)| *at);
    statement(
        "update campaign_freeze f set after = s.after, next_batch = s.next_batch, done = s.done \
         from unnest($2, $3, $4, $5) as s (bucket, after, next_batch, done) \
         where f.campaign_id = $1 and f.bucket = s.bucket",
    )
    .bind::<SqlUuid, _>(campaign)
    .bind::<Array<Integer>, _>(each().map(|at| at.bucket).collect::<Vec<_>>())
    .bind::<Array<SqlUuid>, _>(each().map(|at| at.after.uuid()).collect::<Vec<_>>())
    .bind::<Array<Integer>, _>(each().map(|at| at.next_batch).collect::<Vec<_>>())
    .bind::<Array<Bool>, _>(to.iter().map(|(_, done)| *done).collect::<Vec<_>>())
    .execute(conn)
    .await?;
    Ok(())
}
