//! Results of attempts by minute. They are counted in the transaction that settles their notices, so that they are as
//! exact as the statuses. The campaign's page reads them instead of outcomes.

use std::collections::BTreeMap;

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use diesel::sql_types::{Array, BigInt, Integer, Nullable, SmallInt, Text, Timestamptz, Uuid};
use diesel_async::RunQueryDsl;

use super::Settled;
use crate::db::schema::sql_types;
use crate::db::{Conn, Result, statement};
use crate::id::CampaignId;
use crate::notice::AttemptResult;

/// Attempts that are alike in all that is counted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Alike<'s> {
    minute: DateTime<Utc>,
    relay: &'s str,
    provider: &'s str,
    result: AttemptResult,
    code: i16,
    enhanced: &'s str,
    reason: &'s str,
}

/// The number of attempts of each kind, in the order in which all writers lock.
fn alike(settled: &[Settled]) -> BTreeMap<Alike<'_>, i64> {
    let mut tally = BTreeMap::new();
    for one in settled {
        for row in &one.tried {
            let minute = row.at.duration_trunc(TimeDelta::minutes(1));
            let kind = Alike {
                minute: minute.unwrap_or(row.at),
                relay: &row.relay,
                provider: &one.provider,
                result: row.result,
                code: row.code.unwrap_or(0),
                enhanced: row.enhanced.as_deref().unwrap_or_default(),
                reason: row.reason.as_deref().unwrap_or_default(),
            };
            *tally.entry(kind).or_default() += 1;
        }
    }
    tally
}

