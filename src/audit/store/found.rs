//! Events of the chain by what they concern, who did them and what was done.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bytea, Nullable, Text, Timestamptz, Uuid};
use diesel_async::RunQueryDsl;

use crate::audit::{Event, Linked};
use crate::db::{Conn, Result, statement};
use crate::id::EventId;

/// What is common to the events; an empty text and a moment that is not given match every one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Acts {
    /// An actor as it is written, or a kind of actors with its colon: `staff:stf_…`, `system:`.
    pub actor: String,
    /// An action, or the noun of several actions: `campaign.approve`, `campaign`.
    pub action: String,
    /// The earliest moment.
    pub from: Option<DateTime<Utc>>,
    /// The first moment after the latest.
    pub to: Option<DateTime<Utc>>,
    /// An id that stands in the detail, or is the subject.
    pub mentions: String,
    /// The earliest moment of events on [`EVERYTHING`](crate::audit::EVERYTHING), where others are sought with them.
    pub everything_from: Option<DateTime<Utc>>,
}

#[derive(QueryableByName)]
struct FoundRow {
    #[diesel(sql_type = BigInt)]
    seq: i64,
    #[diesel(sql_type = Bytea)]
    prev_hash: Vec<u8>,
    #[diesel(sql_type = Bytea)]
    hash: Vec<u8>,
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
}

fn linked(row: FoundRow) -> Linked {
    Linked {
        seq: row.seq,
        prev_hash: row.prev_hash,
        hash: row.hash,
        event: Event {
            id: row.id,
            at: row.at,
            actor: row.actor,
            action: row.action,
            subject: row.subject,
            detail: row.detail,
        },
    }
}

macro_rules! columns {
    () => {
        "e.seq, e.prev_hash, e.hash, e.id, e.at, e.actor, e.action, e.subject, e.detail"
    };
}

macro_rules! sought {
    () => {
        "($3 = '' or a.actor = $3 or right($3, 1) = ':' and starts_with(a.actor, $3))
            and ($4 = '' or a.action = $4 or starts_with(a.action, $4 || '.'))
            and ($6 is null or a.at >= $6) and ($7 is null or a.at < $7)
            and ($8 = '' or a.subject = $8 or position($8 in a.detail) > 0)"
    };
}

// Each subject's newest rows come from the index; none is looked at that is not among them.
const ON: &str = concat!(
    "select ",
    columns!(),
    " from unnest($5) as s (subject) cross join lateral (
        select a.* from audit_event a
        where a.subject = s.subject and a.seq < $1
            and (s.subject <> 'everything' or $9 is null or a.at >= $9) and ",
    sought!(),
    " order by a.seq desc limit $2) e
    order by e.seq desc limit $2"
);

const BETWEEN: &str = concat!(
    "select ",
    columns!(),
    " from (
        select a.* from audit_event a
        where a.seq < $1 and a.seq >= $5 and ",
    sought!(),
    " order by a.seq desc limit $2) e
    order by e.seq desc"
);

/// The newest events on any of these subjects with a number below `before`, newest first. `subjects` are all different.
///
/// # Errors
/// The database's.
pub(crate) async fn on(
    conn: &mut Conn,
    subjects: &[String],
    acts: &Acts,
    (before, limit): (i64, i64),
) -> Result<Vec<Linked>> {
    let rows: Vec<FoundRow> = statement(ON)
        .bind::<BigInt, _>(before)
        .bind::<BigInt, _>(limit)
        .bind::<Text, _>(&acts.actor)
        .bind::<Text, _>(&acts.action)
        .bind::<Array<Text>, _>(subjects)
        .bind::<Nullable<Timestamptz>, _>(acts.from)
        .bind::<Nullable<Timestamptz>, _>(acts.to)
        .bind::<Text, _>(&acts.mentions)
        .bind::<Nullable<Timestamptz>, _>(acts.everything_from)
        .load(conn)
        .await?;
    Ok(rows.into_iter().map(linked).collect())
}

/// The newest events with a number below `before` and not below `from`, newest first.
///
/// # Errors
/// The database's.
pub(crate) async fn between(
    conn: &mut Conn,
    from: i64,
    acts: &Acts,
    (before, limit): (i64, i64),
) -> Result<Vec<Linked>> {
    let rows: Vec<FoundRow> = statement(BETWEEN)
        .bind::<BigInt, _>(before)
        .bind::<BigInt, _>(limit)
        .bind::<Text, _>(&acts.actor)
        .bind::<Text, _>(&acts.action)
        .bind::<BigInt, _>(from)
        .bind::<Nullable<Timestamptz>, _>(acts.from)
        .bind::<Nullable<Timestamptz>, _>(acts.to)
        .bind::<Text, _>(&acts.mentions)
        .load(conn)
        .await?;
    Ok(rows.into_iter().map(linked).collect())
}
