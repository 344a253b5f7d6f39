//! Former persons: their reference was given to another person.

use std::collections::BTreeSet;

use diesel::prelude::*;
use diesel::sql_types::{Array, Integer, Uuid};
use diesel_async::RunQueryDsl;

use crate::db::schema::person_former;
use crate::db::{Conn, Result, statement};
use crate::id::PersonId;

/// What became of a person's reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reference {
    /// Since this list version it names another person.
    NamesAnother(i32),
    /// Until this list version it named another person.
    NamedAnother(i32),
}

/// Whether the reference of this person was given to another one, or was another one's before. `None` for most.
///
/// # Errors
/// The database's.
pub async fn reference_of(conn: &mut Conn, id: PersonId) -> Result<Option<Reference>> {
    let rows: Vec<(PersonId, i32)> = person_former::table
        .filter(person_former::bucket.eq(id.bucket()))
        .filter(
            person_former::person_id
                .eq(id)
                .or(person_former::next_id.eq(id)),
        )
        .select((person_former::person_id, person_former::until_scope))
        .load(conn)
        .await?;
    let gone = rows.iter().find(|(former, _)| *former == id);
    let came = || {
        rows.iter()
            .map(|(_, version)| Reference::NamedAnother(*version))
    };
    Ok(match gone {
        Some((_, version)) => Some(Reference::NamesAnother(*version)),
        None => came().next(),
    })
}

/// Of these people of a bucket, the former persons.
///
/// # Errors
/// The database's.
pub async fn former_among(
    conn: &mut Conn,
    bucket: i32,
    ids: &[PersonId],
) -> Result<BTreeSet<PersonId>> {
    let former: Vec<PersonId> = person_former::table
        .filter(person_former::bucket.eq(bucket))
        .filter(person_former::person_id.eq_any(ids))
        .select(person_former::person_id)
        .load(conn)
        .await?;
    Ok(former.into_iter().collect())
}

#[derive(QueryableByName)]
struct Pair {
    #[diesel(sql_type = Uuid)]
    former: PersonId,
    #[diesel(sql_type = Uuid)]
    holder: PersonId,
}

/// Of these people of a bucket: the people who had their reference before, each with who has it.
///
/// # Errors
/// The database's.
pub async fn former_of(
    conn: &mut Conn,
    bucket: i32,
    ids: &[PersonId],
) -> Result<Vec<(PersonId, PersonId)>> {
    let pairs: Vec<Pair> = statement(
        "with recursive had as ( \
            select f.person_id as former, f.next_id as holder from person_former f \
            where f.bucket = $1 and f.next_id = any($2) \
            union select f.person_id, h.holder from person_former f join had h on f.next_id = h.former \
            where f.bucket = $1 \
         ) select former, holder from had order by former",
    )
    .bind::<Integer, _>(bucket)
    .bind::<Array<Uuid>, _>(ids)
    .load(conn)
    .await?;
    Ok(pairs
        .into_iter()
        .map(|pair| (pair.former, pair.holder))
        .collect())
}
