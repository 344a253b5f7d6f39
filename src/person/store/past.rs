//! What was believed of a person at a time: the versions of the scope as they were applied to them.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text, Timestamptz, Uuid};
use diesel_async::RunQueryDsl;

use super::super::flags::Flags;
use super::super::{Believed, Listed, PersonStanding};
use crate::db::schema::{person_now, scope_applied, sql_types};
use crate::db::{Conn, Error, Result, statement};
use crate::element::ElementSet;
use crate::id::{IncidentId, PersonId};

/// What the scope in force at `at` said of a person: what was kept when a later version changed them, else
/// what is believed now. `None` before the first version that reached them.
///
/// # Errors
/// `Missing` without such a person, `Inconsistent` for an element or flag that the program does not know.
pub async fn believed(
    conn: &mut Conn,
    id: PersonId,
    at: DateTime<Utc>,
) -> Result<Option<Believed>> {
    let all = believed_at_each(conn, id, &[at]).await?;
    all.into_iter().next().ok_or(Error::Missing)
}

#[derive(QueryableByName)]
struct Says {
    #[diesel(sql_type = Integer)]
    since_scope: i32,
    #[diesel(sql_type = Nullable<Integer>)]
    version: Option<i32>,
    #[diesel(sql_type = BigInt)]
    exposed: i64,
    #[diesel(sql_type = Text)]
    locale: String,
    #[diesel(sql_type = Text)]
    jurisdiction: String,
    #[diesel(sql_type = Integer)]
    flags: i32,
    #[diesel(sql_type = sql_types::PersonStanding)]
    standing: PersonStanding,
}

const BELIEVED: &str = "
    select p.since_scope, v.version, coalesce(q.exposed, p.exposed) as exposed, coalesce(q.locale, p.locale) as locale,
        coalesce(q.jurisdiction, p.jurisdiction) as jurisdiction, coalesce(q.flags, p.flags) as flags,
        coalesce(q.standing, p.standing) as standing
    from unnest($3) with ordinality as w (at, no)
    join person_now p on p.bucket = $1 and p.id = $2
    left join lateral (
        select max(version) as version from scope_applied a
        where a.incident_id = p.incident_id and a.bucket = $1 and a.at <= w.at
    ) v on true
    left join lateral (
        select * from person_past q where q.bucket = $1 and q.person_id = $2 and q.until_scope > v.version
        order by until_scope limit 1
    ) q on true
    order by w.no";

/// The same at each of these times; empty without such a person.
///
/// # Errors
/// `Inconsistent` for an element or flag that the program does not know.
pub async fn believed_at_each(
    conn: &mut Conn,
    id: PersonId,
    at: &[DateTime<Utc>],
) -> Result<Vec<Option<Believed>>> {
    let rows: Vec<Says> = statement(BELIEVED)
        .bind::<Integer, _>(id.bucket())
        .bind::<Uuid, _>(id.uuid())
        .bind::<Array<Timestamptz>, _>(at)
        .load(conn)
        .await?;
    let broken = || Error::inconsistent("person_past", id);
    let read = |says: Says| {
        let Some(scope) = says.version.filter(|version| *version >= says.since_scope) else {
            return Ok(None);
        };
        Ok(Some(Believed {
            scope,
            exposed: ElementSet::from_bits(says.exposed).ok_or_else(broken)?,
            locale: says.locale,
            jurisdiction: says.jurisdiction,
            flags: Flags::from_bits(says.flags).ok_or_else(broken)?,
            in_scope: says.standing != PersonStanding::Retracted,
        }))
    };
    rows.into_iter().map(read).collect()
}

/// The list version that says what is believed of a person now, and when it came into force for them; `None` if
/// that was not recorded.
///
/// # Errors
/// The database's.
pub async fn listed(conn: &mut Conn, id: PersonId) -> Result<Option<Listed>> {
    let bucket = id.bucket();
    let version = person_now::table
        .inner_join(
            scope_applied::table.on(scope_applied::incident_id
                .eq(person_now::incident_id)
                .and(scope_applied::version.eq(person_now::changed_scope))
                .and(scope_applied::bucket.eq(person_now::bucket))),
        )
        .filter(person_now::bucket.eq(bucket).and(person_now::id.eq(id)))
        .select((scope_applied::version, scope_applied::at))
        .first::<(i32, DateTime<Utc>)>(conn)
        .await
        .optional()?;
    Ok(version.map(|(version, at)| Listed { version, at }))
}

/// When the list that first named a person came into force for them; `None` if that was not recorded.
///
/// # Errors
/// `Missing` without such a person.
pub async fn listed_since(conn: &mut Conn, id: PersonId) -> Result<Option<DateTime<Utc>>> {
    let bucket = id.bucket();
    let (incident, since): (IncidentId, i32) = person_now::table
        .filter(person_now::bucket.eq(bucket).and(person_now::id.eq(id)))
        .select((person_now::incident_id, person_now::since_scope))
        .first(conn)
        .await?;
    Ok(scope_applied::table
        .find((incident, since, bucket))
        .select(scope_applied::at)
        .first(conn)
        .await
        .optional()?)
}
