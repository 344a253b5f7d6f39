//! Versions: how far each is, and what it holds.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::db::schema::{scope_applied, scope_version};
use crate::db::{Conn, Error, Result};
use crate::id::{IncidentId, StaffId};
use crate::scope::delta::{Brings, Delta};
use crate::scope::lines::FileLines;
use crate::scope::{ScopeMode, ScopeStatus, Version};

#[derive(Queryable, Selectable)]
#[diesel(table_name = scope_version)]
pub(super) struct Row {
    version: i32,
    mode: ScopeMode,
    status: ScopeStatus,
    file_hash: Option<Vec<u8>>,
    accepted: i64,
    rejected: i64,
    delta: Option<serde_json::Value>,
    created_by: StaffId,
    created_at: DateTime<Utc>,
    activated_by: Option<StaffId>,
    activated_at: Option<DateTime<Utc>>,
    activating_by: Option<StaffId>,
    octets_read: i64,
    lines: Option<i64>,
    header_lines: Option<i64>,
    blank_lines: Option<i64>,
    continued_lines: Option<i64>,
    ends_open: Option<bool>,
}

impl Row {
    fn lines(&self) -> Option<FileLines> {
        Some(FileLines {
            lines: self.lines?,
            header: self.header_lines?,
            blank: self.blank_lines?,
            continued: self.continued_lines?,
            ends_open: self.ends_open?,
        })
    }
}

pub(super) fn read((row, done): (Row, Option<i64>)) -> Result<Version> {
    let lines = row.lines();
    let delta = row.delta.map(serde_json::from_value::<Delta>).transpose();
    Ok(Version {
        version: row.version,
        mode: row.mode,
        status: row.status,
        file_hash: row.file_hash,
        accepted: row.accepted,
        rejected: row.rejected,
        delta: delta.map_err(|_| Error::inconsistent("scope_version", row.version))?,
        created_by: row.created_by,
        created_at: row.created_at,
        activated_by: row.activated_by,
        activated_at: row.activated_at,
        activating_by: row.activating_by,
        buckets_done: done.unwrap_or(0),
        octets_read: row.octets_read,
        lines,
    })
}

/// In how many buckets the version of the present row is in force.
#[diesel::dsl::auto_type]
pub(super) fn buckets_done() -> _ {
    scope_applied::table
        .filter(scope_applied::incident_id.eq(scope_version::incident_id))
        .filter(scope_applied::version.eq(scope_version::version))
        .count()
        .single_value()
}

/// The version with this number.
///
/// # Errors
/// `Missing`.
pub async fn find(conn: &mut Conn, incident: IncidentId, version: i32) -> Result<Version> {
    read(
        scope_version::table
            .find((incident, version))
            .select((Row::as_select(), buckets_done()))
            .first(conn)
            .await?,
    )
}

/// All versions of an incident, newest first.
///
/// # Errors
/// The database's.
pub async fn list(conn: &mut Conn, incident: IncidentId) -> Result<Vec<Version>> {
    let rows: Vec<(Row, Option<i64>)> = scope_version::table
        .filter(scope_version::incident_id.eq(incident))
        .order(scope_version::version.desc())
        .limit(1_000)
        .select((Row::as_select(), buckets_done()))
        .load(conn)
        .await?;
    rows.into_iter().map(read).collect()
}

/// Inserts the next version, importing, and returns its number. The caller has locked the incident.
///
/// # Errors
/// The database's.
pub async fn insert(
    conn: &mut Conn,
    incident: IncidentId,
    mode: ScopeMode,
    by: StaffId,
    at: DateTime<Utc>,
) -> Result<i32> {
    let last: Option<i32> = scope_version::table
        .filter(scope_version::incident_id.eq(incident))
        .select(diesel::dsl::max(scope_version::version))
        .first(conn)
        .await?;
    let version = last.unwrap_or(0) + 1;
    diesel::insert_into(scope_version::table)
        .values((
            scope_version::incident_id.eq(incident),
            scope_version::version.eq(version),
            scope_version::mode.eq(mode),
            scope_version::status.eq(ScopeStatus::Importing),
            scope_version::created_by.eq(by),
            scope_version::created_at.eq(at),
        ))
        .execute(conn)
        .await?;
    Ok(version)
}

