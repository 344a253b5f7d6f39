//! The newest events of a subject, and which of them are of the chain: one statement.

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Bool, Bytea, Nullable, Text, Timestamptz, Uuid};
use diesel_async::RunQueryDsl;

use super::STRAYS;
use crate::audit::{Action, Event, Linked};
use crate::db::{Conn, Result};
use crate::id::EventId;

/// One row of [`question`].
#[derive(QueryableByName)]
pub(crate) struct Newest {
    #[diesel(sql_type = Uuid)]
    id: EventId,
    #[diesel(sql_type = Timestamptz)]
    at: DateTime<Utc>,
    #[diesel(sql_type = Text)]
    actor: String,
    #[diesel(sql_type = Text)]
    action: String,
    #[diesel(sql_type = Text)]
    subject: String,
    #[diesel(sql_type = Text)]
    detail: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    seq: Option<i64>,
    #[diesel(sql_type = Nullable<Bytea>)]
    prev_hash: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<Bytea>)]
    hash: Option<Vec<u8>>,
    /// Whether it is not behind the end of the chain, and another row continues it unless it is the last.
    #[diesel(sql_type = Bool)]
    is_placed: bool,
}

/// The statement about the newest rows for which the condition `of` holds, newest first: at most the number that `most`
/// is. Both are SQL. Rows without a number wait to be linked: they are the newest.
pub(crate) fn question(of: &str, most: &str) -> String {
    format!(
        "select e.id, e.at, e.actor, e.action, e.subject, e.detail, e.seq, e.prev_hash, e.hash, e.written_at,
            coalesce(e.seq <= h.seq and (e.hash = h.hash or exists (
                select from audit_event n where n.prev_hash = e.hash)), false) as is_placed
        from (select * from audit_event where {of} order by seq desc, written_at desc limit {most}) e
        left join audit_head h on true
        order by e.seq desc, e.written_at desc"
    )
}

/// How many rows are read for so many events: some may be outside of the chain.
pub(crate) fn rows_for(limit: i64) -> i64 {
    limit + STRAYS
}

impl Newest {
    /// The event; `None` for a row outside of the chain: behind its end, with contents that do not give its hash, or
    /// continued by no row.
    pub(crate) fn event(self) -> Option<Event> {
        let event = Event {
            id: self.id,
            at: self.at,
            actor: self.actor,
            action: self.action,
            subject: self.subject,
            detail: self.detail,
        };
        let Some(seq) = self.seq else {
            return Some(event);
        };
        let linked = Linked {
            seq,
            event,
            prev_hash: self.prev_hash?,
            hash: self.hash?,
        };
        (self.is_placed && linked.is_intact()).then_some(linked.event)
    }
}

/// The newest events of one subject, newest first, those included that wait to be linked. Rows outside of the chain are
/// left out.
///
/// # Errors
/// The database's.
pub async fn list(conn: &mut Conn, subject: &str, limit: i64) -> Result<Vec<Event>> {
    let rows: Vec<Newest> = diesel::sql_query(question("subject = $1", "$2"))
        .bind::<Text, _>(subject)
        .bind::<BigInt, _>(rows_for(limit))
        .load(conn)
        .await?;
    Ok(shown(rows, limit))
}

/// The same, of these actions only.
///
/// # Errors
/// The database's.
pub async fn list_acts(
    conn: &mut Conn,
    subject: &str,
    actions: &[Action],
    limit: i64,
) -> Result<Vec<Event>> {
    let words: Vec<&str> = actions.iter().map(|action| action.as_str()).collect();
    let of = "subject = $1 and action = any($3)";
    let rows: Vec<Newest> = diesel::sql_query(question(of, "$2"))
        .bind::<Text, _>(subject)
        .bind::<BigInt, _>(rows_for(limit))
        .bind::<Array<Text>, _>(words)
        .load(conn)
        .await?;
    Ok(shown(rows, limit))
}

fn shown(rows: Vec<Newest>, limit: i64) -> Vec<Event> {
    let events = rows.into_iter().filter_map(Newest::event);
    events.take(usize::try_from(limit).unwrap_or(0)).collect()
}

/// The newest event of each of these subjects.
///
/// # Errors
/// The database's.
pub async fn last_of_each(conn: &mut Conn, subjects: &[String]) -> Result<Vec<Event>> {
    let of_each = format!(
        "select f.* from unnest($1) as each (subject) cross join lateral ({}) f
        order by f.subject, f.seq desc, f.written_at desc",
        question("subject = each.subject", "$2")
    );
    let rows: Vec<Newest> = diesel::sql_query(of_each)
        .bind::<Array<Text>, _>(subjects)
        .bind::<BigInt, _>(rows_for(1))
        .load(conn)
        .await?;
    let mut last: Vec<Event> = rows.into_iter().filter_map(Newest::event).collect();
    last.dedup_by(|later, first| later.subject == first.subject);
    Ok(last)
}
