//! Letters on a list to people with changed contact data.

use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Integer, Timestamptz, Uuid};
use diesel_async::RunQueryDsl;

use super::super::Batch;
use crate::db::{Conn, Result, statement};
use crate::id::BUCKETS;

const ADDRESS_UNKNOWN: &str = "
    select count(*) as people
    from postal_item i
    where i.bucket = any($1) and i.batch_id = $2 and i.status = 'listed' and i.address_key is null
        and exists (select from person_past p join scope_version v on v.version = p.until_scope
            where p.bucket = i.bucket and p.person_id = i.person_id and p.contact_changed and v.incident_id = $3
                and (v.status = 'activating' or v.activated_at >= $4))";

#[derive(QueryableByName)]
struct Unknown {
    #[diesel(sql_type = BigInt)]
    people: i64,
}

/// How many people wait on a list that does not know to which postal address their letter goes, and have other contact data
/// since it was taken.
///
/// # Errors
/// The database's.
pub async fn count_address_unknown(conn: &mut Conn, of: &Batch) -> Result<i64> {
    let found: Unknown = statement(ADDRESS_UNKNOWN)
        .bind::<Array<Integer>, _>((0..BUCKETS).collect::<Vec<_>>())
        .bind::<Uuid, _>(of.id)
        .bind::<Uuid, _>(of.incident)
        .bind::<Timestamptz, _>(of.taken_at)
        .get_result(conn)
        .await?;
    Ok(found.people)
}
