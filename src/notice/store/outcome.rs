//! Outcomes: append-only, two rows an attempt. The first is written before DATA.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{
    Array, Bool, Integer, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid,
};
use diesel_async::RunQueryDsl;

use super::super::AttemptResult;
use crate::db::schema::outcome;
use crate::db::{Conn, Result};
use crate::id::{CampaignId, NoticeId};

/// One row: the beginning of an attempt, or its result.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = outcome)]
pub struct Outcome {
    /// Whose.
    pub notice_id: NoticeId,
    /// Which attempt, from 1.
    pub attempt: i16,
    /// Whether this is the result.
    pub settled: bool,
    /// In which campaign.
    pub campaign_id: CampaignId,
    /// What became of it; in flight for a beginning.
    pub result: AttemptResult,
    /// Through which relay.
    pub relay: String,
    /// The reply code (RFC 5321).
    pub code: Option<i16>,
    /// The enhanced status code (RFC 3463).
    pub enhanced: Option<String>,
    /// The reply's words, addresses masked.
    pub reply: Option<String>,
    /// Why it was judged so.
    pub reason: Option<String>,
    /// When it is tried again.
    pub retry_at: Option<DateTime<Utc>>,
    /// When this row was written.
    pub at: DateTime<Utc>,
}

#[derive(QueryableByName)]
struct Written {
    #[diesel(sql_type = SqlUuid)]
    notice_id: NoticeId,
    #[diesel(sql_type = SmallInt)]
    attempt: i16,
    #[diesel(sql_type = Bool)]
    settled: bool,
}

/// What names a row: notice, attempt, whether it is the result.
pub type Key = (NoticeId, i16, bool);

/// Writes many rows in one statement, of whatever buckets. The keys that were written; a row that
/// was there already is not among them: another sender wrote it.
///
/// # Errors
/// The database's; then none is written.
pub async fn write(conn: &mut Conn, rows: &[Outcome]) -> Result<HashSet<Key>> {
    let written: Vec<Written> = diesel::sql_query(
        "insert into outcome (bucket, notice_id, attempt, settled, campaign_id, result, relay, code, \
                              enhanced, reply, reason, retry_at, at) \
         select o.bucket, o.notice_id, o.attempt, o.settled, o.campaign_id, o.result::attempt_result, o.relay, \
                o.code, o.enhanced, o.reply, o.reason, o.retry_at, o.at \
         from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) \
              as o (bucket, notice_id, attempt, settled, campaign_id, result, relay, code, \
                    enhanced, reply, reason, retry_at, at) \
         on conflict (bucket, notice_id, attempt, settled) do nothing \
         returning notice_id, attempt, settled",
    )
    .bind::<Array<Integer>, _>(rows.iter().map(|o| o.notice_id.bucket()).collect::<Vec<_>>())
    .bind::<Array<SqlUuid>, _>(rows.iter().map(|o| o.notice_id).collect::<Vec<_>>())
    .bind::<Array<SmallInt>, _>(rows.iter().map(|o| o.attempt).collect::<Vec<_>>())
    .bind::<Array<Bool>, _>(rows.iter().map(|o| o.settled).collect::<Vec<_>>())
    .bind::<Array<SqlUuid>, _>(rows.iter().map(|o| o.campaign_id).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(rows.iter().map(|o| o.result.as_str()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(rows.iter().map(|o| o.relay.as_str()).collect::<Vec<_>>())
    .bind::<Array<Nullable<SmallInt>>, _>(rows.iter().map(|o| o.code).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(rows.iter().map(|o| o.enhanced.as_deref()).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(rows.iter().map(|o| o.reply.as_deref()).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(rows.iter().map(|o| o.reason.as_deref()).collect::<Vec<_>>())
    .bind::<Array<Nullable<Timestamptz>>, _>(rows.iter().map(|o| o.retry_at).collect::<Vec<_>>())
    .bind::<Array<Timestamptz>, _>(rows.iter().map(|o| o.at).collect::<Vec<_>>())
    .get_results(conn)
    .await?;
    Ok(written
        .into_iter()
        .map(|w| (w.notice_id, w.attempt, w.settled))
        .collect())
}

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
        .select(Outcome::as_select())
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
