//! How campaigns get on, from counters that are kept in the transactions that change their notices.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::Serialize;

use super::super::CampaignStatus;
use crate::db::schema::{batch, campaign, campaign_count, campaign_freeze, sql_types};
use crate::db::{Conn, Guarded, Result, statement};
use crate::id::CampaignId;
use crate::notice::{AttemptResult, BatchStatus, NoticeStatus};
use crate::person::flags::WithheldReason;

/// How a campaign is getting on: its notices by state, from maintained counters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// Notices by state. `sending` are those on a connection.
    pub counts: BTreeMap<NoticeStatus, i64>,
    /// Whether the whole audience is frozen; until then the total still grows.
    pub frozen: bool,
}

impl Progress {
    /// Notices in this state.
    pub fn of(&self, status: NoticeStatus) -> i64 {
        self.counts.get(&status).copied().unwrap_or(0)
    }

    /// All notices.
    pub fn total(&self) -> i64 {
        self.counts.values().sum()
    }

    /// Notices that can be sent: all but the withheld.
    pub fn sendable(&self) -> i64 {
        self.total() - self.of(NoticeStatus::Withheld)
    }

    /// Notices that are still to be sent.
    pub fn left(&self) -> i64 {
        self.total() - self.settled()
    }

    /// Notices that were sent, or tried to an end.
    pub fn done(&self) -> i64 {
        self.sendable() - self.left() - self.of(NoticeStatus::Cancelled)
    }

    /// Notices in a final status.
    pub fn settled(&self) -> i64 {
        self.total()
            - self.of(NoticeStatus::Queued)
            - self.of(NoticeStatus::Sending)
            - self.of(NoticeStatus::Deferred)
    }
}

/// The notices of a campaign by state as the database has them: those on a connection are `queued` or `deferred`.
///
/// # Errors
/// The database's.
pub async fn counts(conn: &mut Conn, id: CampaignId) -> Result<BTreeMap<NoticeStatus, i64>> {
    let counts: Vec<(NoticeStatus, i64)> = campaign_count::table
        .filter(campaign_count::campaign_id.eq(id))
        .select((campaign_count::status, campaign_count::n))
        .load(conn)
        .await?;
    let all = NoticeStatus::ALL.iter().map(|status| (*status, 0));
    Ok(all.chain(counts).collect())
}

/// Reads a campaign's progress.
///
/// # Errors
/// The database's.
pub async fn progress(conn: &mut Conn, id: CampaignId) -> Result<Progress> {
    let mut all = progress_of_each(conn, &[id]).await?;
    Ok(all.remove(&id).unwrap_or_default())
}

#[derive(QueryableByName)]
struct ProgressRow {
    #[diesel(sql_type = diesel::sql_types::Uuid)]
    id: CampaignId,
    #[diesel(sql_type = diesel::sql_types::Nullable<sql_types::NoticeStatus>)]
    status: Option<NoticeStatus>,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    n: i64,
    #[diesel(sql_type = diesel::sql_types::Bool)]
    is_frozen: bool,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    on_connections: i64,
}

