//! People found by the same clue in several incidents: one statement. Each incident has keyed hashes of its own.

use diesel::sql_types::{Array, BigInt, Bytea, Integer, Uuid};
use diesel_async::{AsyncConnection, RunQueryDsl};

use super::{FOUND, Row, open};
use crate::address::EmailAddress;
use crate::db::{Conn, Result, statement};
use crate::id::IncidentId;
use crate::person::Person;
use crate::person::contact::{email_keys, name_key, reference_key};
use crate::seal::{IncidentKey, bucket};

/// An incident, and the key of what is sealed and hashed in it.
type Keyed<'k> = (IncidentId, &'k IncidentKey);

fn opened(rows: Vec<Row>, of: &[Keyed<'_>]) -> Result<Vec<Person>> {
    let key = |row: &Row| of.iter().find(|(id, _)| *id == row.incident_id);
    let read = |row: Row| key(&row).map(|(_, key)| open(row, key));
    rows.into_iter().filter_map(read).collect()
}

/// The people with this reference: at most one of each incident.
///
/// # Errors
/// As [`super::find`].
pub async fn find_each_by_reference(
    conn: &mut Conn,
    of: &[Keyed<'_>],
    reference: &str,
) -> Result<Vec<Person>> {
    let keys: Vec<_> = of
        .iter()
        .map(|(_, key)| reference_key(key, reference))
        .collect();
    let rows: Vec<Row> = statement(
        "select p.* from unnest($1, $2, $3) as k (incident_id, bucket, reference_key)
        cross join lateral (
            select * from person_now p where p.incident_id = k.incident_id and p.bucket = k.bucket
                and p.reference_key = k.reference_key limit 1) p",
    )
    .bind::<Array<Uuid>, _>(of.iter().map(|(id, _)| id.uuid()).collect::<Vec<_>>())
    .bind::<Array<Integer>, _>(keys.iter().map(bucket).collect::<Vec<_>>())
    .bind::<Array<Bytea>, _>(keys.iter().map(|key| key.as_slice()).collect::<Vec<_>>())
    .load(conn)
    .await?;
    opened(rows, of)
}

/// The people behind this e-mail address: a mailbox may be shared. At most 200 of each incident and form of the address.
///
/// # Errors
/// As [`super::find`].
pub async fn find_each_by_email(
    conn: &mut Conn,
    of: &[Keyed<'_>],
    email: &EmailAddress,
) -> Result<Vec<Person>> {
    let mut keys = Vec::new();
    for (id, key) in of {
        keys.extend(email_keys(key, email).map(|index| (id.uuid(), Vec::from(index))));
    }
    let rows: Vec<Row> = statement(
        "select p.* from unnest($1, $2) as k (incident_id, email_key)
        cross join lateral (
            select * from person_now p where p.incident_id = k.incident_id and p.email_key = k.email_key
            order by p.id limit $3) p
        order by p.id",
    )
    .bind::<Array<Uuid>, _>(keys.iter().map(|(id, _)| *id).collect::<Vec<_>>())
    .bind::<Array<Bytea>, _>(keys.iter().map(|(_, key)| key.as_slice()).collect::<Vec<_>>())
    .bind::<BigInt, _>(FOUND)
    .load(conn)
    .await?;
    opened(rows, of)
}

/// The people with this name at this postcode, at most 200 of each incident. Asked in a transaction of its own: the
/// planner thinks too little of the index that tells in which megabytes of the table they may be.
///
/// # Errors
/// As [`super::find`].
pub async fn find_each_by_name_postcode(
    conn: &mut Conn,
    of: &[Keyed<'_>],
    name: &str,
    postcode: &str,
) -> Result<Vec<Person>> {
    let keys: Vec<_> = of
        .iter()
        .map(|(_, key)| name_key(key, name, postcode))
        .collect();
    let ids: Vec<_> = of.iter().map(|(id, _)| id.uuid()).collect();
    let ask = async |conn: &mut Conn| -> Result<Vec<Row>> {
        statement("set local enable_seqscan = off")
            .execute(conn)
            .await?;
        Ok(statement(
            "select p.* from unnest($1, $2) as k (incident_id, name_key)
            cross join lateral (
                select * from person_now p where p.incident_id = k.incident_id and p.name_key = k.name_key
                order by p.id limit $3) p
            order by p.id",
        )
        .bind::<Array<Uuid>, _>(&ids)
        .bind::<Array<Bytea>, _>(keys.iter().map(|key| key.as_slice()).collect::<Vec<_>>())
        .bind::<BigInt, _>(FOUND)
        .load(conn)
        .await?)
    };
    opened(conn.transaction(ask).await?, of)
}
