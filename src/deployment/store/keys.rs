//! What the keys of the settings are compared with: the wrapped keys of incidents.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::db::schema::incident;
use crate::db::{Conn, Result};
use crate::id::IncidentId;

/// Whether any incident was ever opened, forgotten ones too.
///
/// # Errors
/// The database's.
pub async fn any_incident(conn: &mut Conn) -> Result<bool> {
    Ok(
        diesel::select(diesel::dsl::exists(incident::table.select(incident::id)))
            .get_result(conn)
            .await?,
    )
}

/// The wrapped keys of all incidents that are not forgotten.
///
/// # Errors
/// The database's.
pub async fn list_keys(conn: &mut Conn) -> Result<Vec<(IncidentId, Vec<u8>)>> {
    Ok(incident::table
        .filter(incident::wrapped_key.is_not_null())
        .select((incident::id, incident::wrapped_key.assume_not_null()))
        .load(conn)
        .await?)
}
