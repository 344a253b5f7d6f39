//! Settling a batch: what its sender learned becomes the state of notices, people and counters, in one
//! transaction and only while the lease still holds.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::policy::BounceReason;
use super::store::batch::{self, Lease};
use super::store::{self, Settled, tally};
use crate::account;
use crate::actor::{Actor, System};
use crate::app::App;
use crate::campaign::{self, CampaignKind, guard};
use crate::db::retry::retried;
use crate::db::{self, Conn, Guarded, Result};
use crate::notice::{BatchStatus, NoticeStatus};
use crate::person::{self, Became, ToldBy};

/// Who ends a campaign when nothing of it is left.
const ME: Actor = Actor::System(System::Senders);

/// How a batch ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// It is in its next state.
    Given(BatchStatus),
    /// Another sender took it over; what was learned is in the outcomes, and that sender reads them.
    Lost,
}

/// Whether the last result of a notice says that its address is no good.
fn condemns(one: &Settled) -> bool {
    let last = one.tried.iter().rfind(|row| row.settled);
    let reason = last.and_then(|row| BounceReason::parse(row.reason.as_deref()?));
    reason.is_some_and(BounceReason::condemns_address)
}

/// What a notice's end means for its person.
fn became(one: &Settled, kind: CampaignKind) -> Option<Became> {
    match one.to {
        NoticeStatus::Sent => Some(Became::Told {
            address: one.address.clone(),
            by: ToldBy::Email,
            named: one.named,
            replaces: kind == CampaignKind::Correction,
        }),
        NoticeStatus::Bounced | NoticeStatus::Expired => {
            let address = Some(one.address.clone()?);
            Some(match condemns(one) {
                true => Became::Refused { address },
                false => Became::NotDelivered { address },
            })
        }
        NoticeStatus::Queued
        | NoticeStatus::Sending
        | NoticeStatus::Deferred
        | NoticeStatus::Uncertain
        | NoticeStatus::Withheld
        | NoticeStatus::Cancelled => None,
    }
}

/// What is left to say of a batch when it is given back.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Rest {
    /// Some notices were not tried.
    pub unsent: bool,
    /// When the first of the notices that [`part`] deferred is due.
    pub due_at: Option<DateTime<Utc>>,
}

/// Writes what was learned and gives the batch back.
///
/// # Errors
/// The database's, after a few tries if it asks to try again.
pub(crate) async fn batch(
    app: &App,
    lease: &Lease,
    settled: &[Settled],
    rest: Rest,
) -> Result<End> {
    retried(|| once(app, lease, settled, rest)).await
}

/// Writes what was learned of some notices of a batch that goes on. Refused if another sender took the batch over, or the
/// connection was lost at the end and it is not known whether it is written. Then nothing more may be written of the batch:
/// the outcomes are durable, and the sender that claims it next reads them.
///
/// # Errors
/// The database's, after a few tries if it asks to try again: nothing is written.
pub(crate) async fn part(app: &App, lease: &Lease, settled: &[Settled]) -> Result<Guarded> {
    retried(|| part_once(app, lease, settled)).await
}

async fn part_once(app: &App, lease: &Lease, settled: &[Settled]) -> Result<Guarded> {
    let mut tx = app.db.begin_unhurried().await?;
    let held = batch::go_on(&mut tx, lease, ends(settled)).await?;
    if !held.is_written() {
        return Ok(Guarded::Refused);
    }
    write(&mut tx, lease, settled, app.now()).await?;
    match tx.commit().await {
        Ok(()) => Ok(Guarded::Written),
        Err(db::Error::Retry) => Err(db::Error::Retry),
        Err(error) => {
            tracing::warn!(%error, campaign = %lease.campaign_id, "it is not known whether results are written");
            Ok(Guarded::Refused)
        }
    }
}

/// The bits of the states in which notices ended.
fn ends(settled: &[Settled]) -> i32 {
    settled
        .iter()
        .fold(0, |ends, one| ends | store::end_bit(one.to))
}

async fn once(app: &App, lease: &Lease, settled: &[Settled], rest: Rest) -> Result<End> {
    let now = app.now();
    let (to, due_at) = next(settled, rest, now);
    // The outcomes are durable: if this commit is lost, the next sender of the batch reads them.
    let mut tx = app.db.begin_unhurried().await?;
    let whole = match to {
        BatchStatus::Done => store::KEEPS_ALL,
        _ => 0,
    };
    let given = batch::give_back(&mut tx, lease, to, due_at, whole | ends(settled)).await?;
    if !given.is_written() {
        return Ok(End::Lost);
    }
    write(&mut tx, lease, settled, now).await?;
    let is_through = to == BatchStatus::Done
        && campaign::store::complete_if_done(&mut tx, lease.campaign_id, now)
            .await?
            .is_written();
    tx.commit().await?;
    if is_through {
        guard::log(app, lease.campaign_id, ME, "a campaign is through").await;
    }
    Ok(End::Given(to))
}

/// Notices, their people and what is counted of both.
async fn write(
    conn: &mut Conn,
    lease: &Lease,
    settled: &[Settled],
    now: DateTime<Utc>,
) -> Result<()> {
    debug_assert!(are_legal(settled), "{settled:?}");
    store::set_states(conn, lease.bucket, settled, now).await?;
    let mut counts: BTreeMap<NoticeStatus, i64> = BTreeMap::new();
    for one in settled {
        *counts.entry(one.from).or_default() -= 1;
        *counts.entry(one.to).or_default() += 1;
    }
    let people: Vec<person::Settled> = settled
        .iter()
        .filter_map(|one| {
            Some(person::Settled {
                person: one.person,
                became: became(one, lease.kind)?,
            })
        })
        .collect();
    if !people.is_empty() {
        account::store::settle(conn, lease.incident_id, lease.bucket, &people).await?;
    }
    // All senders of the campaign write these counters: they are held for as short as can be.
    tally::add(conn, lease.campaign_id, settled).await?;
    campaign::store::move_counts(conn, lease.campaign_id, &counts).await
}

/// Whether every notice goes where the table of states lets it.
fn are_legal(settled: &[Settled]) -> bool {
    settled
        .iter()
        .all(|s| s.from == s.to || s.from.after().contains(&s.to))
}

/// Where a batch goes: back to the queue with what was not tried, to sleep until the first deferred
/// notice is due, or to its end.
fn next(settled: &[Settled], rest: Rest, now: DateTime<Utc>) -> (BatchStatus, DateTime<Utc>) {
    let due = settled.iter().filter_map(|s| s.due_at);
    match (rest.unsent, due.chain(rest.due_at).min()) {
        (true, _) => (BatchStatus::Ready, now),
        (false, Some(due_at)) => (BatchStatus::Waiting, due_at),
        (false, None) => (BatchStatus::Done, now),
    }
}
