//! Outcomes: append-only, two rows an attempt. The first is written before DATA.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Integer, Uuid};
use diesel_async::RunQueryDsl;

use crate::db::schema::outcome;
use crate::db::{Conn, Result};
pub use crate::delivery::attempt::Outcome;
use crate::id::NoticeId;
use crate::notice::{AttemptResult, Notice, NoticeStatus};

type Columns = (
    outcome::notice_id,
    outcome::attempt,
    outcome::settled,
    outcome::campaign_id,
    outcome::result,
    outcome::relay,
    outcome::code,
    outcome::enhanced,
    outcome::reply,
    outcome::reason,
    outcome::retry_at,
    outcome::at,
);

const COLUMNS: Columns = (
    outcome::notice_id,
    outcome::attempt,
    outcome::settled,
    outcome::campaign_id,
    outcome::result,
    outcome::relay,
    outcome::code,
    outcome::enhanced,
    outcome::reply,
    outcome::reason,
    outcome::retry_at,
    outcome::at,
);

/// All rows of a run of notices of one bucket, in the order of notice, attempt, beginning, result.
///
/// # Errors
/// The database's.
pub async fn in_range(
    conn: &mut Conn,
    bucket: i32,
    (first, last): (NoticeId, NoticeId),
) -> Result<Vec<Outcome>> {
    Ok(outcome::table
        .filter(
            outcome::bucket
                .eq(bucket)
                .and(outcome::notice_id.between(first, last)),
        )
        .order((outcome::notice_id, outcome::attempt, outcome::settled))
        .select(COLUMNS)
        .load(conn)
        .await?)
}

/// All rows of one notice.
///
/// # Errors
/// The database's.
pub async fn of_notice(conn: &mut Conn, id: NoticeId) -> Result<Vec<Outcome>> {
    in_range(conn, id.bucket(), (id, id)).await
}

/// All rows of these notices, in the order of notice, attempt, beginning, result.
///
/// # Errors
/// The database's.
pub async fn of_notices(conn: &mut Conn, ids: &[NoticeId]) -> Result<Vec<Outcome>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let buckets: Vec<i32> = ids.iter().map(|id| id.bucket()).collect();
    let each = sql::<Bool>("(bucket, notice_id) in (select * from unnest(")
        .bind::<Array<Integer>, _>(buckets)
        .sql(", ")
        .bind::<Array<Uuid>, _>(ids.iter().map(|id| id.uuid()).collect::<Vec<_>>())
        .sql("))");
    Ok(outcome::table
        .filter(each)
        .order((outcome::notice_id, outcome::attempt, outcome::settled))
        .select(COLUMNS)
        .load(conn)
        .await?)
}

/// A notice that left, or may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    /// When a relay accepted it, or when the uncertain attempt began.
    pub at: DateTime<Utc>,
    /// Whether a relay accepted it; otherwise that is unknown.
    pub surely: bool,
}

/// Whether a notice may be in a mailbox. Its attempts say so, not its state: the state is written after the relay's
/// answer, and the message of an uncertain attempt may have arrived although a later one was refused.
///
/// # Errors
/// The database's.
pub async fn left(conn: &mut Conn, notice: &Notice) -> Result<Option<Left>> {
    if notice.status == NoticeStatus::Sent {
        let at = notice.settled_at.unwrap_or(notice.created_at);
        return Ok(Some(Left { at, surely: true }));
    }
    let rows = of_notice(conn, notice.id).await?;
    Ok(latest(&rows))
}

/// The same of each of these notices; those that are in no mailbox are left out.
///
/// # Errors
/// The database's.
pub async fn left_of_each(conn: &mut Conn, notices: &[Notice]) -> Result<BTreeMap<NoticeId, Left>> {
    let (sent, other): (Vec<_>, Vec<_>) = notices
        .iter()
        .partition(|one| one.status == NoticeStatus::Sent);
    let ids: Vec<_> = other.iter().map(|one| one.id).collect();
    let rows = of_notices(conn, &ids).await?;
    let of_one = rows.chunk_by(|a, b| a.notice_id == b.notice_id);
    let maybe = of_one.filter_map(|rows| Some((rows[0].notice_id, latest(rows)?)));
    let surely = sent.into_iter().map(|one| {
        let at = one.settled_at.unwrap_or(one.created_at);
        (one.id, Left { at, surely: true })
    });
    Ok(surely.chain(maybe).collect())
}

/// Of the rows of one notice, in order: the last attempt that was taken, else the last that may have been.
fn latest(rows: &[Outcome]) -> Option<Left> {
    let ends = rows.iter().enumerate().filter(|(n, row)| {
        let next = rows.get(n + 1);
        next.is_none_or(|next| next.attempt != row.attempt)
    });
    let left = ends.filter_map(|(_, row)| {
        let surely = match row.result {
            AttemptResult::Accepted => true,
            AttemptResult::InFlight | AttemptResult::Uncertain => false,
            AttemptResult::Deferred
            | AttemptResult::Refused
            | AttemptResult::Expired
            | AttemptResult::Unreachable
            | AttemptResult::Cancelled => return None,
        };
        Some(Left { at: row.at, surely })
    });
    left.max_by_key(|left| (left.surely, left.at))
}
