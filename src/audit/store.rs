//! Appends to the audit log and reads it.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::Value;

use super::{Chain, Event, Flaw};
use crate::actor::Actor;
use crate::db::schema::{audit_event, audit_head};
use crate::db::{Conn, Result};

/// How many events are read at once while the chain is followed.
const PAGE: i64 = 1_000;

/// Appends an event in the caller's transaction. The head's row lock orders all writers, so this is
/// the last statement before the commit.
///
/// # Errors
/// The database's.
pub async fn append(
    conn: &mut Conn,
    at: DateTime<Utc>,
    actor: Actor,
    deed: &str,
    subject: impl ToString,
    detail: &Value,
) -> Result<()> {
    let (seq, prev_hash): (i64, Vec<u8>) = audit_head::table
        .select((audit_head::seq, audit_head::hash))
        .for_update()
        .first(conn)
        .await?;
    let mut event = Event {
        seq: seq + 1,
        at,
        actor: actor.to_string(),
        deed: deed.to_owned(),
        subject: subject.to_string(),
        detail: detail.to_string(),
        prev_hash,
        hash: Vec::new(),
    };
    event.hash = event.compute_hash().to_vec();
    diesel::insert_into(audit_event::table)
        .values((
            audit_event::seq.eq(event.seq),
            audit_event::at.eq(event.at),
            audit_event::actor.eq(&event.actor),
            audit_event::deed.eq(&event.deed),
            audit_event::subject.eq(&event.subject),
            audit_event::detail.eq(&event.detail),
            audit_event::prev_hash.eq(&event.prev_hash),
            audit_event::hash.eq(&event.hash),
        ))
        .execute(conn)
        .await?;
    diesel::update(audit_head::table)
        .set((
            audit_head::seq.eq(event.seq),
            audit_head::hash.eq(&event.hash),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

type Row = (
    i64,
    DateTime<Utc>,
    String,
    String,
    String,
    String,
    Vec<u8>,
    Vec<u8>,
);

fn event(row: Row) -> Event {
    let (seq, at, actor, deed, subject, detail, prev_hash, hash) = row;
    Event {
        seq,
        at,
        actor,
        deed,
        subject,
        detail,
        prev_hash,
        hash,
    }
}

/// The newest events, newest first, before `before` if given; of one subject if given.
///
/// # Errors
/// The database's.
pub async fn list(
    conn: &mut Conn,
    subject: Option<&str>,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<Event>> {
    let mut query = audit_event::table
        .order(audit_event::seq.desc())
        .limit(limit)
        .into_boxed();
    if let Some(subject) = subject {
        query = query.filter(audit_event::subject.eq(subject.to_owned()));
    }
    if let Some(before) = before {
        query = query.filter(audit_event::seq.lt(before));
    }
    let rows: Vec<Row> = query.load(conn).await?;
    Ok(rows.into_iter().map(event).collect())
}

/// Where the chain ends: the number of the last event and its hash.
///
/// # Errors
/// The database's.
pub async fn head(conn: &mut Conn) -> Result<(i64, Vec<u8>)> {
    Ok(audit_head::table
        .select((audit_head::seq, audit_head::hash))
        .first(conn)
        .await?)
}

/// Whether the event with this number has this hash.
///
/// # Errors
/// The database's.
pub async fn holds(conn: &mut Conn, seq: i64, hash: &[u8]) -> Result<bool> {
    let event = audit_event::table
        .find(seq)
        .filter(audit_event::hash.eq(hash));
    Ok(diesel::select(diesel::dsl::exists(event))
        .get_result(conn)
        .await?)
}

/// Follows the whole chain; the number of events if it is whole.
///
/// # Errors
/// The database's; the inner result names the first [`Flaw`].
pub async fn verify(conn: &mut Conn) -> Result<std::result::Result<i64, Flaw>> {
    let (seq, hash) = head(conn).await?;
    let mut chain = Chain::default();
    let mut after = 0;
    loop {
        let rows: Vec<Row> = audit_event::table
            .filter(audit_event::seq.gt(after).and(audit_event::seq.le(seq)))
            .order(audit_event::seq)
            .limit(PAGE)
            .load(conn)
            .await?;
        let Some(last) = rows.last() else { break };
        after = last.0;
        for row in rows {
            if let Err(flaw) = chain.follow(&event(row)) {
                return Ok(Err(flaw));
            }
        }
    }
    Ok(chain.end(seq, &hash))
}
