//! Which version is in force in which bucket. A version is on record for a bucket from the commit that changes the
//! bucket's people.

use std::ops::Range;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Timestamptz, Uuid};
use diesel_async::RunQueryDsl;

use crate::db::schema::scope_applied;
use crate::db::{Conn, Result, statement};
use crate::id::IncidentId;

/// A version that a bucket has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
pub struct Newest {
    /// The incident.
    #[diesel(sql_type = Uuid)]
    pub incident: IncidentId,
    /// The bucket.
    #[diesel(sql_type = Integer)]
    pub bucket: i32,
    /// The newest version there.
    #[diesel(sql_type = Integer)]
    pub version: i32,
}

/// The buckets of these incidents that have a newer version than the one given with each. Mostly there are none, and
/// the key of the table says so at once.
///
/// # Errors
/// The database's.
pub async fn list_newer(conn: &mut Conn, than: &[(IncidentId, i32)]) -> Result<Vec<Newest>> {
    Ok(statement(
        "select a.incident_id as incident, a.bucket, max(a.version) as version \
         from unnest($1, $2) as seen (incident_id, version) \
         join scope_applied a on a.incident_id = seen.incident_id and a.version > seen.version \
         group by a.incident_id, a.bucket",
    )
    .bind::<Array<Uuid>, _>(than.iter().map(|(of, _)| of.uuid()).collect::<Vec<_>>())
    .bind::<Array<Integer>, _>(than.iter().map(|(_, version)| *version).collect::<Vec<_>>())
    .load(conn)
    .await?)
}

/// The newest version of a bucket, and when it was applied there by the clock of the node that did it, before its
/// commit; `None` while no list is in force.
///
/// # Errors
/// The database's.
pub async fn newest(
    conn: &mut Conn,
    incident: IncidentId,
    bucket: i32,
) -> Result<Option<(i32, DateTime<Utc>)>> {
    Ok(scope_applied::table
        .filter(scope_applied::incident_id.eq(incident))
        .filter(scope_applied::bucket.eq(bucket))
        .order(scope_applied::version.desc())
        .select((scope_applied::version, scope_applied::at))
        .first(conn)
        .await
        .optional()?)
}

/// The buckets in which a version is in force, and how many people it brought and took there.
///
/// # Errors
/// The database's.
pub async fn list_applied(
    conn: &mut Conn,
    incident: IncidentId,
    version: i32,
) -> Result<Vec<(i32, i64, i64)>> {
    Ok(scope_applied::table
        .filter(scope_applied::incident_id.eq(incident))
        .filter(scope_applied::version.eq(version))
        .select((
            scope_applied::bucket,
            scope_applied::added,
            scope_applied::retracted,
        ))
        .load(conn)
        .await?)
}

/// Records what the version brings into these buckets and takes out of them, as its list was read when it
/// became a draft: not from what applying it does. By how many people that is.
///
/// # Errors
/// `Conflict` if they were done before.
pub async fn record_applied(
    conn: &mut Conn,
    (incident, version): (IncidentId, i32),
    buckets: Range<i32>,
    at: DateTime<Utc>,
) -> Result<i64> {
    #[derive(diesel::QueryableByName)]
    struct Net {
        #[diesel(sql_type = BigInt)]
        n: i64,
    }
    let record = "insert into scope_applied (incident_id, version, bucket, added, retracted, at)
        select v.incident_id, v.version, b.bucket, v.added[b.bucket + 1], v.retracted[b.bucket + 1], $5
        from scope_version v cross join generate_series($3, $4 - 1) as b (bucket)
        where v.incident_id = $1 and v.version = $2
        returning added - retracted as n";
    let net: Vec<Net> = diesel::sql_query(record)
        .bind::<Uuid, _>(incident)
        .bind::<Integer, _>(version)
        .bind::<Integer, _>(buckets.start)
        .bind::<Integer, _>(buckets.end)
        .bind::<Timestamptz, _>(at)
        .load(conn)
        .await?;
    Ok(net.iter().map(|net| net.n).sum())
}
