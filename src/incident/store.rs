//! Incidents and their updates in the database.

pub mod claims;
pub(crate) mod lists;
mod open;
mod published;

pub use open::{count_open, count_open_for_page};
pub use published::{has_spoken, list_public, pin_title, set_published, updates_and_spoken};

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::Uuid;
use diesel_async::RunQueryDsl;

use super::{Facts, Incident, IncidentState, Published, Update, UpdateKind};
use crate::db::schema::{incident, incident_update};
use crate::db::{Conn, Error, Guarded, Result, statement};
use crate::id::{IncidentId, StaffId, UpdateId};

#[derive(Queryable, Selectable, QueryableByName)]
#[diesel(table_name = incident)]
struct Row {
    id: IncidentId,
    slug: String,
    title: String,
    state: IncidentState,
    facts: serde_json::Value,
    wrapped_key: Option<Vec<u8>>,
    active_scope: Option<i32>,
    version: i32,
    created_at: DateTime<Utc>,
    forgotten_at: Option<DateTime<Utc>>,
    published_title: Option<String>,
    published_facts: Option<serde_json::Value>,
    published_at: Option<DateTime<Utc>>,
    published_by: Option<StaffId>,
    published_claims: Option<serde_json::Value>,
}

fn read(row: Row) -> Result<Incident> {
    let broken = || Error::inconsistent("incident", row.id);
    let facts = |json| serde_json::from_value::<Facts>(json).map_err(|_| broken());
    let claims = row.published_claims.map(serde_json::from_value);
    let published = match row.published_facts.zip(row.published_at) {
        None => None,
        Some((json, at)) => Some(Published {
            facts: facts(json)?,
            claims: claims
                .transpose()
                .map_err(|_| broken())?
                .unwrap_or_default(),
            at,
            by: row.published_by,
        }),
    };
    Ok(Incident {
        id: row.id,
        slug: row.slug,
        title: row.title,
        state: row.state,
        facts: facts(row.facts)?,
        published_title: row.published_title,
        published,
        active_scope: row.active_scope,
        version: row.version,
        created_at: row.created_at,
        forgotten_at: row.forgotten_at,
        wrapped_key: row.wrapped_key,
    })
}

/// What is new about an incident.
#[derive(Debug)]
pub struct NewIncident<'a> {
    /// Its id.
    pub id: IncidentId,
    /// Its name in URLs.
    pub slug: &'a str,
    /// What people read.
    pub title: &'a str,
    /// The fact sheet.
    pub facts: &'a Facts,
    /// Its key under the master key.
    pub wrapped_key: &'a [u8],
    /// Who opens it.
    pub created_by: StaffId,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// Inserts an incident in its first state.
