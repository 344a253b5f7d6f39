//! The versions of claims in the database. A version is never changed.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::db::schema::claim_version;
use crate::db::{Conn, Error, Result};
use crate::id::{IncidentId, StaffId};
use crate::incident::UpdateKind;
use crate::incident::claims::Version;

#[derive(Queryable, Selectable)]
#[diesel(table_name = claim_version)]
struct Row {
    key: String,
    incident_version: i32,
    state: UpdateKind,
    texts: serde_json::Value,
    written_by: Option<StaffId>,
    written_at: Option<DateTime<Utc>>,
}

fn read(of: IncidentId, rows: Vec<Row>) -> Result<Vec<Version>> {
    let version = |row: Row| {
        Ok(Version {
            key: row.key,
            number: row.incident_version,
            state: row.state,
            texts: serde_json::from_value(row.texts)
                .map_err(|_| Error::inconsistent("claim_version", of))?,
            by: row.written_by,
            at: row.written_at,
        })
    };
    rows.into_iter().map(version).collect()
}

/// The present version of each claim of an incident, removed claims too.
///
/// # Errors
/// The database's.
pub(crate) async fn latest(conn: &mut Conn, of: IncidentId) -> Result<Vec<Version>> {
    let rows = claim_version::table
        .filter(claim_version::incident_id.eq(of))
        .distinct_on(claim_version::key)
        .order((claim_version::key, claim_version::incident_version.desc()))
        .select(Row::as_select())
        .load(conn)
        .await?;
    read(of, rows)
}

/// The latest versions of the claims of an incident, or of one claim, the newest first.
///
/// # Errors
/// The database's.
pub async fn history(
    conn: &mut Conn,
    of: IncidentId,
    key: Option<&str>,
    most: i64,
) -> Result<Vec<Version>> {
    let mut query = claim_version::table
        .filter(claim_version::incident_id.eq(of))
        .order((claim_version::incident_version.desc(), claim_version::key))
        .select(Row::as_select())
        .limit(most)
        .into_boxed();
    if let Some(key) = key {
        query = query.filter(claim_version::key.eq(key.to_owned()));
    }
    read(of, query.load(conn).await?)
}

/// Adds versions of claims.
///
/// # Errors
/// The database's.
pub(crate) async fn insert(conn: &mut Conn, of: IncidentId, versions: &[Version]) -> Result<()> {
    let rows: Vec<_> = versions
        .iter()
        .map(|one| {
            (
                claim_version::incident_id.eq(of),
                claim_version::key.eq(&one.key),
                claim_version::incident_version.eq(one.number),
                claim_version::state.eq(one.state),
                claim_version::texts.eq(serde_json::json!(one.texts)),
                claim_version::written_by.eq(one.by),
                claim_version::written_at.eq(one.at),
            )
        })
        .collect();
    diesel::insert_into(claim_version::table)
        .values(rows)
        .execute(conn)
        .await?;
    Ok(())
}
