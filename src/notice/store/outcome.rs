//! Outcomes: append-only, two rows an attempt. The first is written before DATA.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
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
