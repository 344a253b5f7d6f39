//! Outcomes: append-only, two rows an attempt. The first is written before DATA.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use tokio_postgres::{Client, Row, Statement};

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

/// What names a row: notice, attempt, whether it is the result.
pub type Key = (NoticeId, i16, bool);

const INSERT: &str = "
    insert into outcome (bucket, notice_id, attempt, settled, campaign_id, result, relay, code, enhanced,
        reply, reason, retry_at, at)
    select o.bucket, o.notice_id, o.attempt, o.settled, o.campaign_id, o.result::attempt_result, o.relay,
        o.code, o.enhanced, o.reply, o.reason, o.retry_at, o.at
    from unnest($1::int[], $2::uuid[], $3::smallint[], $4::bool[], $5::uuid[], $6::text[], $7::text[],
            $8::smallint[], $9::text[], $10::text[], $11::text[], $12::timestamptz[], $13::timestamptz[])
        as o (bucket, notice_id, attempt, settled, campaign_id, result, relay, code, enhanced, reply, reason,
            retry_at, at)
    on conflict (bucket, notice_id, attempt, settled) do nothing
    returning notice_id, attempt, settled";

/// Writes outcomes over a connection of its own, by a statement that is planned once: hundreds of times a
/// second, planning would cost more than writing.
pub struct Writer {
    client: Client,
    insert: Statement,
}

impl Writer {
    /// Prepares a connection.
    ///
    /// # Errors
    /// The database's.
    pub async fn new(client: Client) -> Result<Self> {
        let insert = client.prepare(INSERT).await?;
        Ok(Self { client, insert })
    }

    /// Writes many rows in one statement, of whatever buckets. The keys that were written; a row that
    /// was there already is not among them: another sender wrote it.
    ///
    /// # Errors
    /// The database's; then none is written, or nobody knows.
    pub async fn write(&self, rows: &[&Outcome]) -> Result<HashSet<Key>> {
        fn column<'o, T>(rows: &[&'o Outcome], of: impl Fn(&'o Outcome) -> T) -> Vec<T> {
            rows.iter().map(|row| of(row)).collect()
        }
        let written = self
            .client
            .query(
                &self.insert,
                &[
                    &column(rows, |o| o.notice_id.bucket()),
                    &column(rows, |o| o.notice_id.uuid()),
                    &column(rows, |o| o.attempt),
                    &column(rows, |o| o.settled),
                    &column(rows, |o| o.campaign_id.uuid()),
                    &column(rows, |o| o.result.as_str()),
                    &column(rows, |o| o.relay.as_str()),
                    &column(rows, |o| o.code),
                    &column(rows, |o| o.enhanced.as_deref()),
                    &column(rows, |o| o.reply.as_deref()),
                    &column(rows, |o| o.reason.as_deref()),
                    &column(rows, |o| o.retry_at),
                    &column(rows, |o| o.at),
                ],
            )
            .await?;
        let key = |row: &Row| (NoticeId::from_uuid(row.get(0)), row.get(1), row.get(2));
        Ok(written.iter().map(key).collect())
    }
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
