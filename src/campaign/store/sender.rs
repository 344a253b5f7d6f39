//! The senders at work. The database's clock counts: those of nodes differ.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Double, Jsonb, Nullable, Text, Timestamptz, Uuid};
use diesel_async::RunQueryDsl;

use super::super::ability::{Ability, Barred, InUse, RelaySeen};
use super::super::{Campaign, CampaignStatus};
use super::pace::Pace;
use crate::db::schema::sender;
use crate::db::{Conn, Result, statement};
use crate::deployment::Doubt;
use crate::deployment::store::Seen;
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

/// Notices of all campaigns that senders at work have on connections.
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

/// Whether anything may leave, and what the senders at work see of their relays: read at one moment.
#[derive(Debug, Clone)]
pub struct SendState {
    /// When a member of staff stopped all sending, and the name of who did, if that is known.
    pub stopped: Option<Stopped>,
    /// When sending was last allowed again.
    pub allowed_at: Option<DateTime<Utc>>,
    /// The doubt about the database that is on record.
    pub doubt: Option<Doubt>,
    doubt_at: Option<DateTime<Utc>>,
    senders: Vec<Vec<RelaySeen>>,
}

/// The emergency stop while it is on.
#[derive(Debug, Clone)]
pub struct Stopped {
    /// When it was set.
    pub at: DateTime<Utc>,
    /// The actor that set it, in the text form of [`crate::actor::Actor`].
    pub by: String,
    /// The name of the member of staff who set it.
    pub name: Option<String>,
}

#[derive(QueryableByName)]
struct SendRow {
    #[diesel(sql_type = Nullable<Timestamptz>)]
    stopped_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Text>)]
    stopped_by: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    stopper: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    allowed_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Array<Jsonb>)]
    senders: Vec<serde_json::Value>,
    #[diesel(embed)]
    seen: Seen,
}

// What the text form of an actor of staff says of its account's id is `Actor`'s.
const SEND_STATE: &str = concat!(
    "select e.stopped_at, e.stopped_by, e.allowed_at,
        (select s.name from staff s
            where s.id = substring(e.stopped_by from '^staff:[a-z]+_([0-9a-f]{32})$')::uuid) as stopper,
        array(select s.relays from sender s where s.seen_at > now() - ",
    silence!(),
    " order by s.node, s.id) as senders,
        d.id, d.epoch, d.generation, d.grown_at, d.doubt, d.doubt_at, copy_evidence() as evidence
    from emergency_stop e cross join deployment d"
);

/// Reads it.
///
/// # Errors
/// `Missing` if the database does not say where it was written: then nothing is sent either.
pub async fn send_state(conn: &mut Conn) -> Result<SendState> {
    let row: SendRow = statement(SEND_STATE).get_result(conn).await?;
    let read = |seen| serde_json::from_value::<Vec<RelaySeen>>(seen).unwrap_or_default();
    let stopped = row.stopped_at.zip(row.stopped_by);
    Ok(SendState {
        stopped: stopped.map(|(at, by)| Stopped {
            at,
            by,
            name: row.stopper,
        }),
        allowed_at: row.allowed_at,
        doubt: row.seen.doubt(),
        doubt_at: row.seen.doubt_at(),
        senders: row.senders.into_iter().map(read).collect(),
    })
}

impl SendState {
    /// Whether any message can leave now.
    pub fn ability(&self, now: DateTime<Utc>) -> Ability {
        let stopped = self.stopped.as_ref().map(|stop| Barred::Stopped(stop.at));
        let barred = stopped.or(self.doubt_at.map(Barred::InDoubt));
        Ability::of(barred, &self.senders, now)
    }

    /// Whether messages of a campaign can leave now; of a cancelled one, whether what is left of it can be settled.
    pub fn ability_of(&self, of: &Campaign, pace: Option<&Pace>, now: DateTime<Utc>) -> Ability {
        match of.status {
            CampaignStatus::Cancelled => self.settling(),
            _ => Pace::allows(pace, &self.ability(now)),
        }
    }

    /// What keeps cancelled campaigns from being settled: that no sender is at work, or doubt about the database. A stop,
    /// relays that are held and pacing do not: nothing is sent for it (`delivery::store::batch::claim`).
    fn settling(&self) -> Ability {
        match self.doubt_at {
            Some(since) => Ability::InDoubt { since },
            None if self.senders.iter().any(|relays| !relays.is_empty()) => Ability::Open,
            None => Ability::NoSender,
        }
    }

    /// What senders at work see of their relays, sender by sender.
    pub fn relays(&self) -> Vec<RelaySeen> {
        self.senders.iter().flatten().cloned().collect()
    }
}

/// What senders at work see of their relays, sender by sender.
///
/// # Errors
/// As [`send_state`].
pub async fn relays(conn: &mut Conn) -> Result<Vec<RelaySeen>> {
    Ok(send_state(conn).await?.relays())
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
