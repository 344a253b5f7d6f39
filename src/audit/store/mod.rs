//! Writes the audit log and reads it.

pub mod chain;
pub(crate) mod found;
pub(crate) mod newest;

pub use newest::{last_of_each, list, list_acts};

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Text, Timestamptz, Uuid};
use diesel_async::RunQueryDsl;
use serde_json::Value;

use super::{Action, Event, Head, Linked};
use crate::actor::Actor;
use crate::db::schema::audit_event;
use crate::db::{Conn, Result, statement};
use crate::id::EventId;

/// How many rows outside of the chain one page or list passes over.
const STRAYS: i64 = 20;

/// Writes an act in the caller's transaction. It waits for no lock: a background task gives it its place in the chain
/// after the commit.
///
/// # Errors
/// The database's.
pub async fn append(
    conn: &mut Conn,
    at: DateTime<Utc>,
    actor: Actor,
    action: Action,
    subject: impl ToString,
    detail: &Value,
) -> Result<()> {
    write(conn, &Event::new(at, actor, action, subject, detail)).await
}

/// Writes an event that was made before. One with the same id can be written once only.
///
/// # Errors
/// The database's; a conflict if it is written already.
pub async fn write(conn: &mut Conn, event: &Event) -> Result<()> {
    statement("select audit_write($1, $2, $3, $4, $5, $6)")
        .bind::<Uuid, _>(event.id)
        .bind::<Timestamptz, _>(event.at)
        .bind::<Text, _>(&event.actor)
        .bind::<Text, _>(&event.action)
        .bind::<Text, _>(&event.subject)
        .bind::<Text, _>(&event.detail)
        .execute(conn)
        .await?;
    Ok(())
}

/// Which of these events are written.
///
/// # Errors
/// The database's.
pub async fn written(conn: &mut Conn, ids: &[EventId]) -> Result<Vec<EventId>> {
    Ok(audit_event::table
        .filter(audit_event::id.eq_any(ids))
        .select(audit_event::id)
        .load(conn)
        .await?)
}

pub(super) type Columns = (
    audit_event::id,
    audit_event::at,
    audit_event::actor,
    audit_event::action,
    audit_event::subject,
    audit_event::detail,
);

pub(super) const COLUMNS: Columns = (
    audit_event::id,
    audit_event::at,
    audit_event::actor,
    audit_event::action,
    audit_event::subject,
    audit_event::detail,
);

pub(super) type Row = (EventId, DateTime<Utc>, String, String, String, String);
pub(super) type Place = (Option<i64>, Option<Vec<u8>>, Option<Vec<u8>>);

pub(super) fn event((id, at, actor, action, subject, detail): Row) -> Event {
    Event {
        id,
        at,
        actor,
        action,
        subject,
        detail,
    }
}

/// A row with its place; `None` for one that waits to be linked.
pub(super) fn placed((row, place): (Row, Place)) -> Option<Linked> {
    let (seq, prev_hash, hash) = place;
    Some(Linked {
        seq: seq?,
        event: event(row),
        prev_hash: prev_hash?,
        hash: hash?,
    })
}

pub(super) const PLACE: (audit_event::seq, audit_event::prev_hash, audit_event::hash) =
    (audit_event::seq, audit_event::prev_hash, audit_event::hash);

/// Those of these rows that are of the chain: not behind its end, with the hash of their contents, and continued by another
/// row unless they are the last.
///
/// # Errors
/// The database's.
pub async fn chained(conn: &mut Conn, rows: Vec<Linked>) -> Result<Vec<Linked>> {
    let hashes: Vec<&[u8]> = rows.iter().map(|row| &*row.hash).collect();
    // In this order: an event that is no longer the last one has its successor by then.
    let head = chain::head(conn).await?.unwrap_or_default();
    let continued = chain::continued(conn, &hashes).await?;
    let is_chained = |row: &Linked| {
        let last = row.hash == head.hash;
        row.seq <= head.seq && row.is_intact() && (last || continued.contains(&row.hash))
    };
    Ok(rows.into_iter().filter(is_chained).collect())
}

/// A page of the chain.
#[derive(Debug, Default)]
pub struct Page {
    /// Its events, newest first.
    pub rows: Vec<Linked>,
    /// Whether older events follow.
    pub more: bool,
    /// The chain does not go on after the last event of the page, though it should.
    pub breaks: bool,
}

/// The newest `limit` events of the chain, newest first; those before the event with the number `before`, if given. Rows
/// outside of the chain are left out.
///
/// # Errors
/// The database's.
pub async fn page(conn: &mut Conn, before: Option<i64>, limit: usize) -> Result<Page> {
    let Head { seq, hash } = chain::head(conn).await?.unwrap_or_default();
    let begin = before.unwrap_or(seq).min(seq);
    let most = i64::try_from(limit).unwrap_or(i64::MAX - STRAYS) + STRAYS;
    let rows: Vec<(Row, Place)> = audit_event::table
        .filter(audit_event::seq.le(begin))
        .order(audit_event::seq.desc())
        .select((COLUMNS, PLACE))
        .limit(most)
        .load(conn)
        .await?;
    let mut rows = rows.into_iter().filter_map(placed).peekable();
    let mut expected = hash;
    if before.is_some_and(|before| before <= seq) {
        // The event that the page before ended with says what comes next.
        expected = match rows.next_if(|row| Some(row.seq) == before) {
            Some(anchor) => anchor.prev_hash,
            None => {
                return Ok(Page {
                    breaks: true,
                    ..Page::default()
                });
            }
        };
    }
    let mut page = Page::default();
    for row in rows {
        if row.hash != expected || !row.is_intact() {
            continue;
        }
        page.more = page.rows.len() == limit;
        if page.more {
            return Ok(page);
        }
        expected.clone_from(&row.prev_hash);
        page.rows.push(row);
    }
    page.breaks = !expected.is_empty();
    Ok(page)
}
