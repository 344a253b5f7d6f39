//! The notices of a campaign, page by page.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Uuid};
use diesel_async::RunQueryDsl;

use super::{Row, read};
use crate::db::schema::{campaign_count, sql_types};
use crate::db::{Conn, Result, statement};
use crate::id::{CampaignId, PersonId};
use crate::notice::{Notice, NoticeStatus};

/// The bit of a state in the `ends` of the batches that have a notice in it; none for those that batches do not keep.
pub fn end_bit(status: NoticeStatus) -> i32 {
    match status {
        NoticeStatus::Deferred => 1,
        NoticeStatus::Bounced => 2,
        NoticeStatus::Expired => 4,
        NoticeStatus::Uncertain => 8,
        NoticeStatus::Sent => 16,
        NoticeStatus::Cancelled => 32,
        NoticeStatus::Queued | NoticeStatus::Sending | NoticeStatus::Withheld => 0,
    }
}

/// The bit of batches that are done and keep the bits of all states: programs before did not keep those of `sent` and
/// `cancelled`.
pub const KEEPS_ALL: i32 = 64;

/// Notices of a campaign in the order of bucket and person, after `after` if given, in one state if given. A page reads
/// no notice of the pages before it; where the state is asked for, only batches that know of a notice in it are read.
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
    let page = Page {
        campaign,
        after: after.map_or((0, uuid::Uuid::nil()), |id| (id.bucket(), id.uuid())),
        limit,
    };
    let Some(of) = status else {
        return page.among(conn, ALL).await;
    };
    let counted = campaign_count::table.find((campaign, of));
    let counted: Option<i64> = counted
        .select(campaign_count::n)
        .first(conn)
        .await
        .optional()?;
    match of {
        _ if counted.unwrap_or(0) == 0 => Ok(Vec::new()),
        NoticeStatus::Withheld => page.among(conn, WITHHELD).await,
        _ => page.in_batches(conn, of).await,
    }
}

// In the order of the key by campaign, bucket and person.
const ALL: &str = "
    select n.* from notice n
    where n.campaign_id = $1 and (n.bucket, n.person_id) > ($2, $3)
    order by n.bucket, n.person_id
    limit $4";

// In the words of the index of withheld notices. That of a state would be written to by every message sent.
const WITHHELD: &str = "
    select n.* from notice n
    where n.campaign_id = $1 and (n.bucket, n.person_id) > ($2, $3) and n.withheld is not null
    order by n.bucket, n.person_id
    limit $4";

// Bucket by bucket, batch by batch, until the page is full: the loops keep their order, and what lies behind the page is not
// read. The batches of a bucket hold its people in their order: those before the batch of $3 are not looked at.
const IN_BATCHES: &str = "
    select n.*
    from generate_series($2, 63) as k (bucket)
    cross join lateral (
        select b.bucket, b.batch_no, b.first_id, b.last_id from batch b
        where b.campaign_id = $1 and b.bucket = k.bucket
            and b.batch_no >= case when k.bucket = $2 then coalesce((
                select last.batch_no from notice last
                where last.campaign_id = $1 and last.bucket = $2 and last.person_id <= $3
                order by last.person_id desc limit 1), 0) else 0 end
            and case when $5 = 'queued' then b.status in ('ready', 'leased')
                else b.ends & $6 <> 0 or $6 in (16, 32) and b.ends & 64 = 0 and b.fence > 0 end
        order by b.batch_no
    ) b
    cross join lateral (
        select * from (
            select n.* from notice n
            where n.bucket = b.bucket and n.id between b.first_id and b.last_id offset 0
        ) n
        where n.campaign_id = $1 and n.batch_no = b.batch_no and n.status = $5
            and (n.bucket, n.person_id) > ($2, $3)
        order by n.person_id limit $4
    ) n
    limit $4";

/// Which page of a campaign's notices.
struct Page {
    campaign: CampaignId,
    /// Bucket and person of the last notice before it.
    after: (i32, uuid::Uuid),
    limit: i64,
}

impl Page {
    async fn among(&self, conn: &mut Conn, which: &'static str) -> Result<Vec<Notice>> {
        let rows: Vec<Row> = statement(which)
            .bind::<Uuid, _>(self.campaign)
            .bind::<Integer, _>(self.after.0)
            .bind::<Uuid, _>(self.after.1)
            .bind::<BigInt, _>(self.limit)
            .load(conn)
            .await?;
        Ok(rows.into_iter().map(read).collect())
    }

    async fn in_batches(&self, conn: &mut Conn, status: NoticeStatus) -> Result<Vec<Notice>> {
        let rows: Vec<Row> = statement(IN_BATCHES)
            .bind::<Uuid, _>(self.campaign)
            .bind::<Integer, _>(self.after.0)
            .bind::<Uuid, _>(self.after.1)
            .bind::<BigInt, _>(self.limit)
            .bind::<sql_types::NoticeStatus, _>(status)
            .bind::<Integer, _>(end_bit(status))
            .load(conn)
            .await?;
        Ok(rows.into_iter().map(read).collect())
    }
}
