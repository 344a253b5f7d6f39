//! What the batches of a campaign wait for: a time, or the end of a dead sender's lease.

use chrono::{DateTime, Utc};
use diesel::sql_types::{BigInt, Nullable, Timestamptz, Uuid};
use diesel_async::RunQueryDsl;

use crate::db::{Conn, Result};
use crate::id::CampaignId;

/// What the batches of a campaign wait for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, diesel::QueryableByName)]
pub struct Waits {
    /// People in batches of senders that died; some of them may be through.
    #[diesel(sql_type = BigInt)]
    pub silent: i64,
    /// When the last of these batches is free.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub free_at: Option<DateTime<Utc>>,
    /// When the first batch is due that has only deferred notices left.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub next_at: Option<DateTime<Utc>>,
}

/// The statement about the campaign that `id` is in SQL; `$2`: the duration of a lease in seconds.
pub(super) fn of(id: &str) -> String {
    format!(
        "select coalesce(sum(b.size) filter (where is_silent), 0)::bigint as silent,
            max(b.lease_until) filter (where is_silent) as free_at,
            min(b.due_at) filter (where b.status = 'waiting') as next_at
        from batch b cross join lateral (
            select b.lease_until - $2 * interval '1 second' as renewed_at) r
        cross join lateral (
            select b.status = 'leased' and r.renewed_at < now() - interval '5 seconds' and not exists (
                select from sender s where s.node = b.leased_by and s.seen_at > now() - interval '5 seconds'
                    and s.began_at <= r.renewed_at) as is_silent) s
        where b.campaign_id = {id} and b.status in ('leased', 'waiting')"
    )
}

/// Reads it. `lease_seconds` is the duration of a lease from its last renewal; times are the database's.
///
/// # Errors
/// The database's.
pub async fn waits(conn: &mut Conn, id: CampaignId, lease_seconds: i64) -> Result<Waits> {
    Ok(diesel::sql_query(of("$1"))
        .bind::<Uuid, _>(id)
        .bind::<BigInt, _>(lease_seconds)
        .get_result(conn)
        .await?)
}
