//! The lists of an incident, as far as others must know: who works on them, and which version is coming into force.

use diesel::sql_types::{BigInt, Bool, Integer, Uuid};
use diesel_async::RunQueryDsl;
use tokio_postgres::Client;

use crate::db::{Conn, Result, statement};
use crate::id::IncidentId;

/// The advisory lock of an incident's scope: half its id, which no two incidents share in practice.
pub(super) fn lock_of(incident: IncidentId) -> i64 {
    incident.uuid().as_u64_pair().1.cast_signed()
}

/// Takes the incident's scope for as long as the connection lives. `false`: another process has it.
///
/// # Errors
/// The database's.
pub async fn try_lock_session(client: &Client, incident: IncidentId) -> Result<bool> {
    let statement = "select pg_try_advisory_lock($1)";
    let row = client.query_one(statement, &[&lock_of(incident)]).await?;
    Ok(row.get(0))
}

/// Gives back what [`try_lock_session`] took.
///
/// # Errors
/// The database's.
pub async fn unlock_session(client: &Client, incident: IncidentId) -> Result<()> {
    let statement = "select pg_advisory_unlock($1)";
    client.execute(statement, &[&lock_of(incident)]).await?;
    Ok(())
}

/// Takes the incident's scope until the transaction ends. `false`: another process has it.
///
/// # Errors
/// The database's.
pub async fn try_lock(conn: &mut Conn, incident: IncidentId) -> Result<bool> {
    #[derive(diesel::QueryableByName)]
    struct Taken {
        #[diesel(sql_type = Bool)]
        taken: bool,
    }
    let row: Taken = diesel::sql_query("select pg_try_advisory_xact_lock($1) as taken")
        .bind::<BigInt, _>(lock_of(incident))
        .get_result(conn)
        .await?;
    Ok(row.taken)
}

/// Whether an import or an activation of the incident is at work on any node.
///
/// # Errors
/// The database's.
pub async fn is_at_work(conn: &mut Conn, incident: IncidentId) -> Result<bool> {
    #[derive(diesel::QueryableByName)]
    struct Held {
        #[diesel(sql_type = Bool)]
        held: bool,
    }
    // How a key of 64 bits stands in the view: the manual, "pg_locks".
    let question = "select exists (select from pg_locks where locktype = 'advisory' and granted and objsubid = 1
        and database = (select oid from pg_database where datname = current_database())
        and classid::bigint = ($1 >> 32) & 4294967295 and objid::bigint = $1 & 4294967295) as held";
    let row: Held = diesel::sql_query(question)
        .bind::<BigInt, _>(lock_of(incident))
        .get_result(conn)
        .await?;
    Ok(row.held)
}

#[derive(diesel::QueryableByName)]
struct Activating {
    #[diesel(sql_type = Uuid)]
    incident: IncidentId,
    #[diesel(sql_type = Integer)]
    version: i32,
}

/// The list versions that are activating: in force in some buckets, and not yet in all.
///
/// # Errors
/// The database's.
pub async fn list_activating(conn: &mut Conn) -> Result<Vec<(IncidentId, i32)>> {
    let all: Vec<Activating> = statement(
        "select incident_id as incident, version from scope_version where status = 'activating'",
    )
    .load(conn)
    .await?;
    Ok(all
        .into_iter()
        .map(|one| (one.incident, one.version))
        .collect())
}

/// The version of an incident that is activating, if one is.
///
/// # Errors
/// The database's.
pub(crate) async fn activating(conn: &mut Conn, incident: IncidentId) -> Result<Option<i32>> {
    let all: Vec<Activating> = statement(
        "select incident_id as incident, version from scope_version \
         where incident_id = $1 and status = 'activating' limit 1",
    )
    .bind::<Uuid, _>(incident)
    .load(conn)
    .await?;
    Ok(all.into_iter().next().map(|one| one.version))
}