/// Keeps what a draft holds and changes: of a version in `from`, with the hash of its file if this is its first list.
///
/// # Errors
/// `Missing` if it is not in `from` any more.
pub async fn set_draft(
    conn: &mut Conn,
    (incident, version): (IncidentId, i32),
    from: ScopeStatus,
    file_hash: Option<&[u8]>,
    counts: (i64, i64),
    (delta, brings): (&Delta, &Brings),
) -> Result<()> {
    let set = diesel::update(scope_version::table.find((incident, version)))
        .filter(scope_version::status.eq(from))
        .set((
            scope_version::status.eq(ScopeStatus::Draft),
            file_hash.map(|hash| scope_version::file_hash.eq(hash)),
            scope_version::accepted.eq(counts.0),
            scope_version::rejected.eq(counts.1),
            scope_version::delta.eq(serde_json::json!(delta)),
            scope_version::added.eq(&brings.added),
            scope_version::retracted.eq(&brings.retracted),
        ))
        .execute(conn)
        .await?;
    if set == 1 {
        Ok(())
    } else {
        Err(Error::Missing)
    }
}

/// Records what the lines of a version's files are; `None` if they are not known.
///
/// # Errors
/// The database's.
pub async fn set_lines(
    conn: &mut Conn,
    incident: IncidentId,
    version: i32,
    of: Option<FileLines>,
) -> Result<()> {
    diesel::update(scope_version::table.find((incident, version)))
        .set((
            scope_version::lines.eq(of.map(|of| of.lines)),
            scope_version::header_lines.eq(of.map(|of| of.header)),
            scope_version::blank_lines.eq(of.map(|of| of.blank)),
            scope_version::continued_lines.eq(of.map(|of| of.continued)),
            scope_version::ends_open.eq(of.map(|of| of.ends_open)),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// Keeps what a draft changes, counted again.
///
/// # Errors
/// The database's.
pub async fn set_delta(
    conn: &mut Conn,
    incident: IncidentId,
    version: i32,
    delta: &Delta,
) -> Result<()> {
    diesel::update(scope_version::table.find((incident, version)))
        .filter(scope_version::status.eq(ScopeStatus::Draft))
        .set(scope_version::delta.eq(serde_json::json!(delta)))
        .execute(conn)
        .await?;
    Ok(())
}

/// Begins to put a draft in force.
///
/// # Errors
/// `Missing` if it is no draft.
pub async fn set_activating(
    conn: &mut Conn,
    incident: IncidentId,
    version: i32,
    by: StaffId,
) -> Result<()> {
    let set = diesel::update(scope_version::table.find((incident, version)))
        .filter(scope_version::status.eq_any(ScopeStatus::Activating.before()))
        .set((
            scope_version::status.eq(ScopeStatus::Activating),
            scope_version::activating_by.eq(by),
        ))
        .execute(conn)
        .await?;
    if set == 1 {
        Ok(())
    } else {
        Err(Error::Missing)
    }
}

/// Puts an activating version in force, and whatever was in force out of it.
///
/// # Errors
/// `Missing` if it is not activating.
pub async fn set_active(
    conn: &mut Conn,
    incident: IncidentId,
    version: i32,
    at: DateTime<Utc>,
) -> Result<()> {
    diesel::update(scope_version::table)
        .filter(scope_version::incident_id.eq(incident))
        .filter(scope_version::status.eq_any(ScopeStatus::Superseded.before()))
        .set(scope_version::status.eq(ScopeStatus::Superseded))
        .execute(conn)
        .await?;
    let set = diesel::update(scope_version::table.find((incident, version)))
        .filter(scope_version::status.eq_any(ScopeStatus::Active.before()))
        .set((
            scope_version::status.eq(ScopeStatus::Active),
            scope_version::activated_by.eq(scope_version::activating_by),
            scope_version::activated_at.eq(at),
        ))
        .execute(conn)
        .await?;
    if set == 1 {
        Ok(())
    } else {
        Err(Error::Missing)
    }
}