/// Counts the attempts of notices that are settled in the same transaction.
///
/// # Errors
/// The database's.
pub async fn add(conn: &mut Conn, campaign: CampaignId, settled: &[Settled]) -> Result<()> {
    let tally = alike(settled);
    if tally.is_empty() {
        return Ok(());
    }
    statement(
        "insert into campaign_tally (campaign_id, minute, relay, provider, result, code, enhanced, reason, n) \
         select $1, t.minute, t.relay, t.provider, t.result, t.code, t.enhanced, t.reason, t.n \
         from unnest($2, $3, $4, $5, $6, $7, $8, $9) \
            as t (minute, relay, provider, result, code, enhanced, reason, n) \
         on conflict (campaign_id, minute, relay, provider, result, code, enhanced, reason) \
            do update set n = campaign_tally.n + excluded.n",
    )
    .bind::<Uuid, _>(campaign)
    .bind::<Array<Timestamptz>, _>(tally.keys().map(|k| k.minute).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(tally.keys().map(|k| k.relay).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(tally.keys().map(|k| k.provider).collect::<Vec<_>>())
    .bind::<Array<sql_types::AttemptResult>, _>(tally.keys().map(|k| k.result).collect::<Vec<_>>())
    .bind::<Array<SmallInt>, _>(tally.keys().map(|k| k.code).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(tally.keys().map(|k| k.enhanced).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(tally.keys().map(|k| k.reason).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(tally.values().copied().collect::<Vec<_>>())
    .execute(conn)
    .await?;
    Ok(())
}

/// What the attempts that ended in a stretch of time came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, diesel::QueryableByName)]
pub struct Stretch {
    /// When it began.
    #[diesel(sql_type = Timestamptz)]
    pub at: DateTime<Utc>,
    /// Taken by a relay.
    #[diesel(sql_type = BigInt)]
    pub sent: i64,
    /// To be tried again, or in doubt.
    #[diesel(sql_type = BigInt)]
    pub deferred: i64,
    /// Refused for good, or given up.
    #[diesel(sql_type = BigInt)]
    pub refused: i64,
}

/// What the results of a row add up to.
macro_rules! sums {
    () => {
        "coalesce(sum(n) filter (where result = 'accepted'), 0)::bigint as sent,
            coalesce(sum(n) filter (where result in ('deferred', 'unreachable', 'uncertain')), 0)::bigint
                as deferred,
            coalesce(sum(n) filter (where result in ('refused', 'expired')), 0)::bigint as refused"
    };
}

/// How many notices ended in a minute.
///
/// # Errors
/// The database's.
pub async fn ended(conn: &mut Conn, campaign: CampaignId, minute: DateTime<Utc>) -> Result<i64> {
    #[derive(diesel::QueryableByName)]
    struct Ended {
        #[diesel(sql_type = BigInt)]
        n: i64,
    }
    let ended: Ended = statement(
        "select coalesce(sum(n), 0)::bigint as n from campaign_tally \
         where campaign_id = $1 and minute = $2 and result in ('accepted', 'refused', 'expired')",
    )
    .bind::<Uuid, _>(campaign)
    .bind::<Timestamptz, _>(minute)
    .get_result(conn)
    .await?;
    Ok(ended.n)
}

/// The first and the last minute in which an attempt ended.
///
/// # Errors
/// The database's.
pub async fn ends(
    conn: &mut Conn,
    campaign: CampaignId,
) -> Result<Option<(DateTime<Utc>, DateTime<Utc>)>> {
    #[derive(diesel::QueryableByName)]
    struct Ends {
        #[diesel(sql_type = Nullable<Timestamptz>)]
        first: Option<DateTime<Utc>>,
        #[diesel(sql_type = Nullable<Timestamptz>)]
        last: Option<DateTime<Utc>>,
    }
    let ends: Ends = diesel::sql_query(
        "select min(minute) as first, max(minute) as last from campaign_tally where campaign_id = $1",
    )
    .bind::<Uuid, _>(campaign)
    .get_result(conn)
    .await?;
    Ok(ends.first.zip(ends.last))
}

/// Results of the campaign's attempts, by intervals of this many minutes from a moment on; intervals without results
/// are left out.
///
/// # Errors
/// The database's.
pub async fn stretches(
    conn: &mut Conn,
    campaign: CampaignId,
    from: DateTime<Utc>,
    minutes: i32,
) -> Result<Vec<Stretch>> {
    Ok(diesel::sql_query(concat!(
        "select date_bin(make_interval(mins => $2), minute, $3) as at, ",
        sums!(),
        " from campaign_tally where campaign_id = $1 group by 1 order by 1"
    ))
    .bind::<Uuid, _>(campaign)
    .bind::<Integer, _>(minutes)
    .bind::<Timestamptz, _>(from)
    .load(conn)
    .await?)
}

/// An answer that attempts came to, and how often.
#[derive(Debug, Clone, PartialEq, Eq, diesel::QueryableByName)]
pub struct Answered {
    /// What became of the attempts.
    #[diesel(sql_type = sql_types::AttemptResult)]
    pub result: AttemptResult,
    /// The reply code (RFC 5321); 0 if there was no reply.
    #[diesel(sql_type = SmallInt)]
    pub code: i16,
    /// The enhanced status code (RFC 3463); empty if there was none.
    #[diesel(sql_type = Text)]
    pub enhanced: String,
    /// Why it was judged so: a word of a closed list, or of the program; empty if nothing had to be said.
    #[diesel(sql_type = Text)]
    pub reason: String,
    /// How often.
    #[diesel(sql_type = BigInt)]
    pub n: i64,
}

/// The most frequent answers, the most frequent first.
///
/// # Errors
/// The database's.
pub async fn answers(conn: &mut Conn, campaign: CampaignId, most: i64) -> Result<Vec<Answered>> {
    Ok(diesel::sql_query(
        "select result, code, enhanced, reason, sum(n)::bigint as n from campaign_tally \
         where campaign_id = $1 group by result, code, enhanced, reason \
         order by n desc, code, enhanced, reason, result limit $2",
    )
    .bind::<Uuid, _>(campaign)
    .bind::<BigInt, _>(most)
    .load(conn)
    .await?)
}

/// What came of attempts by one relay, or to one provider.
#[derive(Debug, Clone, PartialEq, Eq, diesel::QueryableByName)]
pub struct Part {
    /// Its name.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// Taken.
    #[diesel(sql_type = BigInt)]
    pub sent: i64,
    /// To be tried again, or in doubt.
    #[diesel(sql_type = BigInt)]
    pub deferred: i64,
    /// Refused for good, or given up.
    #[diesel(sql_type = BigInt)]
    pub refused: i64,
}

/// By relay.
///
/// # Errors
/// The database's.
pub async fn by_relay(conn: &mut Conn, campaign: CampaignId) -> Result<Vec<Part>> {
    let question = concat!(
        "select relay as name, ",
        sums!(),
        " from campaign_tally where campaign_id = $1 group by relay order by relay"
    );
    parts(conn, question, campaign).await
}

/// By provider.
///
/// # Errors
/// The database's.
pub async fn by_provider(conn: &mut Conn, campaign: CampaignId) -> Result<Vec<Part>> {
    let question = concat!(
        "select provider as name, ",
        sums!(),
        " from campaign_tally where campaign_id = $1 group by provider order by provider = 'other', provider"
    );
    parts(conn, question, campaign).await
}

async fn parts(conn: &mut Conn, question: &str, campaign: CampaignId) -> Result<Vec<Part>> {
    Ok(diesel::sql_query(question)
        .bind::<Uuid, _>(campaign)
        .load(conn)
        .await?)
}
