//! Lists of references in the database: keyed hashes, under the digest that names them.

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bytea, Integer, Uuid};
use diesel_async::RunQueryDsl;

use crate::db::schema::reference_list;
use crate::db::{Conn, Result};
use crate::id::{IncidentId, StaffId};
use crate::person::contact::Key;
use crate::person::narrowing::ListDigest;
use crate::seal::bucket;

/// A list of references.
#[derive(Debug, Clone, Queryable)]
pub struct ReferenceList {
    /// Its digest.
    pub digest: Vec<u8>,
    /// How many references.
    pub entries: i32,
    /// Who added it first.
    pub created_by: StaffId,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// When a list was stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// Now: the incident did not have it.
    Now,
    /// Before.
    Before,
}

/// Stores a list, unless the incident has it.
///
/// # Errors
/// The database's.
pub async fn add(
    conn: &mut Conn,
    (incident, digest): (IncidentId, ListDigest),
    keys: &[Key],
    by: StaffId,
    at: DateTime<Utc>,
) -> Result<Stored> {
    let entries = i32::try_from(keys.len()).unwrap_or(i32::MAX);
    let added = diesel::insert_into(reference_list::table)
        .values((
            reference_list::incident_id.eq(incident),
            reference_list::digest.eq(digest.0.as_slice()),
            reference_list::entries.eq(entries),
            reference_list::created_by.eq(by),
            reference_list::created_at.eq(at),
        ))
        .on_conflict_do_nothing()
        .execute(conn)
        .await?;
    if added == 0 {
        return Ok(Stored::Before);
    }
    diesel::sql_query(
        "insert into reference_list_entry (bucket, incident_id, digest, reference_key)
        select bucket, $1, $2, reference_key from unnest($3, $4) as k (bucket, reference_key)",
    )
    .bind::<Uuid, _>(incident)
    .bind::<Bytea, _>(digest.0.to_vec())
    .bind::<Array<Integer>, _>(keys.iter().map(bucket).collect::<Vec<_>>())
    .bind::<Array<Bytea>, _>(keys.iter().map(|key| key.as_slice()).collect::<Vec<_>>())
    .execute(conn)
    .await?;
    Ok(Stored::Now)
}

/// The newest lists of an incident.
///
/// # Errors
/// The database's.
pub async fn newest(
    conn: &mut Conn,
    incident: IncidentId,
    limit: i64,
) -> Result<Vec<ReferenceList>> {
    Ok(reference_list::table
        .filter(reference_list::incident_id.eq(incident))
        .order((reference_list::created_at.desc(), reference_list::digest))
        .limit(limit)
        .select((
            reference_list::digest,
            reference_list::entries,
            reference_list::created_by,
            reference_list::created_at,
        ))
        .load(conn)
        .await?)
}

/// How many references a list of the incident has; `None` without such a list.
///
/// # Errors
/// The database's.
pub async fn entries(
    conn: &mut Conn,
    incident: IncidentId,
    digest: ListDigest,
) -> Result<Option<i32>> {
    Ok(reference_list::table
        .find((incident, digest.0.as_slice()))
        .select(reference_list::entries)
        .first(conn)
        .await
        .optional()?)
}

#[derive(QueryableByName)]
struct KnownSql {
    #[diesel(sql_type = BigInt)]
    known: i64,
}

/// How many references of a list name a person of the incident now, in scope or not.
///
/// # Errors
/// The database's.
pub async fn known(conn: &mut Conn, incident: IncidentId, digest: ListDigest) -> Result<i64> {
    let found: KnownSql = diesel::sql_query(
        "select count(*) as known from reference_list_entry l
        join person p on p.incident_id = l.incident_id and p.bucket = l.bucket and p.reference_key = l.reference_key
        where l.incident_id = $1 and l.digest = $2",
    )
    .bind::<Uuid, _>(incident)
    .bind::<Bytea, _>(digest.0.to_vec())
    .get_result(conn)
    .await?;
    Ok(found.known)
}
