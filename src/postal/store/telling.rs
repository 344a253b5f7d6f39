//! Other messages that told people, and letters to another person than the affected one.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Timestamptz, Uuid};
use diesel_async::RunQueryDsl;

use super::super::{Counted, PostalStatus};
use crate::db::schema::postal_item;
use crate::db::{Conn, Error, Result, statement};
use crate::element::ElementSet;
use crate::id::{IncidentId, PersonId};
use crate::person::ToldBy;

#[derive(QueryableByName)]
struct Sent {
    #[diesel(sql_type = Uuid)]
    id: PersonId,
    #[diesel(sql_type = BigInt)]
    named: i64,
    #[diesel(sql_type = Bool)]
    replaces: bool,
    #[diesel(sql_type = Timestamptz)]
    at: DateTime<Utc>,
}

const SENT: &str = "
    select n.person_id as id, n.named, c.kind = 'correction' as replaces, coalesce(n.settled_at, n.created_at) as at
    from notice n join campaign c on c.id = n.campaign_id
    where n.bucket = $1 and n.person_id = any($2) and n.status = 'sent'
    order by at, n.id";

/// The messages that told people of one bucket, in the order in which relays took them.
///
/// # Errors
/// `Inconsistent` for an element that the program does not know.
pub async fn told_by_email(
    conn: &mut Conn,
    bucket: i32,
    people: &[PersonId],
) -> Result<Vec<(PersonId, DateTime<Utc>, Counted)>> {
    let rows: Vec<Sent> = statement(SENT)
        .bind::<Integer, _>(bucket)
        .bind::<Array<Uuid>, _>(people.iter().map(|id| id.uuid()).collect::<Vec<_>>())
        .load(conn)
        .await?;
    let read = |row: Sent| {
        let broken = || Error::inconsistent("notice", row.id);
        let counted = Counted {
            by: ToldBy::Email,
            named: ElementSet::from_bits(row.named).ok_or_else(broken)?,
            replaces: row.replaces,
            before: None,
        };
        Ok((row.id, row.at, counted))
    };
    rows.into_iter().map(read).collect()
}

/// How many letters to a person came back.
///
/// # Errors
/// The database's.
pub async fn count_returned(conn: &mut Conn, person: PersonId) -> Result<i64> {
    Ok(postal_item::table
        .filter(postal_item::bucket.eq(person.bucket()))
        .filter(postal_item::person_id.eq(person))
        .filter(postal_item::status.eq(PostalStatus::Returned))
        .count()
        .get_result(conn)
        .await?)
}

#[derive(QueryableByName)]
struct Living {
    #[diesel(sql_type = Integer)]
    bucket: i32,
    #[diesel(sql_type = Uuid)]
    id: PersonId,
}

// 2 is `Flags::DECEASED`. Most incidents have no such batch.
const LIVING: &str = "
    select distinct i.bucket, i.person_id as id
    from postal_batch b
    join postal_item i on i.batch_id = b.id and i.bucket >= $2 and i.bucket < $3 and i.status = 'posted'
    join person p on p.bucket = i.bucket and p.id = i.person_id and p.incident_id = $1
    where b.incident_id = $1 and b.kind = 'kin' and b.state in ('posting', 'posted') and p.flags & 2 = 0
    order by i.bucket, i.person_id";

/// People who are not dead, with next of kin that were told, as the list has it now; with their buckets.
///
/// # Errors
/// The database's.
pub async fn told_kin_of_living(
    conn: &mut Conn,
    incident: IncidentId,
    (from, to): (i32, i32),
) -> Result<Vec<(i32, PersonId)>> {
    let rows: Vec<Living> = statement(LIVING)
        .bind::<Uuid, _>(incident)
        .bind::<Integer, _>(from)
        .bind::<Integer, _>(to)
        .load(conn)
        .await?;
    Ok(rows.into_iter().map(|row| (row.bucket, row.id)).collect())
}
