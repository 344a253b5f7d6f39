//! People whose reference was given to another person.

use std::collections::BTreeSet;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::db::schema::person_former;
use crate::db::{Conn, Result};
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

/// Of these people of a bucket, those whose reference was given to another person.
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
