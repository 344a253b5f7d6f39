//! Letters on a list to people with changed contact data.

use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Bool, Bytea, Integer, Timestamptz, Uuid};
use diesel_async::RunQueryDsl;

use super::super::Batch;
use crate::db::{Conn, Result, statement};
use crate::id::{BUCKETS, IncidentId, PersonId};

#[derive(QueryableByName)]
struct Older {
    #[diesel(sql_type = Bool)]
    older: bool,
}

/// Whether a list of affected people came in force, or is coming in force, since this list was taken.
///
/// # Errors
/// The database's.
pub async fn is_older(conn: &mut Conn, of: &Batch) -> Result<bool> {
    let found: Older = statement(
        "select exists (select from scope_version v where v.incident_id = $1
            and (v.status = 'activating' or v.activated_at >= $2)) as older",
    )
    .bind::<Uuid, _>(of.incident)
    .bind::<Timestamptz, _>(of.taken_at)
    .get_result(conn)
    .await?;
    Ok(found.older)
}

#[derive(QueryableByName)]
struct Listed {
    #[diesel(sql_type = Uuid)]
    id: PersonId,
    #[diesel(sql_type = Bytea)]
    address_key: Vec<u8>,
}

const CHANGED: &str = "
    select i.person_id as id, i.address_key
    from postal_item i
    where i.bucket = any($1) and i.batch_id = $2 and i.status = 'listed' and i.address_key is not null
        and exists (select from person_past p join scope_version v on v.version = p.until_scope
            where p.bucket = i.bucket and p.person_id = i.person_id and p.contact_changed and v.incident_id = $3
                and (v.status = 'activating' or v.activated_at >= $4))
    order by i.person_id";

/// The people who wait on a list and got other contact data by a later list, by their ids, with the key of the postal
/// address that the list has.
///
/// # Errors
/// The database's.
pub async fn with_other_contact(conn: &mut Conn, of: &Batch) -> Result<Vec<(PersonId, Vec<u8>)>> {
    let rows: Vec<Listed> = statement(CHANGED)
        .bind::<Array<Integer>, _>((0..BUCKETS).collect::<Vec<_>>())
        .bind::<Uuid, _>(of.id)
        .bind::<Uuid, _>(of.incident)
        .bind::<Timestamptz, _>(of.taken_at)
        .load(conn)
        .await?;
    let read = |row: Listed| (row.id, row.address_key);
    Ok(rows.into_iter().map(read).collect())
}

/// Whether a list of affected people is being put in force.
///
/// # Errors
/// The database's.
pub async fn is_activating(conn: &mut Conn, of: IncidentId) -> Result<bool> {
    let found: Older = statement(
        "select exists (select from scope_version v where v.incident_id = $1 and v.status = 'activating') as older",
    )
    .bind::<Uuid, _>(of)
    .get_result(conn)
    .await?;
    Ok(found.older)
}

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
