//! Staged rows whose name and address are both new for the person with their reference.

use std::ops::Range;

use diesel::sql_types::{BigInt, Integer, Uuid};
use diesel_async::RunQueryDsl;
use futures_util::Stream;
use tokio_postgres::Client;
use tokio_postgres::types::ToSql;

use super::complete::{Incomplete, read_pairs};
use crate::db::{Conn, Result};
use crate::id::IncidentId;
use crate::person::flags::Flags;

/// The staged rows of these buckets whose e-mail address is not that of the person, and the person's contact data.
///
/// # Errors
/// The database's.
pub async fn find_moved(
    client: &Client,
    incident: IncidentId,
    version: i32,
    buckets: &Range<i32>,
) -> Result<impl Stream<Item = Result<Incomplete>> + use<>> {
    let find = format!(
        "select r.bucket, r.reference_key, r.sealed, p.sealed
        from scope_row r
        join person p on p.incident_id = $1 and p.bucket = r.bucket and p.reference_key = r.reference_key
        where r.incident_id = $1 and r.version = $2 and r.bucket >= $3 and r.bucket < $4
            and p.bucket >= $3 and p.bucket < $4
            and r.flags & {} = 0 and p.contact_key <> r.contact_key
            and (r.email_key is null or p.email_key is distinct from r.email_key)",
        Flags::RETRACT.bits()
    );
    read_pairs(client, &find, incident, version, buckets).await
}

/// Marks staged rows of these buckets, by bucket and the blind index of the reference.
///
/// # Errors
/// The database's.
pub async fn mark_another(
    client: &Client,
    incident: IncidentId,
    version: i32,
    within: &Range<i32>,
    (buckets, references): (&[i32], &[Vec<u8>]),
) -> Result<()> {
    let statement = "update scope_row r set another = true
        from unnest($3::integer[], $4::bytea[]) as a (bucket, reference_key)
        where r.incident_id = $1 and r.version = $2 and r.bucket >= $5 and r.bucket < $6
            and r.bucket = a.bucket and r.reference_key = a.reference_key";
    let of: [&(dyn ToSql + Sync); 6] = [
        &incident.uuid(),
        &version,
        &buckets,
        &references,
        &within.start,
        &within.end,
    ];
    client.execute(statement, &of).await?;
    Ok(())
}

/// How many staged rows are marked, and how many of them are of people who were told something by now.
///
/// # Errors
/// The database's.
pub async fn count_another(
    conn: &mut Conn,
    incident: IncidentId,
    version: i32,
) -> Result<(i64, i64)> {
    #[derive(diesel::QueryableByName)]
    struct Another {
        #[diesel(sql_type = BigInt)]
        marked: i64,
        #[diesel(sql_type = BigInt)]
        told: i64,
    }
    let count = "select count(*) as marked, count(*) filter (where p.told is not null) as told
        from scope_row r
        join person_now p on p.incident_id = $1 and p.bucket = r.bucket and p.reference_key = r.reference_key
        where r.incident_id = $1 and r.version = $2 and r.another";
    let row: Another = diesel::sql_query(count)
        .bind::<Uuid, _>(incident)
        .bind::<Integer, _>(version)
        .get_result(conn)
        .await?;
    Ok((row.marked, row.told))
}
