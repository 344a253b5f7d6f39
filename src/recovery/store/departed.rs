//! What a decision about a copy reads and writes of campaigns and letters.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{
    Array, BigInt, Bool, Integer, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid,
};
use diesel_async::RunQueryDsl;

use super::super::departed::{self, End};
use crate::campaign::CampaignStatus;
use crate::db::schema::{campaign, incident, notice, outbox, sql_types};
use crate::db::{Conn, Result, statement};
use crate::id::{CampaignId, LetterId, NoticeId, PersonId};
use crate::notice::AttemptResult;
use crate::outbox::LetterStatus;

/// Rows of one statement.
const MOST: usize = 5_000;

/// The campaigns under way, oldest first.
///
/// # Errors
/// The database's.
pub(crate) async fn list_under_way(conn: &mut Conn) -> Result<Vec<CampaignId>> {
    among(conn, &[CampaignStatus::Sending, CampaignStatus::Paused]).await
}

/// The campaigns that were submitted and not launched.
///
/// # Errors
/// The database's.
pub(crate) async fn list_approved(conn: &mut Conn) -> Result<Vec<CampaignId>> {
    let states = [
        CampaignStatus::InReview,
        CampaignStatus::Approved,
        CampaignStatus::Scheduled,
    ];
    among(conn, &states).await
}

/// Gives the drafts of incidents that are not forgotten a reason to look, but those listed; which they are.
///
/// # Errors
/// The database's.
pub(crate) async fn mark_drafts(
    conn: &mut Conn,
    reason: &str,
    but: &[CampaignId],
) -> Result<Vec<CampaignId>> {
    let forgotten = incident::table
        .filter(incident::forgotten_at.is_not_null())
        .select(incident::id);
    let mut marked: Vec<CampaignId> = diesel::update(campaign::table)
        .filter(campaign::status.eq(CampaignStatus::Draft))
        .filter(campaign::id.ne_all(but.to_vec()))
        .filter(campaign::incident_id.ne_all(forgotten))
        .set((
            campaign::status_reason.eq(reason),
            campaign::reason_sealed.eq(None::<Vec<u8>>),
        ))
        .returning(campaign::id)
        .get_results(conn)
        .await?;
    marked.sort_unstable();
    Ok(marked)
}

/// The campaigns that may have settled notices since a moment.
///
/// # Errors
/// The database's.
pub(crate) async fn list_recent(conn: &mut Conn, since: DateTime<Utc>) -> Result<Vec<CampaignId>> {
    Ok(campaign::table
        .filter(campaign::launched_at.is_not_null())
        .filter(
            campaign::ended_at
                .is_null()
                .or(campaign::ended_at.gt(since).assume_not_null()),
        )
        .order(campaign::id)
        .select(campaign::id)
        .load(conn)
        .await?)
}

/// The notices of a bucket of a campaign that were settled since a moment, and their people.
///
/// # Errors
/// The database's.
pub(crate) async fn settled_since(
    conn: &mut Conn,
    campaign: CampaignId,
    bucket: i32,
    since: DateTime<Utc>,
) -> Result<Vec<(NoticeId, PersonId)>> {
    Ok(notice::table
        .filter(
            notice::bucket
                .eq(bucket)
                .and(notice::campaign_id.eq(campaign)),
        )
        .filter(notice::settled_at.gt(since))
        .select((notice::id, notice::person_id))
        .load(conn)
        .await?)
}

/// The letters that were settled since a moment.
///
/// # Errors
/// The database's.
pub(crate) async fn letters_settled_since(
    conn: &mut Conn,
    since: DateTime<Utc>,
) -> Result<Vec<LetterId>> {
    Ok(outbox::table
        .filter(outbox::settled_at.gt(since))
        .select(outbox::id)
        .load(conn)
        .await?)
}

async fn among(conn: &mut Conn, states: &[CampaignStatus]) -> Result<Vec<CampaignId>> {
    Ok(campaign::table
        .filter(campaign::status.eq_any(states))
        .order(campaign::id)
        .select(campaign::id)
        .load(conn)
        .await?)
}

/// A row of [`latest`].
#[derive(QueryableByName)]
pub(crate) struct Latest {
    #[diesel(sql_type = SqlUuid)]
    id: NoticeId,
    #[diesel(sql_type = SqlUuid)]
    person_id: PersonId,
    #[diesel(sql_type = SmallInt)]
    attempt: i16,
    #[diesel(sql_type = Nullable<sql_types::AttemptResult>)]
    result: Option<AttemptResult>,
    #[diesel(sql_type = Nullable<Text>)]
    relay: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    retry_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = BigInt)]
    doubts: i64,
}

