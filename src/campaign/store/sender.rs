//! The senders at work. The database's clock counts: those of nodes differ.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Jsonb, Text, Uuid};
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};

use crate::db::schema::sender;
use crate::db::{Conn, Result};
use crate::id::{CampaignId, SenderId};

/// A sender that has said nothing for so long is not at work.
macro_rules! silence {
    () => {
        "interval '5 seconds'"
    };
}

#[derive(QueryableByName)]
struct Other {
    #[diesel(sql_type = Array<Uuid>)]
    campaigns: Vec<CampaignId>,
}

/// A relay as a sender sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelaySeen {
    /// Its name.
    pub name: String,
    /// Open connections to it.
    pub connections: i64,
    /// It is held until then.
    pub held_until: Option<DateTime<Utc>>,
    /// Why.
    pub why: Option<String>,
    /// The mailbox providers whose mail it keeps back while mail to others goes on.
    #[serde(default)]
    pub providers: Vec<ProviderHeld>,
}

/// A mailbox provider whose mail a relay keeps back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderHeld {
    /// Its name in the settings. Of others nothing is said: a domain may be one person's.
    pub name: Option<String>,
    /// It is held until then.
    pub until: DateTime<Utc>,
    /// Why.
    pub why: String,
}

/// What a sender says of itself.
#[derive(Debug, Clone, Default)]
pub struct Beat {
    /// Its relays as it sees them.
    pub relays: Vec<RelaySeen>,
    /// The campaigns of which it has notices in hand and can send them.
    pub campaigns: Vec<CampaignId>,
}

/// Says that this sender is at work. The campaigns of each of the others that are.
///
/// # Errors
/// The database's.
pub async fn beat(
    conn: &mut Conn,
    me: SenderId,
    node: &str,
    beat: &Beat,
) -> Result<Vec<Vec<CampaignId>>> {
    let question = concat!(
        "with beat as (
            insert into sender (id, node, seen_at, relays, campaigns) values ($1, $2, now(), $3, $4)
            on conflict (id) do update set seen_at = excluded.seen_at, relays = excluded.relays,
                campaigns = excluded.campaigns
        )
        select campaigns from sender where id <> $1 and seen_at > now() - ",
        silence!()
    );
    let others: Vec<Other> = diesel::sql_query(question)
        .bind::<Uuid, _>(me.uuid())
        .bind::<Text, _>(node)
        .bind::<Jsonb, _>(serde_json::json!(beat.relays))
        .bind::<Array<Uuid>, _>(&beat.campaigns)
        .load(conn)
        .await?;
    Ok(others.into_iter().map(|other| other.campaigns).collect())
}

/// What senders at work see of their relays, sender by sender.
///
/// # Errors
/// The database's.
pub async fn relays(conn: &mut Conn) -> Result<Vec<RelaySeen>> {
    let at_work =
        diesel::dsl::sql::<diesel::sql_types::Bool>(concat!("seen_at > now() - ", silence!()));
    let seen: Vec<serde_json::Value> = sender::table
        .filter(at_work)
        .order((sender::node, sender::id))
        .select(sender::relays)
        .load(conn)
        .await?;
    let read = |seen| serde_json::from_value::<Vec<RelaySeen>>(seen).unwrap_or_default();
    Ok(seen.into_iter().flat_map(read).collect())
}

/// This sender stops working. Those that went without a word go with it.
///
/// # Errors
/// The database's.
pub async fn leave(conn: &mut Conn, me: SenderId) -> Result<()> {
    let silent =
        diesel::dsl::sql::<diesel::sql_types::Bool>(concat!("seen_at < now() - ", silence!()));
    diesel::delete(sender::table.filter(sender::id.eq(me).or(silent)))
        .execute(conn)
        .await?;
    Ok(())
}