///
/// # Errors
/// `Conflict("incident_slug_is_taken")`.
pub async fn insert(conn: &mut Conn, new: &NewIncident<'_>) -> Result<()> {
    diesel::insert_into(incident::table)
        .values((
            incident::id.eq(new.id),
            incident::slug.eq(new.slug),
            incident::title.eq(new.title),
            incident::state.eq(IncidentState::Suspected),
            incident::facts.eq(serde_json::json!(new.facts)),
            incident::wrapped_key.eq(new.wrapped_key),
            incident::created_by.eq(new.created_by),
            incident::created_at.eq(new.created_at),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// The incident with this id.
///
/// # Errors
/// `Missing`.
pub async fn find(conn: &mut Conn, id: IncidentId) -> Result<Incident> {
    read(
        incident::table
            .find(id)
            .select(Row::as_select())
            .first(conn)
            .await?,
    )
}

/// The incident with this name in URLs.
///
/// # Errors
/// `Missing`.
pub async fn find_by_slug(conn: &mut Conn, slug: &str) -> Result<Incident> {
    read(
        incident::table
            .filter(incident::slug.eq(slug))
            .select(Row::as_select())
            .first(conn)
            .await?,
    )
}

/// All incidents, newest first; there are few.
///
/// # Errors
/// The database's.
pub async fn list(conn: &mut Conn) -> Result<Vec<Incident>> {
    let rows: Vec<Row> = incident::table
        .select(Row::as_select())
        .order((incident::created_at.desc(), incident::id.desc()))
        .limit(500)
        .load(conn)
        .await?;
    rows.into_iter().map(read).collect()
}

/// Moves the incident on, if it is still at `version` and the move is legal.
///
/// # Errors
/// The database's.
pub async fn set_state(
    conn: &mut Conn,
    id: IncidentId,
    version: i32,
    to: IncidentState,
) -> Result<Guarded> {
    let moved = diesel::update(incident::table.find(id))
        .filter(
            incident::version
                .eq(version)
                .and(incident::state.eq_any(to.before())),
        )
        .set((
            incident::state.eq(to),
            incident::version.eq(incident::version + 1),
        ))
        .execute(conn)
        .await?;
    Ok(Guarded::of(moved))
}

/// Replaces title and fact sheet, if the incident is still at `version`.
///
/// # Errors
/// The database's.
pub async fn set_facts(
    conn: &mut Conn,
    id: IncidentId,
    version: i32,
    title: &str,
    facts: &Facts,
) -> Result<Guarded> {
    let set = diesel::update(incident::table.find(id))
        .filter(incident::version.eq(version))
        .set((
            incident::title.eq(title),
            incident::facts.eq(serde_json::json!(facts)),
            incident::version.eq(incident::version + 1),
        ))
        .execute(conn)
        .await?;
    Ok(Guarded::of(set))
}

/// Names the scope version in force.
///
/// # Errors
/// The database's.
pub async fn set_active_scope(conn: &mut Conn, id: IncidentId, scope: i32) -> Result<()> {
    diesel::update(incident::table.find(id))
        .set(incident::active_scope.eq(scope))
        .execute(conn)
        .await?;
    Ok(())
}

/// Waits until no sender freezes audiences of the incident, and keeps them away until the transaction ends. Where several
/// do, one of them always shares the row, and a transaction that wants it alone would wait until all audiences are frozen: a row
/// that is shared is shared with more, even while another transaction waits. This lock is refused to them while a transaction waits for it
/// (`delivery::store::unfrozen` asks for it by the same key).
async fn turn(conn: &mut Conn, id: IncidentId) -> Result<()> {
    statement("select pg_advisory_xact_lock(hashtextextended('incident ' || $1::text, 0))")
        .bind::<Uuid, _>(id.uuid())
        .execute(conn)
        .await?;
    Ok(())
}

/// Locks the incident's row until the transaction ends: imports and activations take turns on it.
///
/// # Errors
/// `Missing`.
pub async fn lock(conn: &mut Conn, id: IncidentId) -> Result<Incident> {
    turn(conn, id).await?;
    read(
        incident::table
            .find(id)
            .select(Row::as_select())
            .for_update()
            .first(conn)
            .await?,
    )
}

/// The scope version in force, which stays so until the transaction ends: [`lock_scope`] waits for it. Those who share it
/// do not wait for each other.
///
/// # Errors
/// `Missing`.
pub async fn share_scope(conn: &mut Conn, id: IncidentId) -> Result<Option<i32>> {
    Ok(incident::table
        .find(id)
        .select(incident::active_scope)
        .for_share()
        .first(conn)
        .await?)
}

/// Waits for those who [`share_scope`], and makes others of them wait until the transaction ends. Those who only [`hold`]
/// the incident go on: they may wait for tickets that this transaction has locked.
///
/// # Errors
/// `Missing`.
pub async fn lock_scope(conn: &mut Conn, id: IncidentId) -> Result<()> {
    turn(conn, id).await?;
    let _: IncidentId = incident::table
        .find(id)
        .select(incident::id)
        .for_no_key_update()
        .first(conn)
        .await?;
    Ok(())
}

/// The incident as it is, and neither closed nor forgotten before the transaction ends: [`lock`] waits for
/// it. What is written for an incident reads its state or its key here first. Those who hold an incident do not
/// wait for each other.
///
/// # Errors
/// `Missing`.
pub async fn hold(conn: &mut Conn, id: IncidentId) -> Result<Incident> {
    read(
        incident::table
            .find(id)
            .select(Row::as_select())
            .for_key_share()
            .first(conn)
            .await?,
    )
}

/// The wrapped key of an incident; `None` once it was forgotten.
///
/// # Errors
/// `Missing`.
pub async fn wrapped_key(conn: &mut Conn, id: IncidentId) -> Result<Option<Vec<u8>>> {
    Ok(incident::table
        .find(id)
        .select(incident::wrapped_key)
        .first(conn)
        .await?)
}

/// The wrapped keys of all incidents that are not forgotten, locked until the transaction ends.
///
/// # Errors
/// The database's.
pub async fn lock_keys(conn: &mut Conn) -> Result<Vec<(IncidentId, Vec<u8>)>> {
    Ok(incident::table
        .filter(incident::wrapped_key.is_not_null())
        .select((incident::id, incident::wrapped_key.assume_not_null()))
        .order(incident::id)
        .for_update()
        .load(conn)
        .await?)
}

/// Replaces the wrapped key of an incident.
///
/// # Errors
/// The database's.
pub async fn set_key(conn: &mut Conn, id: IncidentId, wrapped: &[u8]) -> Result<()> {
    diesel::update(incident::table.find(id))
        .set(incident::wrapped_key.eq(wrapped))
        .execute(conn)
        .await?;
    Ok(())
}

/// Inserts a public update.
///
/// # Errors
/// The database's.
pub async fn insert_update(conn: &mut Conn, incident: IncidentId, update: &Update) -> Result<()> {
    diesel::insert_into(incident_update::table)
        .values((
            incident_update::id.eq(update.id),
            incident_update::incident_id.eq(incident),
            incident_update::kind.eq(update.kind),
            incident_update::body.eq(&update.body),
            incident_update::published_at.eq(update.published_at),
            incident_update::published_by.eq(update.published_by),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// The public updates of an incident, newest first.
///
/// # Errors
/// The database's.
pub async fn list_updates(
    conn: &mut Conn,
    incident: IncidentId,
    limit: i64,
) -> Result<Vec<Update>> {
    let rows: Vec<(UpdateId, UpdateKind, String, DateTime<Utc>, StaffId)> = incident_update::table
        .filter(incident_update::incident_id.eq(incident))
        .select((
            incident_update::id,
            incident_update::kind,
            incident_update::body,
            incident_update::published_at,
            incident_update::published_by,
        ))
        .order((
            incident_update::published_at.desc(),
            incident_update::id.desc(),
        ))
        .limit(limit)
        .load(conn)
        .await?;
    let read = |(id, kind, body, published_at, published_by)| Update {
        id,
        kind,
        body,
        published_at,
        published_by,
    };
    Ok(rows.into_iter().map(read).collect())
}
