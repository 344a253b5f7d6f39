//! Settling a batch: what its sender learned becomes the state of notices, people and counters, in one
//! transaction and only while the lease still holds.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::store::batch::{self, Lease};
use super::store::{self, Settled, tally};
use super::{BatchStatus, NoticeStatus};
use crate::actor::Actor;
use crate::app::App;
use crate::campaign::{self, CampaignKind, guard};
use crate::db::{self, Result};
use crate::person::{self, Became, ToldBy};

/// Who ends a campaign when nothing of it is left.
const ME: Actor = Actor::System("senders");
/// How often a transaction that met another is tried.
const TRIES: usize = 5;

/// How a batch ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It is in its next state.
    Given(BatchStatus),
    /// Another sender took it over; what was learned is in the outcomes, and that sender reads them.
    Lost,
}

/// What a notice's end means for its person.
fn became(one: &Settled, kind: CampaignKind) -> Option<Became> {
    match one.to {
        NoticeStatus::Sent => Some(Became::Told {
            by: ToldBy::Email,
            named: one.named,
            replaces: kind == CampaignKind::Correction,
        }),
        NoticeStatus::Bounced | NoticeStatus::Expired => Some(Became::Refused {
            address: Some(one.address.clone()?),
        }),
        NoticeStatus::Queued
        | NoticeStatus::Sending
        | NoticeStatus::Deferred
        | NoticeStatus::Uncertain
        | NoticeStatus::Withheld
        | NoticeStatus::Cancelled => None,
    }
}

/// Writes what was learned and gives the batch back. `unsent`: some notices were not tried.
///
/// # Errors
/// The database's, after a few tries if it asks to try again.
pub async fn batch(app: &App, lease: &Lease, settled: &[Settled], unsent: bool) -> Result<End> {
    let mut tries = 1;
    loop {
        match once(app, lease, settled, unsent).await {
            Err(db::Error::Retry) if tries < TRIES => tries += 1,
            other => return other,
        }
    }
}

async fn once(app: &App, lease: &Lease, settled: &[Settled], unsent: bool) -> Result<End> {
    let now = app.now();
    let (to, due_at) = next(settled, unsent, now);
    // The outcomes are durable: should this be lost, whoever takes the batch over reads them.
    let mut tx = app.db.begin_unhurried().await?;
    let whole = match to {
        BatchStatus::Done => store::KEEPS_ALL,
        _ => 0,
    };
    let ends = settled
        .iter()
        .fold(whole, |ends, one| ends | store::end_bit(one.to));
    if !batch::give_back(&mut tx, lease, to, due_at, ends).await? {
        return Ok(End::Lost);
    }
    store::set_states(&mut tx, lease.bucket, settled, now).await?;
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
        person::store::settle(&mut tx, lease.incident_id, lease.bucket, &people).await?;
    }
    // All senders of the campaign write these counters: they are held for as short as can be.
    tally::add(&mut tx, lease.campaign_id, settled).await?;
    campaign::store::move_counts(&mut tx, lease.campaign_id, &counts).await?;
    let is_through = to == BatchStatus::Done
        && campaign::store::complete_if_done(&mut tx, lease.campaign_id, now).await?;
    tx.commit().await?;
    if is_through {
        guard::log(app, lease.campaign_id, ME, "a campaign is through").await;
    }
    Ok(End::Given(to))
}

/// Where a batch goes: back to the queue with what was not tried, to sleep until the first deferred
/// notice is due, or to its end.
fn next(settled: &[Settled], unsent: bool, now: DateTime<Utc>) -> (BatchStatus, DateTime<Utc>) {
    let soonest = settled.iter().filter_map(|s| s.due_at).min();
    match (unsent, soonest) {
        (true, _) => (BatchStatus::Ready, now),
        (false, Some(due_at)) => (BatchStatus::Waiting, due_at),
        (false, None) => (BatchStatus::Done, now),
    }
}
