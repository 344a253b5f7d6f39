//! Some people of an incident, for questions that no index answers: contact data are sealed.

use diesel::sql_types::{BigInt, Text, Uuid};
use diesel_async::RunQueryDsl;

use super::{Row, open};
use crate::db::{Conn, Result, statement};
use crate::id::IncidentId;
use crate::person::Person;
use crate::seal::IncidentKey;

/// The first people in scope of each of the 64 buckets, opened: at most this number of each. It reads that many rows by
/// the key of each bucket, however many people the incident has.
///
/// # Errors
/// `Inconsistent` if the contact data of one do not open.
pub async fn sample(
    conn: &mut Conn,
    key: &IncidentKey,
    incident: IncidentId,
    of_each_bucket: i64,
) -> Result<Vec<Person>> {
    let rows: Vec<Row> = statement(
        "select p.* from generate_series(0, 63) as b (bucket) cross join lateral (
            select * from person_now p where p.bucket = b.bucket and p.incident_id = $1
                and p.standing <> 'retracted' order by p.id limit $2) p
        order by p.bucket, p.id",
    )
    .bind::<Uuid, _>(incident)
    .bind::<BigInt, _>(of_each_bucket)
    .load(conn)
    .await?;
    rows.into_iter().map(|row| open(row, key)).collect()
}

#[derive(diesel::QueryableByName)]
struct LocaleSql {
    #[diesel(sql_type = Text)]
    value: String,
}

/// The locales of the people in scope, by the counters of the account.
///
/// # Errors
/// The database's.
pub async fn locales(conn: &mut Conn, incident: IncidentId) -> Result<Vec<String>> {
    let rows: Vec<LocaleSql> = statement(
        "select distinct a.value from account_part a
        where a.incident_id = $1 and a.kind = 'locale' and a.n <> 0 and a.standing <> 'retracted' order by a.value",
    )
    .bind::<Uuid, _>(incident)
    .load(conn)
    .await?;
    Ok(rows.into_iter().map(|row| row.value).collect())
}