/// Reads the progress of each of these campaigns, at one moment.
///
/// # Errors
/// The database's.
pub async fn progress_of_each(
    conn: &mut Conn,
    ids: &[CampaignId],
) -> Result<BTreeMap<CampaignId, Progress>> {
    use diesel::sql_types::{Array, Text, Uuid};
    // A sender names campaigns by the text form of their ids.
    let rows: Vec<ProgressRow> = statement(
        "select c.id, k.status, coalesce(k.n, 0) as n, c.is_frozen, c.on_connections \
         from (select w.id, \
                 not exists (select from campaign_freeze f where f.campaign_id = w.id and not f.done) as is_frozen, \
                 (select coalesce(sum((s.sending ->> w.word)::bigint), 0)::bigint from sender s \
                    where s.seen_at > now() - interval '5 seconds') as on_connections \
             from unnest($1, $2) as w (id, word)) c \
         left join campaign_count k on k.campaign_id = c.id",
    )
    .bind::<Array<Uuid>, _>(ids.iter().map(|id| id.uuid()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(ids.iter().map(ToString::to_string).collect::<Vec<_>>())
    .load(conn)
    .await?;
    let mut all: BTreeMap<CampaignId, Progress> = BTreeMap::new();
    let mut sending = BTreeMap::new();
    for row in rows {
        let progress = all.entry(row.id).or_insert_with(|| Progress {
            counts: NoticeStatus::ALL
                .iter()
                .map(|status| (*status, 0))
                .collect(),
            frozen: row.is_frozen,
        });
        if let Some(status) = row.status {
            progress.counts.insert(status, row.n);
        }
        sending.insert(row.id, row.on_connections);
    }
    for (id, n) in sending {
        if let Some(progress) = all.get_mut(&id) {
            on_connections(&mut progress.counts, n);
        }
    }
    Ok(all)
}

/// Moves notices to `sending` that are on a connection; the database has them as `queued`, or as `deferred` if they were
/// tried before.
pub(super) fn on_connections(counts: &mut BTreeMap<NoticeStatus, i64>, mut sending: i64) {
    for state in [NoticeStatus::Queued, NoticeStatus::Deferred] {
        let waiting = counts.entry(state).or_default();
        let moved = sending.min(*waiting);
        *waiting -= moved;
        sending -= moved;
        *counts.entry(NoticeStatus::Sending).or_default() += moved;
    }
}

/// Notices with an uncertain attempt.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, QueryableByName)]
pub struct MayHaveArrived {
    /// A later attempt was accepted, or is not known either: their people may have them twice.
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    pub twice: i64,
    /// They wait for a next try.
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    pub waiting: i64,
}

// In the words of the index that makes it cheap.
static MAY_HAVE_ARRIVED: LazyLock<String> = LazyLock::new(|| {
    format!(
        "select each.campaign_id as id, \
             count(*) filter (where each.twice) as twice, count(*) filter (where each.waiting) as waiting from ( \
             select u.campaign_id, bool_or(later.attempt is not null) as twice, \
                 bool_or(n.status in ('{queued}', '{deferred}')) as waiting \
             from outcome u \
             left join outcome later on later.bucket = u.bucket and later.notice_id = u.notice_id \
                 and later.attempt > u.attempt and later.settled and later.result in ('{accepted}', '{uncertain}') \
             left join notice n on n.bucket = u.bucket and n.id = u.notice_id \
             where u.campaign_id = any($1) and u.result = '{uncertain}' \
             group by u.campaign_id, u.bucket, u.notice_id) each group by each.campaign_id",
        queued = NoticeStatus::Queued,
        deferred = NoticeStatus::Deferred,
        accepted = AttemptResult::Accepted,
        uncertain = AttemptResult::Uncertain,
    )
});

/// Counts the notices of a campaign that may have arrived although that is not known.
///
/// # Errors
/// The database's.
pub async fn may_have_arrived(conn: &mut Conn, id: CampaignId) -> Result<MayHaveArrived> {
    let mut of_each = may_have_arrived_of_each(conn, &[id]).await?;
    Ok(of_each.remove(&id).unwrap_or_default())
}

#[derive(QueryableByName)]
struct ArrivedRow {
    #[diesel(sql_type = diesel::sql_types::Uuid)]
    id: CampaignId,
    #[diesel(embed)]
    arrived: MayHaveArrived,
}

/// The same of each of these campaigns; those without such notices are not among them.
///
/// # Errors
/// The database's.
pub async fn may_have_arrived_of_each(
    conn: &mut Conn,
    ids: &[CampaignId],
) -> Result<BTreeMap<CampaignId, MayHaveArrived>> {
    let rows: Vec<ArrivedRow> = statement(&MAY_HAVE_ARRIVED)
        .bind::<diesel::sql_types::Array<diesel::sql_types::Uuid>, _>(
            ids.iter().map(|id| id.uuid()).collect::<Vec<_>>(),
        )
        .load(conn)
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.arrived)).collect())
}

/// Notices of a campaign that were withheld when they were about to leave, although they were not when its audience
/// was frozen. Those that flags forbid are not among them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// What was approved did not suit their people any more, who were still to be told something.
    pub changed: i64,
    /// Their people had no e-mail address any more.
    pub no_address: i64,
    /// Their people were not affected after all, and had been told of nothing.
    pub not_affected: i64,
    /// Their people had been told everything in the meantime.
    pub already_told: i64,
}

impl LeftOut {
    fn set(&mut self, why: WithheldReason, notices: i64) {
        match why {
            WithheldReason::Changed => self.changed = notices,
            WithheldReason::NoAddress => self.no_address = notices,
            WithheldReason::NotAffected => self.not_affected = notices,
            WithheldReason::AlreadyTold => self.already_told = notices,
            WithheldReason::LegalHold
            | WithheldReason::Deceased
            | WithheldReason::ProtectedAddress => {}
        }
    }
}

// In the words of the two indexes that make it cheap.
static LEFT_OUT: LazyLock<String> = LazyLock::new(|| {
    format!(
        "select n.campaign_id as id, withheld, count(*) as notices from ( \
             select campaign_id, withheld from notice \
                where campaign_id = any($1) and withheld in ('{changed}', '{no_address}') \
             union all \
             select campaign_id, withheld from notice \
                where campaign_id = any($1) and withheld in ('{not_affected}', '{already_told}') \
         ) n group by n.campaign_id, withheld",
        changed = WithheldReason::Changed,
        no_address = WithheldReason::NoAddress,
        not_affected = WithheldReason::NotAffected,
        already_told = WithheldReason::AlreadyTold,
    )
});

