//! The chain: its head, what waits to be linked, and what verification reads.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bytea, Uuid};
use diesel_async::RunQueryDsl;

use super::{COLUMNS, PLACE, Place, Row, event, placed};
use crate::audit::{Event, Head, Linked};
use crate::db::schema::{audit_event, audit_head};
use crate::db::{Conn, Result, statement};
use crate::id::EventId;

/// Where the chain ends; `None` if the row that says so is missing.
///
/// # Errors
/// The database's.
pub async fn head(conn: &mut Conn) -> Result<Option<Head>> {
    let row: Option<(i64, Vec<u8>)> = audit_head::table
        .select((audit_head::seq, audit_head::hash))
        .first(conn)
        .await
        .optional()?;
    Ok(row.map(|(seq, hash)| Head { seq, hash }))
}

/// The same, its row locked until the transaction ends; `None` if it is missing or another process holds it.
///
/// # Errors
/// The database's.
pub async fn lock_head(conn: &mut Conn) -> Result<Option<Head>> {
    let row: Option<(i64, Vec<u8>)> = audit_head::table
        .select((audit_head::seq, audit_head::hash))
        .for_update()
        .skip_locked()
        .first(conn)
        .await
        .optional()?;
    Ok(row.map(|(seq, hash)| Head { seq, hash }))
}

/// Whether no event waits to be linked, and the head is there.
///
/// # Errors
/// The database's.
pub async fn is_idle(conn: &mut Conn) -> Result<bool> {
    let waiting = audit_event::table.filter(audit_event::seq.is_null());
    let idle = diesel::dsl::not(diesel::dsl::exists(waiting));
    let whole = diesel::dsl::exists(audit_head::table.select(audit_head::seq));
    Ok(diesel::select(idle.and(whole)).get_result(conn).await?)
}

/// Events that wait to be linked, in the order in which the database wrote them.
///
/// # Errors
/// The database's.
pub async fn waiting(conn: &mut Conn, limit: i64) -> Result<Vec<Event>> {
    let rows: Vec<Row> = audit_event::table
        .filter(audit_event::seq.is_null())
        .order((audit_event::written_at, audit_event::id))
        .select(COLUMNS)
        .limit(limit)
        .load(conn)
        .await?;
    Ok(rows.into_iter().map(event).collect())
}

/// How many events wait for more than a minute, and the first of them.
///
/// # Errors
/// The database's.
pub async fn waiting_long(conn: &mut Conn) -> Result<Option<(i64, EventId)>> {
    #[derive(QueryableByName)]
    struct Late {
        #[diesel(sql_type = BigInt)]
        events: i64,
        #[diesel(sql_type = Uuid)]
        first: EventId,
    }
    let late: Option<Late> = statement(
        "select count(*) over () as events, id as first from audit_event \
         where seq is null and coalesce(written_at, at) < clock_timestamp() - interval '1 minute' \
         order by written_at, id limit 1",
    )
    .get_result(conn)
    .await
    .optional()?;
    Ok(late.map(|late| (late.events, late.first)))
}

/// How many events wait.
///
/// # Errors
/// The database's.
pub async fn count_waiting(conn: &mut Conn) -> Result<i64> {
    Ok(audit_event::table
        .filter(audit_event::seq.is_null())
        .count()
        .get_result(conn)
        .await?)
}

/// Puts events in their place, and the head at the last of them.
///
/// # Errors
/// The database's; a conflict if one of them is linked already.
pub async fn link(conn: &mut Conn, events: &[Linked]) -> Result<()> {
    let ids: Vec<EventId> = events.iter().map(|one| one.event.id).collect();
    let numbers: Vec<i64> = events.iter().map(|one| one.seq).collect();
    let predecessors: Vec<&[u8]> = events.iter().map(|one| &*one.prev_hash).collect();
    let hashes: Vec<&[u8]> = events.iter().map(|one| &*one.hash).collect();
    statement("select audit_link($1, $2, $3, $4)")
        .bind::<Array<Uuid>, _>(ids)
        .bind::<Array<BigInt>, _>(numbers)
        .bind::<Array<Bytea>, _>(predecessors)
        .bind::<Array<Bytea>, _>(hashes)
        .execute(conn)
        .await?;
    Ok(())
}

/// The numbers of rows behind the end of the chain, ascending: the program wrote none of them.
///
/// # Errors
/// The database's.
pub async fn numbers_after(conn: &mut Conn, seq: i64, limit: i64) -> Result<Vec<i64>> {
    Ok(audit_event::table
        .filter(audit_event::seq.gt(seq))
        .order(audit_event::seq)
        .select(audit_event::seq.assume_not_null())
        .limit(limit)
        .load(conn)
        .await?)
}

/// Which of these hashes some row names as its predecessor's.
///
/// # Errors
/// The database's.
pub async fn continued(conn: &mut Conn, hashes: &[&[u8]]) -> Result<Vec<Vec<u8>>> {
    if hashes.is_empty() {
        return Ok(Vec::new());
    }
    Ok(audit_event::table
        .filter(audit_event::prev_hash.eq_any(hashes))
        .select(audit_event::prev_hash.assume_not_null())
        .load(conn)
        .await?)
}

/// Whether an event with a number above `after` and not above `until` names this hash as its predecessor's.
///
/// # Errors
/// The database's.
pub async fn is_continued(conn: &mut Conn, hash: &[u8], after: i64, until: i64) -> Result<bool> {
    let next = audit_event::table
        .filter(audit_event::prev_hash.eq(hash))
        .filter(audit_event::seq.gt(after).and(audit_event::seq.le(until)));
    Ok(diesel::select(diesel::dsl::exists(next))
        .get_result(conn)
        .await?)
}

/// Rows with numbers, after `after` or from the lowest on, ascending.
///
/// # Errors
/// The database's.
pub async fn rows_after(conn: &mut Conn, after: Option<i64>, limit: i64) -> Result<Vec<Linked>> {
    let mut query = audit_event::table
        .filter(audit_event::seq.is_not_null())
        .order(audit_event::seq)
        .select((COLUMNS, PLACE))
        .limit(limit)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(audit_event::seq.gt(after));
    }
    let rows: Vec<(Row, Place)> = query.load(conn).await?;
    Ok(rows.into_iter().filter_map(placed).collect())
}

/// Rows with numbers, before `before` or from the highest on, descending.
///
/// # Errors
/// The database's.
pub async fn rows_before(conn: &mut Conn, before: Option<i64>, limit: i64) -> Result<Vec<Linked>> {
    let mut query = audit_event::table
        .filter(audit_event::seq.is_not_null())
        .order(audit_event::seq.desc())
        .select((COLUMNS, PLACE))
        .limit(limit)
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(audit_event::seq.lt(before));
    }
    let rows: Vec<(Row, Place)> = query.load(conn).await?;
    Ok(rows.into_iter().filter_map(placed).collect())
}

/// Whether the event with this number has this hash.
///
/// # Errors
/// The database's.
pub async fn holds(conn: &mut Conn, seq: i64, hash: &[u8]) -> Result<bool> {
    let event = audit_event::table.filter(audit_event::seq.eq(seq).and(audit_event::hash.eq(hash)));
    Ok(diesel::select(diesel::dsl::exists(event))
        .get_result(conn)
        .await?)
}

/// Lets the transaction wait for locks no longer than this.
///
/// # Errors
/// The database's.
pub async fn be_quick(conn: &mut Conn) -> Result<()> {
    for setting in [
        "set local lock_timeout = '1s'",
        "set local statement_timeout = '2s'",
    ] {
        statement(setting).execute(conn).await?;
    }
    Ok(())
}
