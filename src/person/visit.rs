//! Who stands behind a status link, in the database.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::db::schema::person;
use crate::db::{Conn, Result};
use crate::id::IncidentId;
use crate::link::StatusLink;

/// The incident of the person whose link it is.
///
/// # Errors
/// `Missing` if there is no such person, or the link was revoked.
pub async fn find(conn: &mut Conn, link: StatusLink) -> Result<IncidentId> {
    Ok(person::table
        .find((link.person.bucket(), link.person))
        .filter(person::link_epoch.eq(link.epoch))
        .select(person::incident_id)
        .first(conn)
        .await?)
}
