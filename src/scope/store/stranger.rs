//! Staged rows that retract a person who is on no list.

use futures_util::{Stream, StreamExt};
use tokio_postgres::Client;
use tokio_postgres::types::ToSql;

use super::complete::Former;
use super::first::Own;
use super::staged::{REFUSED, Refused};
use crate::db::Result;
use crate::id::IncidentId;
use crate::person::flags::Flags;

/// They are neither in `former` nor among people.
fn strangers(former: &Former) -> String {
    let same = "f.bucket = r.bucket and f.reference_key = r.reference_key";
    let people = format!("not exists (select from person f where f.incident_id = $1 and {same})");
    let known = match former {
        Former::People => people,
        Former::FirstDraft(own) => {
            format!("not exists (select from {} f where {same})", own.table())
        }
        Former::Draft(version) => format!(
            "{people} and not exists (select from scope_row f
                where f.incident_id = $1 and f.version = {version} and {same})"
        ),
    };
    format!(
        "scope_row r where r.incident_id = $1 and r.version = $2 and r.flags & {} <> 0 and {known}",
        Flags::RETRACT.bits()
    )
}

/// The rows that retract a person who is on no list, one by one.
///
/// # Errors
/// The database's.
pub async fn find_strangers(
    client: &Client,
    incident: IncidentId,
    version: i32,
    former: &Former,
) -> Result<impl Stream<Item = Result<Refused>> + use<>> {
    let find = format!("select null::bigint, {REFUSED} from {}", strangers(former));
    let incident = incident.uuid();
    let of: [&(dyn ToSql + Sync); 2] = [&incident, &version];
    let rows = client.query_raw(&find, of).await?;
    Ok(rows.map(|row| Ok(Refused::from(&row?))))
}

/// Deletes the rows that [`find_strangers`] finds.
///
/// # Errors
/// The database's.
pub async fn delete_strangers(
    client: &Client,
    incident: IncidentId,
    version: i32,
    former: &Former,
) -> Result<()> {
    let delete = format!("delete from {}", strangers(former));
    client
        .execute(&delete, &[&incident.uuid(), &version])
        .await?;
    Ok(())
}

/// The rows of a first list that retract a person, one by one: nothing was in force.
///
/// # Errors
/// The database's.
pub async fn find_retracted(
    client: &Client,
    own: &Own,
) -> Result<impl Stream<Item = Result<Refused>> + use<>> {
    let find = format!(
        "select null::bigint, {REFUSED} from {} r where r.standing = 'retracted'",
        own.table()
    );
    let none: [&(dyn ToSql + Sync); 0] = [];
    let rows = client.query_raw(&find, none).await?;
    Ok(rows.map(|row| Ok(Refused::from(&row?))))
}