/// The unsettled notices of a bucket of a campaign, each with what its latest attempt came to.
///
/// # Errors
/// The database's.
pub(crate) async fn latest(
    conn: &mut Conn,
    campaign: CampaignId,
    bucket: i32,
) -> Result<Vec<departed::Latest>> {
    let rows: Vec<Latest> = statement(
        "select n.id, n.person_id, greatest(n.attempts, coalesce(o.attempt, 0::smallint)) as attempt, \
            o.result, o.relay, o.retry_at, \
            (select count(*) from outcome d where o.attempt is not null and d.bucket = $1 and d.notice_id = n.id \
                and d.settled and d.result = 'uncertain') as doubts \
         from notice n left join lateral ( \
            select o.attempt, o.result, o.relay, o.retry_at from outcome o \
            where o.bucket = $1 and o.notice_id = n.id order by o.attempt desc, o.settled desc limit 1 \
         ) o on true \
         where n.bucket = $1 and n.campaign_id = $2 and n.status in ('queued', 'deferred') order by n.id",
    )
    .bind::<Integer, _>(bucket)
    .bind::<SqlUuid, _>(campaign)
    .load(conn)
    .await?;
    let read = |row: Latest| departed::Latest {
        id: row.id,
        person: row.person_id,
        attempt: row.attempt,
        result: row.result,
        relay: row.relay.unwrap_or_default(),
        retry_at: row.retry_at,
        doubts: row.doubts,
    };
    Ok(rows.into_iter().map(read).collect())
}

/// Writes how attempts ended, of notices of one bucket.
///
/// # Errors
/// `Conflict` if the end of one is known already.
pub(crate) async fn insert_outcomes(
    conn: &mut Conn,
    campaign: CampaignId,
    bucket: i32,
    relay: &str,
    ends: &[(NoticeId, End)],
) -> Result<()> {
    for part in ends.chunks(MOST) {
        statement(
            "insert into outcome (bucket, notice_id, attempt, settled, campaign_id, result, relay, code, enhanced, \
                reply, reason, retry_at, at) \
             select $1, o.notice_id, o.attempt, true, $2, o.result::attempt_result, $3, o.code, o.enhanced, \
                o.reply, o.reason, o.retry_at, o.at \
             from unnest($4, $5, $6, $7, $8, $9, $10, $11, $12) \
                as o (notice_id, attempt, result, code, enhanced, reply, reason, retry_at, at)",
        )
        .bind::<Integer, _>(bucket)
        .bind::<SqlUuid, _>(campaign)
        .bind::<Text, _>(relay)
        .bind::<Array<SqlUuid>, _>(part.iter().map(|(id, _)| *id).collect::<Vec<_>>())
        .bind::<Array<SmallInt>, _>(part.iter().map(|(_, e)| e.attempt).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(part.iter().map(|(_, e)| e.result.as_str()).collect::<Vec<_>>())
        .bind::<Array<Nullable<SmallInt>>, _>(part.iter().map(|(_, e)| e.code).collect::<Vec<_>>())
        .bind::<Array<Nullable<Text>>, _>(part.iter().map(|(_, e)| e.enhanced.as_deref()).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(part.iter().map(|(_, e)| e.reply.as_str()).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(part.iter().map(|(_, e)| e.reason.as_str()).collect::<Vec<_>>())
        .bind::<Array<Nullable<Timestamptz>>, _>(part.iter().map(|(_, e)| e.retry_at).collect::<Vec<_>>())
        .bind::<Array<Timestamptz>, _>(part.iter().map(|(_, e)| e.at).collect::<Vec<_>>())
        .execute(conn)
        .await?;
    }
    Ok(())
}

/// Ends the lease of every unsettled batch of a campaign and makes it due: the process that claims it settles its
/// outcomes.
///
/// # Errors
/// The database's.
pub(crate) async fn give_batches_back(
    conn: &mut Conn,
    campaign: CampaignId,
    now: DateTime<Utc>,
) -> Result<()> {
    statement(
        "update batch set status = 'ready', due_at = $2, fence = fence + 1, leased_by = null, lease_until = null \
         where campaign_id = $1 and status <> 'done'",
    )
    .bind::<SqlUuid, _>(campaign)
    .bind::<Timestamptz, _>(now)
    .execute(conn)
    .await?;
    Ok(())
}

/// The letters that wait, and whether each was due before `held_at`.
///
/// # Errors
/// The database's.
pub(crate) async fn list_waiting_letters(
    conn: &mut Conn,
    held_at: DateTime<Utc>,
) -> Result<Vec<(LetterId, bool)>> {
    Ok(outbox::table
        .filter(outbox::status.eq(LetterStatus::Queued))
        .select((outbox::id, outbox::due_at.le(held_at)))
        .load(conn)
        .await?)
}

/// Ends letters that wait in a state, with a sentence; as many of them again wait without a holder.
///
/// # Errors
/// The database's.
pub(crate) async fn settle_letters(
    conn: &mut Conn,
    to: LetterStatus,
    which: &[(LetterId, String)],
    at: DateTime<Utc>,
) -> Result<()> {
    for part in which.chunks(MOST) {
        statement(
            "update outbox o set status = $1, reply = l.reply, attempts = o.attempts + 1, fence = o.fence + 1, \
                lease_until = null, sealed = case when $2 then o.sealed end, settled_at = case when not $2 then $3 end \
             from unnest($4, $5) as l (id, reply) where o.id = l.id and o.status = 'queued'",
        )
        .bind::<sql_types::LetterStatus, _>(to)
        .bind::<Bool, _>(to == LetterStatus::Queued)
        .bind::<Timestamptz, _>(at)
        .bind::<Array<SqlUuid>, _>(part.iter().map(|(id, _)| *id).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(part.iter().map(|(_, reply)| reply.as_str()).collect::<Vec<_>>())
        .execute(conn)
        .await?;
    }
    Ok(())
}
