//! The e-mail addresses that people have now, by their blind index.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::db::schema::person;
use crate::db::{Conn, Result};
use crate::id::{IncidentId, PersonId};

/// The `email_key` of those of these people of one bucket who have an address.
///
/// # Errors
/// The database's.
pub async fn email_keys_of(
    conn: &mut Conn,
    (incident, bucket): (IncidentId, i32),
    people: &[PersonId],
) -> Result<HashMap<PersonId, Vec<u8>>> {
    let keys: Vec<(PersonId, Vec<u8>)> = person::table
        .filter(person::incident_id.eq(incident))
        .filter(person::bucket.eq(bucket).and(person::id.eq_any(people)))
        .filter(person::email_key.is_not_null())
        .select((person::id, person::email_key.assume_not_null()))
        .load(conn)
        .await?;
    Ok(keys.into_iter().collect())
}
