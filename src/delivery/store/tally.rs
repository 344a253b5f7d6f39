//! Results of attempts by minute. They are counted in the transaction that settles their notices, so that they are as
//! exact as the statuses. The campaign's page reads them instead of outcomes.

use std::collections::BTreeMap;

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Integer, Jsonb, SmallInt, Text, Timestamptz, Uuid};
use diesel_async::RunQueryDsl;
use serde::Deserialize;

use super::Settled;
use crate::db::schema::sql_types;
use crate::db::{Conn, Error, Result, statement};
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Stretch {
    /// When it began.
    pub at: DateTime<Utc>,
    /// Taken by a relay.
    pub sent: i64,
    /// To be tried again, or in doubt.
    pub deferred: i64,
    /// Refused for good, or given up.
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

/// An answer that attempts came to, and how often.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Answered {
    /// What became of the attempts.
    pub result: AttemptResult,
    /// The reply code (RFC 5321); 0 if there was no reply.
    pub code: i16,
    /// The enhanced status code (RFC 3463); empty if there was none.
    pub enhanced: String,
    /// Why it was judged so: a word of a closed list, or of the program; empty if nothing had to be said.
    pub reason: String,
    /// How often.
    pub n: i64,
}

/// What came of attempts by one relay, or to one provider.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, QueryableByName)]
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
    Ok(diesel::sql_query(concat!(
        "select relay as name, ",
        sums!(),
        " from campaign_tally where campaign_id = $1 group by relay order by relay"
    ))
    .bind::<Uuid, _>(campaign)
    .load(conn)
    .await?)
}

/// The results of a campaign's attempts in four orders, which are of one moment.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// By intervals of time; intervals without results are left out.
    pub stretches: Vec<Stretch>,
    /// The most frequent answers, the most frequent first.
    pub answers: Vec<Answered>,
    /// By relay.
    pub relays: Vec<Part>,
    /// By provider.
    pub providers: Vec<Part>,
}

#[derive(QueryableByName)]
struct TallyRow {
    #[diesel(sql_type = Jsonb)]
    stretches: serde_json::Value,
    #[diesel(sql_type = Jsonb)]
    answers: serde_json::Value,
    #[diesel(sql_type = Jsonb)]
    relays: serde_json::Value,
    #[diesel(sql_type = Jsonb)]
    providers: serde_json::Value,
}

const TALLY: &str = concat!(
    "with of as materialized (
        select minute, relay, provider, result, code, enhanced, reason, n from campaign_tally where campaign_id = $1
    ), stretches as (
        select date_bin(make_interval(mins => $2), minute, $3) as at, ",
    sums!(),
    " from of group by 1
    ), answers as (
        select result, code, enhanced, reason, sum(n)::bigint as n from of group by result, code, enhanced, reason
        order by n desc, code, enhanced, reason, result limit $4
    ), relays as (
        select relay as name, ",
    sums!(),
    " from of group by relay
    ), providers as (
        select provider, provider as name, ",
    sums!(),
    " from of group by provider
    )
    select (select coalesce(jsonb_agg(s order by at), '[]') from stretches s) as stretches,
        (select coalesce(jsonb_agg(a order by n desc, code, enhanced, reason, result), '[]') from answers a) as answers,
        (select coalesce(jsonb_agg(r order by name), '[]') from relays r) as relays,
        (select coalesce(jsonb_agg(p order by provider = 'other', name), '[]') from providers p) as providers"
);

/// Reads them: by intervals of this many minutes from a moment on, and `most` answers.
///
/// # Errors
/// `Inconsistent` if the program does not know a result.
pub async fn tally(
    conn: &mut Conn,
    campaign: CampaignId,
    (from, minutes): (DateTime<Utc>, i32),
    most: i64,
) -> Result<Tally> {
    let row: TallyRow = statement(TALLY)
        .bind::<Uuid, _>(campaign)
        .bind::<Integer, _>(minutes)
        .bind::<Timestamptz, _>(from)
        .bind::<BigInt, _>(most)
        .get_result(conn)
        .await?;
    let broken = |_| Error::inconsistent("campaign_tally", campaign);
    Ok(Tally {
        stretches: serde_json::from_value(row.stretches).map_err(broken)?,
        answers: serde_json::from_value(row.answers).map_err(broken)?,
        relays: serde_json::from_value(row.relays).map_err(broken)?,
        providers: serde_json::from_value(row.providers).map_err(broken)?,
    })
}
