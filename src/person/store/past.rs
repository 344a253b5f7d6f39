//! What was believed of a person at a time: the versions of the scope as they were applied to them.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::super::flags::Flags;
use super::super::{Believed, Listed, PersonStanding};
use crate::db::schema::{person_now, person_past, scope_applied};
use crate::db::{Conn, Error, Result};
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
    type Says = (i64, String, String, i32, PersonStanding);
    let bucket = id.bucket();
    let (incident, since, now): (IncidentId, i32, Says) = person_now::table
        .filter(person_now::bucket.eq(bucket).and(person_now::id.eq(id)))
        .select((
            person_now::incident_id,
            person_now::since_scope,
            (
                person_now::exposed,
                person_now::locale,
                person_now::jurisdiction,
                person_now::flags,
                person_now::standing,
            ),
        ))
        .first(conn)
        .await?;
    let version: Option<i32> = scope_applied::table
        .filter(scope_applied::incident_id.eq(incident))
        .filter(scope_applied::bucket.eq(bucket))
        .filter(scope_applied::at.le(at))
        .select(diesel::dsl::max(scope_applied::version))
        .first(conn)
        .await?;
    let Some(version) = version.filter(|version| *version >= since) else {
        return Ok(None);
    };
    let then: Option<Says> = person_past::table
        .filter(person_past::bucket.eq(bucket))
        .filter(person_past::person_id.eq(id))
        .filter(person_past::until_scope.gt(version))
        .order(person_past::until_scope)
        .select((
            person_past::exposed,
            person_past::locale,
            person_past::jurisdiction,
            person_past::flags,
            person_past::standing,
        ))
        .first(conn)
        .await
        .optional()?;
    let (exposed, locale, jurisdiction, flags, standing) = then.unwrap_or(now);
    let broken = || Error::inconsistent("person_past", id);
    Ok(Some(Believed {
        scope: version,
        exposed: ElementSet::from_bits(exposed).ok_or_else(broken)?,
        locale,
        jurisdiction,
        flags: Flags::from_bits(flags).ok_or_else(broken)?,
        in_scope: standing != PersonStanding::Retracted,
    }))
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
