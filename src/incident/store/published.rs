//! What of an incident is public.

use chrono::{DateTime, Utc};
use diesel::dsl::{exists, select, sql};
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel_async::RunQueryDsl;

use crate::db::schema::{campaign, incident, incident_update, postal_batch};
use crate::db::{Conn, Guarded, Result};
use crate::id::{IncidentId, StaffId};
use crate::incident::Facts;

/// Whether an update or the facts of the incident were published, a campaign of it was launched, or letters posted.
///
/// # Errors
/// The database's.
pub async fn has_spoken(conn: &mut Conn, id: IncidentId) -> Result<bool> {
    let updates = incident_update::table.filter(incident_update::incident_id.eq(id));
    let facts = incident::table
        .find(id)
        .filter(incident::published_at.is_not_null());
    let launched = campaign::table
        .filter(campaign::incident_id.eq(id))
        .filter(campaign::launched_at.is_not_null());
    // Incidents come before letters: the kinds and states of `postal` stand here in words.
    let is_posted =
        "kind in ('letter', 'guardian', 'correction') and state in ('posting', 'posted')";
    let posted = postal_batch::table
        .filter(postal_batch::incident_id.eq(id))
        .filter(sql::<Bool>(is_posted));
    let spoken = exists(updates)
        .or(exists(facts))
        .or(exists(launched))
        .or(exists(posted));
    Ok(select(spoken).get_result(conn).await?)
}

/// Publishes title and facts as they are given, if the incident is still at `version`.
///
/// # Errors
/// The database's.
pub async fn set_published(
    conn: &mut Conn,
    id: IncidentId,
    version: i32,
    (title, facts): (&str, &Facts),
    (by, at): (StaffId, DateTime<Utc>),
) -> Result<Guarded> {
    let set = diesel::update(incident::table.find(id))
        .filter(incident::version.eq(version))
        .set((
            incident::published_title.eq(title),
            incident::published_facts.eq(serde_json::json!(facts)),
            incident::published_at.eq(at),
            incident::published_by.eq(by),
            incident::version.eq(incident::version + 1),
        ))
        .execute(conn)
        .await?;
    Ok(Guarded::of(set))
}

/// Keeps the title that is public now, for an incident that never published its facts.
///
/// # Errors
/// The database's.
pub async fn pin_title(conn: &mut Conn, id: IncidentId, title: &str) -> Result<()> {
    diesel::update(incident::table.find(id))
        .filter(incident::published_title.is_null())
        .set(incident::published_title.eq(title))
        .execute(conn)
        .await?;
    Ok(())
}
