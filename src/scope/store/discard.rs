//! Versions that were never in force, and what was staged of them, are discarded.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::first::{Own, drop_own};
use crate::db::schema::{scope_reject, scope_row, scope_version};
use crate::db::{Conn, Result};
use crate::id::IncidentId;
use crate::scope::ScopeStatus;

/// Which versions of an incident are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// Every one.
    All,
    /// Every one but this.
    But(i32),
    /// This one alone.
    Only(i32),
}

/// Discards versions of the incident that stand at `status`, with their staged rows and rejects; their numbers.
///
/// # Errors
/// The database's.
pub async fn discard(
    conn: &mut Conn,
    incident: IncidentId,
    status: ScopeStatus,
    which: Which,
) -> Result<Vec<i32>> {
    let (but, from, to) = match which {
        Which::All => (0, 0, i32::MAX),
        Which::But(version) => (version, 0, i32::MAX),
        Which::Only(version) => (0, version, version),
    };
    let discarded: Vec<i32> = diesel::update(scope_version::table)
        .filter(scope_version::incident_id.eq(incident))
        .filter(scope_version::status.eq(status))
        .filter(scope_version::version.ne(but))
        .filter(scope_version::version.between(from, to))
        .set((
            scope_version::status.eq(ScopeStatus::Discarded),
            scope_version::reject_groups.eq(None::<serde_json::Value>),
        ))
        .returning(scope_version::version)
        .get_results(conn)
        .await?;
    for version in &discarded {
        delete_staged(conn, incident, *version).await?;
        delete_rejects(conn, incident, *version).await?;
    }
    Ok(discarded)
}

/// Deletes the staged rows of a version that was never in force, wherever they wait.
///
/// # Errors
/// The database's.
pub async fn delete_staged(conn: &mut Conn, incident: IncidentId, version: i32) -> Result<()> {
    delete_rows(conn, incident, version).await?;
    drop_own(conn, &Own::new(incident, version)).await
}

/// Deletes the staged rows of a version that are not in a table of their own.
///
/// # Errors
/// The database's.
pub async fn delete_rows(conn: &mut Conn, incident: IncidentId, version: i32) -> Result<()> {
    diesel::delete(scope_row::table)
        .filter(scope_row::incident_id.eq(incident))
        .filter(scope_row::version.eq(version))
        .execute(conn)
        .await?;
    Ok(())
}

/// Deletes the rejects of a version.
///
/// # Errors
/// The database's.
pub async fn delete_rejects(conn: &mut Conn, incident: IncidentId, version: i32) -> Result<()> {
    diesel::delete(scope_reject::table)
        .filter(scope_reject::incident_id.eq(incident))
        .filter(scope_reject::version.eq(version))
        .execute(conn)
        .await?;
    Ok(())
}
