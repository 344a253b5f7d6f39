//! Scope versions, their staged rows and their rejects in the database.

/// What a staged row `r` says of a person `p`, in SQL: what is known of them where its file lacks the column. The
/// bits are those of `scope::lacks`.
macro_rules! said {
    (locale) => {
        "case when r.lacks & 16 <> 0 and p.id is not null then p.locale else r.locale end"
    };
    (jurisdiction) => {
        "case when r.lacks & 32 <> 0 and p.id is not null then p.jurisdiction else r.jurisdiction end"
    };
    (flags) => {
        "case when r.lacks & 64 <> 0 and p.id is not null then p.flags else r.flags end"
    };
}

/// Whether a refused line of the version names a person `p`, in SQL.
macro_rules! on_a_refused_line {
    () => {
        "exists (select from scope_reject j where j.incident_id = $1 and j.version = $2
            and j.bucket = p.bucket and j.reference_key = p.reference_key)"
    };
}

mod applied;
mod apply;
mod compare;
mod complete;
mod copy;
mod draft;
mod first;
mod groups;
mod identity;
mod reject;
mod staged;
mod stranger;
mod upload;

pub use applied::{Newest, activating, list_newer, newest};
pub use apply::{Span, apply_former, apply_listed, apply_unlisted, by_bucket, record_applied};
pub use compare::{Compared, Kind, compare, compare_in, count_kept, count_kinds};
pub use complete::{Completed, Former, Incomplete, complete, find_incomplete, take_over};
pub use copy::{Copy, Rejects, Rows, Says, StagedRow, copy_rejects, copy_rows};
pub use draft::{
    Added, NewReject, Replaced, delete_rejects_at, delete_replaced, delete_version, find_draft,
    find_listed, insert_rejects, move_staged,
};
pub use first::{
    Own, analyze_own, attach_own, complete_own, count_own, create_own, delete_retracted, drop_own,
    is_first, key_own,
};
pub use groups::{RejectGroup, count_rejects, group_rejects, keep_groups};
pub use identity::{
    CountAsked, Judged, Moved, count_another_told, count_asked, count_told_too_much, find_moved,
    mark, record_told_too_much, set_other, told_too_much,
};
pub use reject::{
    Closed, close, each_correctable, find_rejects, find_row_keys, list_rejects, list_row_keys,
    reject_owner,
};
pub use staged::{
    Refused, analyze, begin, commit, delete_duplicates, find_by_index, find_duplicates, hurry,
    is_at_work, roll_back, set_progress, summarize, sweep, try_lock, try_lock_session,
    unlock_session,
};
pub use stranger::{delete_strangers, find_retracted, find_strangers};

pub use upload::{
    delete_idle_uploads, delete_upload, delete_uploads_of, find_piece, find_upload, find_upload_of,
    insert_piece, insert_upload, lock_upload, piece_owner, touch_upload,
};

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::delta::{Brings, Delta};
use super::lines::FileLines;
use super::{ScopeMode, ScopeStatus, Version};
use crate::db::schema::{scope_applied, scope_reject, scope_row, scope_version};
use crate::db::{Conn, Error, Result};
use crate::id::{IncidentId, StaffId};

#[derive(Queryable, Selectable)]
#[diesel(table_name = scope_version)]
struct Row {
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

fn read((row, done): (Row, Option<i64>)) -> Result<Version> {
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

/// In how many buckets the version of the row at hand is in force.
#[diesel::dsl::auto_type]
fn buckets_done() -> _ {
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
        .filter(scope_version::status.eq(ScopeStatus::Draft))
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

/// All versions that are half in force.
///
/// # Errors
/// The database's.
pub async fn list_activating(conn: &mut Conn) -> Result<Vec<(IncidentId, i32)>> {
    Ok(scope_version::table
        .filter(scope_version::status.eq(ScopeStatus::Activating))
        .select((scope_version::incident_id, scope_version::version))
        .load(conn)
        .await?)
}

/// The buckets in which a version is in force, and how many people it brought and took there.
///
/// # Errors
/// The database's.
pub async fn list_applied(
    conn: &mut Conn,
    incident: IncidentId,
    version: i32,
) -> Result<Vec<(i32, i64, i64)>> {
    Ok(scope_applied::table
        .filter(scope_applied::incident_id.eq(incident))
        .filter(scope_applied::version.eq(version))
        .select((
            scope_applied::bucket,
            scope_applied::added,
            scope_applied::retracted,
        ))
        .load(conn)
        .await?)
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
        .filter(scope_version::status.eq(ScopeStatus::Active))
        .set(scope_version::status.eq(ScopeStatus::Superseded))
        .execute(conn)
        .await?;
    let set = diesel::update(scope_version::table.find((incident, version)))
        .filter(scope_version::status.eq(ScopeStatus::Activating))
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
