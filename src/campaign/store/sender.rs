//! The senders at work. The database's clock counts: those of nodes differ.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Double, Jsonb, Text, Uuid};
use diesel_async::RunQueryDsl;

use super::super::ability::{Ability, InUse, RelaySeen};
use super::super::{Campaign, CampaignStatus};
use super::pace::{Pace, barred, in_doubt_since};
use crate::db::schema::sender;
use crate::db::{Conn, Result, statement};
use crate::id::{CampaignId, SenderId};

/// A sender without a heartbeat for this long is not at work.
macro_rules! silence {
    () => {
        "interval '5 seconds'"
    };
}

#[derive(QueryableByName)]
struct Other {
    #[diesel(sql_type = Array<Uuid>)]
    campaigns: Vec<CampaignId>,
    #[diesel(sql_type = Bool)]
    outbox: bool,
}

/// What a sender says of itself.
#[derive(Debug, Clone, Default)]
pub struct Heartbeat {
    /// Its relays as it sees them.
    pub relays: Vec<RelaySeen>,
    /// What it sends now.
    pub in_use: InUse,
    /// How many notices of each campaign it has on connections.
    pub sending: BTreeMap<CampaignId, usize>,
    /// How long it has been at work. Its row may be deleted while it is cut off, and then says when it began all the same.
    pub at_work: Duration,
}

/// Says that this sender is at work. Returns what each of the others that are sends.
///
/// # Errors
/// The database's.
pub async fn publish_heartbeat(
    conn: &mut Conn,
    me: SenderId,
    node: &str,
    heartbeat: &Heartbeat,
) -> Result<Vec<InUse>> {
    let question = concat!(
        "with beat as (
            insert into sender (id, node, seen_at, relays, campaigns, sending, outbox, began_at)
            values ($1, $2, now(), $3, $4, $5, $6, now() - $7 * interval '1 second')
            on conflict (id) do update set seen_at = excluded.seen_at, relays = excluded.relays,
                campaigns = excluded.campaigns, sending = excluded.sending, outbox = excluded.outbox
        )
        select campaigns, outbox from sender where id <> $1 and seen_at > now() - ",
        silence!()
    );
    let others: Vec<Other> = diesel::sql_query(question)
        .bind::<Uuid, _>(me.uuid())
        .bind::<Text, _>(node)
        .bind::<Jsonb, _>(serde_json::json!(heartbeat.relays))
        .bind::<Array<Uuid>, _>(&heartbeat.in_use.campaigns)
        .bind::<Jsonb, _>(serde_json::json!(heartbeat.sending))
        .bind::<Bool, _>(heartbeat.in_use.outbox)
        .bind::<Double, _>(heartbeat.at_work.as_secs_f64())
        .load(conn)
        .await?;
    let in_use = |other: Other| InUse {
        campaigns: other.campaigns,
        outbox: other.outbox,
    };
    Ok(others.into_iter().map(in_use).collect())
}

#[derive(QueryableByName)]
struct Sending {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

/// Notices of a campaign that senders at work have on connections.
///
/// # Errors
/// The database's.
pub async fn sending(conn: &mut Conn, campaign: CampaignId) -> Result<i64> {
    let question = concat!(
        "select coalesce(sum((sending ->> $1)::bigint), 0)::bigint as n from sender where seen_at > now() - ",
        silence!()
    );
    let sending: Sending = statement(question)
        .bind::<Text, _>(campaign.to_string())
        .get_result(conn)
        .await?;
    Ok(sending.n)
}

/// The same of all campaigns.
///
/// # Errors
/// The database's.
pub async fn sending_in_all(conn: &mut Conn) -> Result<i64> {
    let question = concat!(
        "select coalesce(sum(of.n::bigint), 0)::bigint as n from sender, jsonb_each_text(sending) as of (campaign, n)
        where seen_at > now() - ",
        silence!()
    );
    let sending: Sending = statement(question).get_result(conn).await?;
    Ok(sending.n)
}

/// Whether any message can leave now.
///
/// # Errors
/// The database's.
pub async fn ability(conn: &mut Conn, now: DateTime<Utc>) -> Result<Ability> {
    let barred = barred(conn).await?;
    Ok(Ability::of(barred, &by_sender(conn).await?, now))
}

/// Whether messages of a campaign can leave now; of a cancelled one, whether what is left of it can be settled.
///
/// # Errors
/// The database's.
pub async fn ability_of(
    conn: &mut Conn,
    of: &Campaign,
    pace: Option<&Pace>,
    now: DateTime<Utc>,
) -> Result<Ability> {
    match of.status {
        CampaignStatus::Cancelled => settling(conn).await,
        _ => Ok(Pace::allows(pace, &ability(conn, now).await?)),
    }
}

/// What keeps cancelled campaigns from being settled: that no sender is at work, or doubt about the database. A stop,
/// relays that are held and pacing do not: nothing is sent for it (`delivery::store::batch::claim`).
async fn settling(conn: &mut Conn) -> Result<Ability> {
    let in_doubt = in_doubt_since(conn).await?;
    let at_work = !relays(conn).await?.is_empty();
    Ok(match in_doubt {
        Some(since) => Ability::InDoubt { since },
        None if at_work => Ability::Open,
        None => Ability::NoSender,
    })
}

/// What senders at work see of their relays, sender by sender.
///
/// # Errors
/// The database's.
pub async fn relays(conn: &mut Conn) -> Result<Vec<RelaySeen>> {
    Ok(by_sender(conn).await?.into_iter().flatten().collect())
}

async fn by_sender(conn: &mut Conn) -> Result<Vec<Vec<RelaySeen>>> {
    let at_work = diesel::dsl::sql::<Bool>(concat!("seen_at > now() - ", silence!()));
    let seen: Vec<serde_json::Value> = sender::table
        .filter(at_work)
        .order((sender::node, sender::id))
        .select(sender::relays)
        .load(conn)
        .await?;
    let read = |seen| serde_json::from_value::<Vec<RelaySeen>>(seen).unwrap_or_default();
    Ok(seen.into_iter().map(read).collect())
}

/// Deletes this sender's heartbeat row and every row that has timed out.
///
/// # Errors
/// The database's.
pub async fn leave(conn: &mut Conn, me: SenderId) -> Result<()> {
    let silent = diesel::dsl::sql::<Bool>(concat!("seen_at < now() - ", silence!()));
    diesel::delete(sender::table.filter(sender::id.eq(me).or(silent)))
        .execute(conn)
        .await?;
    Ok(())
}