#[derive(QueryableByName)]
struct LeftOutRow {
    #[diesel(sql_type = diesel::sql_types::Uuid)]
    id: CampaignId,
    #[diesel(sql_type = sql_types::WithheldReason)]
    withheld: WithheldReason,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    notices: i64,
}

/// Counts the notices that a campaign left out.
///
/// # Errors
/// The database's.
pub async fn left_out(conn: &mut Conn, id: CampaignId) -> Result<LeftOut> {
    let mut of_each = left_out_of_each(conn, &[id]).await?;
    Ok(of_each.remove(&id).unwrap_or_default())
}

/// The same of each of these campaigns; those that left out none are not among them.
///
/// # Errors
/// The database's.
pub async fn left_out_of_each(
    conn: &mut Conn,
    ids: &[CampaignId],
) -> Result<BTreeMap<CampaignId, LeftOut>> {
    let rows: Vec<LeftOutRow> = statement(&LEFT_OUT)
        .bind::<diesel::sql_types::Array<diesel::sql_types::Uuid>, _>(
            ids.iter().map(|id| id.uuid()).collect::<Vec<_>>(),
        )
        .load(conn)
        .await?;
    let mut all: BTreeMap<CampaignId, LeftOut> = BTreeMap::new();
    for row in rows {
        all.entry(row.id)
            .or_default()
            .set(row.withheld, row.notices);
    }
    Ok(all)
}

/// Whether a launched campaign's whole audience is frozen.
///
/// # Errors
/// The database's.
pub async fn is_frozen(conn: &mut Conn, id: CampaignId) -> Result<bool> {
    let unfrozen = campaign_freeze::table.filter(
        campaign_freeze::campaign_id
            .eq(id)
            .and(campaign_freeze::done.eq(false)),
    );
    let more: bool = diesel::select(diesel::dsl::exists(unfrozen))
        .get_result(conn)
        .await?;
    Ok(!more)
}

/// Moves counters by the given differences; in the transaction that changes the notices.
///
/// # Errors
/// The database's.
pub async fn move_counts(
    conn: &mut Conn,
    id: CampaignId,
    differences: &BTreeMap<NoticeStatus, i64>,
) -> Result<()> {
    // In the order of the enum, so that two transactions never wait for each other.
    for (status, by) in differences.iter().filter(|(_, by)| **by != 0) {
        diesel::insert_into(campaign_count::table)
            .values((
                campaign_count::campaign_id.eq(id),
                campaign_count::status.eq(status),
                campaign_count::n.eq(by),
            ))
            .on_conflict((campaign_count::campaign_id, campaign_count::status))
            .do_update()
            .set(campaign_count::n.eq(campaign_count::n + by))
            .execute(conn)
            .await?;
    }
    Ok(())
}

/// Locks the end of a campaign until the transaction ends: of all that end at once, the last sees what the others did.
/// Comes before the campaign's row.
///
/// # Errors
/// The database's.
pub async fn lock_end(conn: &mut Conn, id: CampaignId) -> Result<()> {
    let lock = id.uuid().as_u64_pair().1.cast_signed();
    statement("select pg_advisory_xact_lock($1)")
        .bind::<diesel::sql_types::BigInt, _>(lock)
        .execute(conn)
        .await?;
    Ok(())
}

/// Completes a campaign if nothing is left to freeze or send. It must be the last
/// statement of its transaction: if two transactions end the last two parts at once, the second waits here for the
/// first to commit and sees its result. Otherwise neither would see the other, and the campaign would stay open.
///
/// # Errors
/// The database's.
pub async fn complete_if_done(
    conn: &mut Conn,
    id: CampaignId,
    at: DateTime<Utc>,
) -> Result<Guarded> {
    lock_end(conn, id).await?;
    let unfrozen = campaign_freeze::table.filter(
        campaign_freeze::campaign_id
            .eq(campaign::id)
            .and(campaign_freeze::done.eq(false)),
    );
    let unsent = batch::table.filter(
        batch::campaign_id
            .eq(campaign::id)
            .and(batch::status.ne(BatchStatus::Done)),
    );
    let done = diesel::update(campaign::table.find(id))
        .filter(campaign::status.eq(CampaignStatus::Sending))
        .filter(diesel::dsl::not(diesel::dsl::exists(unfrozen)))
        .filter(diesel::dsl::not(diesel::dsl::exists(unsent)))
        .set((
            campaign::status.eq(CampaignStatus::Completed),
            campaign::ended_at.eq(at),
            campaign::version.eq(campaign::version + 1),
        ))
        .execute(conn)
        .await?;
    Ok(Guarded::of(done))
}
