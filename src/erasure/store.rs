//! What forgetting an incident destroys.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::db::schema::{
    incident, person_origin, reference_list_entry, scope_reject, scope_row, scope_version,
};
use crate::db::{Conn, Error, Result};
use crate::id::IncidentId;

/// Destroys the wrapped key of an incident.
///
/// # Errors
/// `Missing`.
pub(crate) async fn destroy_key(conn: &mut Conn, id: IncidentId, at: DateTime<Utc>) -> Result<()> {
    let destroyed = diesel::update(incident::table.find(id))
        .set((
            incident::wrapped_key.eq(None::<Vec<u8>>),
            incident::forgotten_at.eq(at),
        ))
        .execute(conn)
        .await?;
    if destroyed == 1 {
        Ok(())
    } else {
        Err(Error::Missing)
    }
}

/// Deletes the staged rows and the rejects of all versions of an incident, how its people were listed at first, and the
/// entries of its lists of references.
///
/// # Errors
/// The database's.
pub(crate) async fn delete_remnants(conn: &mut Conn, incident: IncidentId) -> Result<()> {
    diesel::delete(scope_row::table.filter(scope_row::incident_id.eq(incident)))
        .execute(conn)
        .await?;
    diesel::delete(scope_reject::table.filter(scope_reject::incident_id.eq(incident)))
        .execute(conn)
        .await?;
    diesel::update(scope_version::table.filter(scope_version::incident_id.eq(incident)))
        .set(scope_version::reject_groups.eq(None::<serde_json::Value>))
        .execute(conn)
        .await?;
    diesel::delete(person_origin::table.filter(person_origin::incident_id.eq(incident)))
        .execute(conn)
        .await?;
    let entries = reference_list_entry::incident_id.eq(incident);
    diesel::delete(reference_list_entry::table.filter(entries))
        .execute(conn)
        .await?;
    Ok(())
}
