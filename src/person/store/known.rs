//! A person with what lists of affected people say of them and of their reference.

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{Bool, Integer, Nullable, Timestamptz, Uuid};
use diesel_async::RunQueryDsl;

use super::{Reference, Row, open};
use crate::db::{Conn, Result, statement};
use crate::id::{IncidentId, PersonId};
use crate::person::{Listed, Person};
use crate::seal::IncidentKey;

/// A person, opened.
#[derive(Debug)]
pub struct Known {
    /// Who.
    pub person: Person,
    /// As [`super::listed()`].
    pub listed: Option<Listed>,
    /// As [`super::reference_of`].
    pub reference: Option<Reference>,
}

#[derive(QueryableByName)]
struct KnownRow {
    #[diesel(embed)]
    person: Row,
    #[diesel(embed)]
    more: More,
}

#[derive(QueryableByName)]
struct More {
    #[diesel(sql_type = Nullable<Integer>)]
    listed_version: Option<i32>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    listed_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Bool>)]
    is_former: Option<bool>,
    #[diesel(sql_type = Nullable<Integer>)]
    until_scope: Option<i32>,
}

const KNOWN: &str = "
    select p.*, a.version as listed_version, a.at as listed_at, f.is_former, f.until_scope
    from person_now p
    left join scope_applied a on a.incident_id = p.incident_id and a.version = p.changed_scope and a.bucket = p.bucket
    left join lateral (
        select f.person_id = p.id as is_former, f.until_scope from person_former f
        where f.bucket = p.bucket and (f.person_id = p.id or f.next_id = p.id)
        order by f.person_id = p.id desc limit 1) f on true
    where p.bucket = $1 and p.id = $2 and p.incident_id = $3";

/// The person of this incident with this id.
///
/// # Errors
/// As [`super::find`].
pub async fn known(
    conn: &mut Conn,
    key: &IncidentKey,
    (incident, id): (IncidentId, PersonId),
) -> Result<Known> {
    let row: KnownRow = statement(KNOWN)
        .bind::<Integer, _>(id.bucket())
        .bind::<Uuid, _>(id)
        .bind::<Uuid, _>(incident)
        .get_result(conn)
        .await?;
    let more = row.more;
    let listed = more.listed_version.zip(more.listed_at);
    let reference = |(is_former, version)| match is_former {
        true => Reference::NamesAnother(version),
        false => Reference::NamedAnother(version),
    };
    Ok(Known {
        person: open(row.person, key)?,
        listed: listed.map(|(version, at)| Listed { version, at }),
        reference: more.is_former.zip(more.until_scope).map(reference),
    })
}
