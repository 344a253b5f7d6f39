//! Weighing tickets again when a list says something else of their people.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Text, Timestamptz, Uuid};
use diesel_async::RunQueryDsl;

use crate::db::schema::sql_types;
use crate::db::{Conn, Error, Result};
use crate::element::ElementSet;
use crate::id::{IncidentId, TicketId};
use crate::person::PersonStanding;
use crate::person::flags::Flags;
use crate::ticket::urgency::{Harms, Stake, weigh};

/// Tickets in one statement.
const AT_ONCE: i64 = 1_000;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Uuid)]
    id: TicketId,
    #[diesel(sql_type = Integer)]
    harm: i32,
    #[diesel(sql_type = BigInt)]
    exposed: i64,
    #[diesel(sql_type = Integer)]
    flags: i32,
    #[diesel(sql_type = sql_types::PersonStanding)]
    standing: PersonStanding,
}

// The bucket of a person stands in the last six bits of their id.
const CHANGED: &str = "
    select t.id, t.harm, p.exposed, p.flags, p.standing
    from ticket t
    join person_now p on p.bucket = get_byte(uuid_send(t.person_id), 15) & 63 and p.id = t.person_id
    where t.incident_id = $1 and t.status <> 'closed' and t.id > $3 and p.changed_scope = $2
    order by t.id limit $4
    for no key update of t";

// The tickets opened since a moment, of incidents with a list that came in force since then.
const RECENT: &str = "
    select t.id, t.harm, p.exposed, p.flags, p.standing
    from ticket t
    join person_now p on p.bucket = get_byte(uuid_send(t.person_id), 15) & 63 and p.id = t.person_id
    where t.created_at > $1 and t.status <> 'closed' and t.id > $2
        and t.incident_id in (select v.incident_id from scope_version v where v.activated_at > $1)
    order by t.id limit $3
    for no key update of t";

const SET: &str = "
    update ticket t set urgency = w.urgency, urgency_why = w.why
    from unnest($1, $2, $3) as w (id, urgency, why)
    where t.id = w.id and (t.urgency, t.urgency_why) is distinct from (w.urgency, w.why)";

/// Weighs the tickets that are not closed of the people that this list version changed. Their versions stay, since
/// nothing that an agent answers changes. How many were looked at.
///
/// # Errors
/// `Inconsistent` for an element or flag that the program does not know.
pub async fn weigh_again(conn: &mut Conn, incident: IncidentId, version: i32) -> Result<usize> {
    let (mut after, mut seen) = (uuid::Uuid::nil(), 0);
    loop {
        let rows: Vec<Row> = diesel::sql_query(CHANGED)
            .bind::<Uuid, _>(incident)
            .bind::<Integer, _>(version)
            .bind::<Uuid, _>(after)
            .bind::<BigInt, _>(AT_ONCE)
            .load(conn)
            .await?;
        let Some(last) = rows.last() else {
            return Ok(seen);
        };
        after = last.id.uuid();
        seen += rows.len();
        set(conn, &rows).await?;
    }
}

/// Weighs the tickets opened since a moment, of incidents with a list that came in force since then: one that was being
/// opened as the list came in force was weighed by what the former list says, and [`weigh_again`] did not see it. How
/// many weigh something else now.
///
/// # Errors
/// As [`weigh_again`].
pub async fn weigh_recent(conn: &mut Conn, since: DateTime<Utc>) -> Result<usize> {
    let (mut after, mut changed) = (uuid::Uuid::nil(), 0);
    loop {
        let rows: Vec<Row> = diesel::sql_query(RECENT)
            .bind::<Timestamptz, _>(since)
            .bind::<Uuid, _>(after)
            .bind::<BigInt, _>(AT_ONCE)
            .load(conn)
            .await?;
        let Some(last) = rows.last() else {
            return Ok(changed);
        };
        after = last.id.uuid();
        changed += set(conn, &rows).await?;
    }
}

async fn set(conn: &mut Conn, rows: &[Row]) -> Result<usize> {
    let weighed = rows.iter().map(weighed).collect::<Result<Vec<_>>>()?;
    let ids: Vec<_> = rows.iter().map(|row| row.id.uuid()).collect();
    let (scores, whys): (Vec<_>, Vec<_>) = weighed.into_iter().unzip();
    Ok(diesel::sql_query(SET)
        .bind::<Array<Uuid>, _>(ids)
        .bind::<Array<Integer>, _>(scores)
        .bind::<Array<Text>, _>(whys)
        .execute(conn)
        .await?)
}

fn weighed(row: &Row) -> Result<(i32, String)> {
    let broken = || Error::inconsistent("person of ticket", row.id);
    let retracted = row.standing == PersonStanding::Retracted;
    let exposed = ElementSet::from_bits(row.exposed).ok_or_else(broken)?;
    let flags = Flags::from_bits(row.flags).ok_or_else(broken)?;
    let stake = Stake::of(exposed, flags, retracted);
    let urgency = weigh(stake, Harms::from_bits(row.harm));
    Ok((urgency.score, urgency.why))
}
