//! Makes the deferred notices of batches due at once.

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Timestamptz, Uuid};
use diesel_async::RunQueryDsl;

use crate::db::{Conn, Result, statement};
use crate::id::CampaignId;

/// What was made due.
#[derive(Debug, Clone, Copy, QueryableByName)]
pub(crate) struct Made {
    /// Batches.
    #[diesel(sql_type = BigInt)]
    pub batches: i64,
    /// Notices in them.
    #[diesel(sql_type = BigInt)]
    pub notices: i64,
}

// The notices of a batch are changed by the transaction that holds its row, as when they are settled. `due_at` of a notice
// is in no index, so its row changes in place.
const MAKE_DUE: &str = "
    with pick as (
        select campaign_id, bucket, batch_no, first_id, last_id from batch
        where campaign_id = $1 and status = 'waiting' and due_at > $2
        order by bucket, batch_no limit $3 for update skip locked
    ), made as (
        update batch b set due_at = $2 from pick p
        where (b.campaign_id, b.bucket, b.batch_no) = (p.campaign_id, p.bucket, p.batch_no) returning b.batch_no
    ), due as (
        update notice n set due_at = $2 from pick p
        where n.bucket = p.bucket and n.id between p.first_id and p.last_id and n.campaign_id = p.campaign_id
            and n.batch_no = p.batch_no and n.status = 'deferred' and n.due_at > $2 returning n.id
    )
    select (select count(*) from made) as batches, (select count(*) from due) as notices";

/// Makes at most `most` waiting batches of a campaign due at `now`, with their deferred notices. A batch that a sender has
/// locked is left out.
///
/// # Errors
/// The database's.
pub(crate) async fn make_due(
    conn: &mut Conn,
    of: CampaignId,
    now: DateTime<Utc>,
    most: i64,
) -> Result<Made> {
    Ok(statement(MAKE_DUE)
        .bind::<Uuid, _>(of)
        .bind::<Timestamptz, _>(now)
        .bind::<BigInt, _>(most)
        .get_result(conn)
        .await?)
}
