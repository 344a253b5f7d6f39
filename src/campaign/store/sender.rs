//! The senders at work. The database's clock counts: those of nodes differ.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Jsonb, Text, Uuid};
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};

use crate::db::schema::sender;
use crate::db::{Conn, Result};
use crate::id::SenderId;

/// A sender that has said nothing for so long is not at work.
macro_rules! silence {
    () => {
        "interval '5 seconds'"
    };
}

#[derive(QueryableByName)]
struct Others {
    #[diesel(sql_type = BigInt)]
    n: i64,
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
}

/// Says that this sender is at work, and what it sees of its relays; how many are, this one included.
///
/// # Errors
/// The database's.
pub async fn beat(conn: &mut Conn, me: SenderId, node: &str, relays: &[RelaySeen]) -> Result<i64> {
    let beat = concat!(
        "with beat as (
            insert into sender (id, node, seen_at, relays) values ($1, $2, now(), $3)
            on conflict (id) do update set seen_at = excluded.seen_at, relays = excluded.relays
        )
        select count(*) as n from sender where id <> $1 and seen_at > now() - ",
        silence!()
    );
    let others: Others = diesel::sql_query(beat)
        .bind::<Uuid, _>(me.uuid())
        .bind::<Text, _>(node)
        .bind::<Jsonb, _>(serde_json::json!(relays))
        .get_result(conn)
        .await?;
    Ok(others.n + 1)
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
