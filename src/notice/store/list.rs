//! The notices of a campaign, page by page.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Uuid};
use diesel_async::RunQueryDsl;

use super::super::{Notice, NoticeStatus};
use super::{Row, read};
use crate::db::schema::sql_types;
use crate::db::schema::{campaign_count, notice};
use crate::db::{Conn, Result, statement};
use crate::id::{CampaignId, PersonId};

/// The bit of a state that few notices end in, in the `ends` of their batches; none for the others.
pub fn rare(status: NoticeStatus) -> i32 {
    match status {
        NoticeStatus::Deferred => 1,
        NoticeStatus::Bounced => 2,
        NoticeStatus::Expired => 4,
        NoticeStatus::Uncertain => 8,
        NoticeStatus::Queued
        | NoticeStatus::Sending
        | NoticeStatus::Sent
        | NoticeStatus::Withheld
        | NoticeStatus::Cancelled => 0,
    }
}

/// Notices of a campaign in the order of bucket and person, after `after` if given, in one state if
/// given. Those in a state that few end in are looked for in the batches that know of one.
///
/// # Errors
/// The database's.
pub async fn list(
    conn: &mut Conn,
    campaign: CampaignId,
    status: Option<NoticeStatus>,
    after: Option<PersonId>,
    limit: i64,
) -> Result<Vec<Notice>> {
    let Some(of) = status else {
        return among_all(conn, campaign, None, after, limit).await;
    };
    let counted = campaign_count::table.find((campaign, of));
    let counted: Option<i64> = counted
        .select(campaign_count::n)
        .first(conn)
        .await
        .optional()?;
    match rare(of) {
        _ if counted.unwrap_or(0) == 0 => Ok(Vec::new()),
        0 => among_all(conn, campaign, status, after, limit).await,
        _ => in_batches(conn, campaign, of, after, limit).await,
    }
}

// The batches of a bucket hold its people in their order.
const IN_BATCHES: &str = "
    select n.* from batch b
    join notice n on n.bucket = b.bucket and n.id between b.first_id and b.last_id
        and n.campaign_id = b.campaign_id and n.batch_no = b.batch_no
    where b.campaign_id = $1 and b.ends & $2 <> 0 and n.status = $3
        and b.bucket >= $4 and (b.bucket > $4 or n.person_id > $5)
    order by b.bucket, b.batch_no, n.person_id
    limit $6";

async fn in_batches(
    conn: &mut Conn,
    campaign: CampaignId,
    status: NoticeStatus,
    after: Option<PersonId>,
    limit: i64,
) -> Result<Vec<Notice>> {
    let (bucket, person) = after.map_or((0, uuid::Uuid::nil()), |id| (id.bucket(), id.uuid()));
    let rows: Vec<Row> = statement(IN_BATCHES)
        .bind::<Uuid, _>(campaign)
        .bind::<Integer, _>(rare(status))
        .bind::<sql_types::NoticeStatus, _>(status)
        .bind::<Integer, _>(bucket)
        .bind::<Uuid, _>(person)
        .bind::<BigInt, _>(limit)
        .load(conn)
        .await?;
    Ok(rows.into_iter().map(read).collect())
}

async fn among_all(
    conn: &mut Conn,
    campaign: CampaignId,
    status: Option<NoticeStatus>,
    after: Option<PersonId>,
    limit: i64,
) -> Result<Vec<Notice>> {
    let mut query = notice::table
        .filter(notice::campaign_id.eq(campaign))
        .select(Row::as_select())
        .order((notice::bucket, notice::person_id))
        .limit(limit)
        .into_boxed();
    if let Some(status) = status {
        query = query.filter(notice::status.eq(status));
    }
    if let Some(after) = after {
        let bucket = after.bucket();
        query = query.filter(
            notice::bucket
                .gt(bucket)
                .or(notice::bucket.eq(bucket).and(notice::person_id.gt(after))),
        );
    }
    let rows: Vec<Row> = query.load(conn).await?;
    Ok(rows.into_iter().map(read).collect())
}
