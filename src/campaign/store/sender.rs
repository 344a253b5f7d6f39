//! The senders at work. The database's clock counts: those of nodes differ.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text, Uuid};
use diesel_async::RunQueryDsl;

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

/// Says that this sender is at work; how many are, this one included.
///
/// # Errors
/// The database's.
pub async fn beat(conn: &mut Conn, me: SenderId, node: &str) -> Result<i64> {
    let beat = concat!(
        "with beat as (
            insert into sender (id, node, seen_at) values ($1, $2, now())
            on conflict (id) do update set seen_at = excluded.seen_at
        )
        select count(*) as n from sender where id <> $1 and seen_at > now() - ",
        silence!()
    );
    let others: Others = diesel::sql_query(beat)
        .bind::<Uuid, _>(me.uuid())
        .bind::<Text, _>(node)
        .get_result(conn)
        .await?;
    Ok(others.n + 1)
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
