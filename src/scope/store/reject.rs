//! The refused rows of a version in the database.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, SmallInt};
use diesel_async::RunQueryDsl;
use futures_util::TryStreamExt;
use serde::{Deserialize, Serialize};

use super::super::reason::in_general;
use super::super::{Place, Reject, RejectReason};
use crate::db::schema::scope_reject;
use crate::db::{Conn, Error, Result};
use crate::id::IncidentId;
use crate::person::contact::Key;
use crate::seal::{IncidentKey, Index, to_hex};

/// The associated data under which the cells of a reject are sealed.
pub fn reject_owner(incident: IncidentId, version: i32, at: impl Into<Place>) -> Vec<u8> {
    let Place { file, line } = at.into();
    let mut place = [&version.to_be_bytes()[..], &line.to_be_bytes()].concat();
    if file > 1 {
        place.extend(file.to_be_bytes());
    }
    [&incident.uuid().as_bytes()[..], b"reject", &place].concat()
}

/// A reject as it is kept.
#[derive(Debug)]
pub struct Closed {
    /// Readable: the JSON of columns and codes. Each reason has a keyed hash, by which equal reasons are counted together.
    pub reasons: Vec<u8>,
    /// The cells and the sentences, sealed.
    pub sealed: Vec<u8>,
}

/// The readable part of a reason.
#[derive(Serialize)]
struct Readable<'a> {
    column: &'a str,
    code: &'a str,
    same: String,
}

/// The sealed part of a reject.
#[derive(Serialize)]
struct Inside<'a, T> {
    cells: &'a [T],
    why: Vec<&'a str>,
}

/// The same as it is read.
#[derive(Deserialize)]
struct Opened {
    cells: Vec<String>,
    why: Vec<String>,
}

/// Seals a reject of this place.
///
/// # Panics
/// Never: texts always become JSON.
pub fn close<T: Serialize>(
    key: &IncidentKey,
    (incident, version): (IncidentId, i32),
    at: impl Into<Place>,
    reasons: &[RejectReason],
    cells: &[T],
) -> Closed {
    let readable = |reason: &RejectReason| -> String {
        let words = in_general(&reason.code, &reason.why);
        let mut hash = to_hex(&key.index(Index::Refusal, words.as_bytes()));
        // Words of cells may be guessed at; sentences of ours are only told apart.
        if !reason.code.starts_with("unknown") {
            hash.truncate(16);
        }
        hash
    };
    let outside: Vec<Readable<'_>> = reasons
        .iter()
        .map(|reason| Readable {
            column: &reason.column,
            code: &reason.code,
            same: readable(reason),
        })
        .collect();
    let inside = Inside {
        cells,
        why: reasons.iter().map(|reason| reason.why.as_str()).collect(),
    };
    let plain = serde_json::to_vec(&inside).expect("texts always become JSON");
    let owner = reject_owner(incident, version, at);
    Closed {
        reasons: serde_json::to_vec(&outside).expect("texts always become JSON"),
        sealed: key.seal(&owner, &plain),
    }
}

/// What the rows said that were refused since their reference stands on another line, of all versions of an incident.
///
/// # Errors
/// The database's.
pub async fn list_row_keys(conn: &mut Conn, incident: IncidentId) -> Result<HashSet<Key>> {
    let keys = scope_reject::table
        .filter(scope_reject::incident_id.eq(incident))
        .select(scope_reject::row_key.assume_not_null())
        .filter(scope_reject::row_key.is_not_null())
        .load_stream::<Vec<u8>>(conn)
        .await?;
    let read = |key| async move { Ok(Key::try_from(key).ok()) };
    Ok(keys.try_filter_map(read).try_collect().await?)
}

/// Passes on the place of each row that was refused for another reason, of one version or of all, and the blind index of
/// its reference, if it is kept.
///
/// # Errors
/// The database's.
pub async fn each_correctable(
    conn: &mut Conn,
    incident: IncidentId,
    version: Option<i32>,
    mut take: impl FnMut(Place, Option<Key>),
) -> Result<()> {
    let (from, to) = version.map_or((0, i32::MAX), |version| (version, version));
    let places = scope_reject::table
        .filter(scope_reject::incident_id.eq(incident))
        .filter(scope_reject::version.between(from, to))
        .filter(scope_reject::row_key.is_null())
        .select((
            scope_reject::file,
            scope_reject::line,
            scope_reject::reference_key,
        ))
        .load_stream::<(i16, i64, Option<Vec<u8>>)>(conn)
        .await?;
    let each = places.try_for_each(|(file, line, reference)| {
        let reference = reference.and_then(|key| Key::try_from(key).ok());
        take(Place { file, line }, reference);
        async { Ok(()) }
    });
    Ok(each.await?)
}

/// What such rows of one version say, by their lines, from the line behind the first of `lines` to the last.
///
/// # Errors
/// The database's.
pub async fn find_row_keys(
    conn: &mut Conn,
    incident: IncidentId,
    version: i32,
    lines: (i64, i64),
) -> Result<HashMap<i64, Key>> {
    let found: Vec<(i64, Option<Vec<u8>>)> = scope_reject::table
        .filter(scope_reject::incident_id.eq(incident))
        .filter(scope_reject::version.eq(version))
        .filter(
            scope_reject::line
                .gt(lines.0)
                .and(scope_reject::line.le(lines.1)),
        )
        .filter(scope_reject::row_key.is_not_null())
        .select((scope_reject::line, scope_reject::row_key))
        .load(conn)
        .await?;
    let read = |(line, key): (i64, Option<Vec<u8>>)| Some((line, Key::try_from(key?).ok()?));
    Ok(found.into_iter().filter_map(read).collect())
}

/// The next rejects of a version in the order of their files and lines, after the one at `after` (line 0 to begin),
/// opened.
///
/// # Errors
/// `Inconsistent` if the cells of one do not open.
pub async fn list_rejects(
    conn: &mut Conn,
    key: &IncidentKey,
    incident: IncidentId,
    version: i32,
    after: impl Into<Place>,
    limit: i64,
) -> Result<Vec<Reject>> {
    let after = after.into();
    let is_later = diesel::dsl::sql::<Bool>("(file, line) > (")
        .bind::<SmallInt, _>(after.file)
        .sql(", ")
        .bind::<BigInt, _>(after.line)
        .sql(")");
    let rows: Vec<(i16, i64, serde_json::Value, Vec<u8>)> = scope_reject::table
        .filter(scope_reject::incident_id.eq(incident))
        .filter(scope_reject::version.eq(version))
        .filter(is_later)
        .order((scope_reject::file, scope_reject::line))
        .limit(limit)
        .select((
            scope_reject::file,
            scope_reject::line,
            scope_reject::reasons,
            scope_reject::sealed,
        ))
        .load(conn)
        .await?;
    opened(key, incident, version, rows)
}

/// The rejects at these places, opened.
///
/// # Errors
/// `Inconsistent` if the cells of one do not open.
pub async fn find_rejects(
    conn: &mut Conn,
    key: &IncidentKey,
    incident: IncidentId,
    version: i32,
    places: &[Place],
) -> Result<Vec<Reject>> {
    let lines: Vec<i64> = places.iter().map(|place| place.line).collect();
    let rows = scope_reject::table
        .filter(scope_reject::incident_id.eq(incident))
        .filter(scope_reject::version.eq(version))
        .filter(scope_reject::line.eq_any(lines))
        .order((scope_reject::file, scope_reject::line))
        .select((
            scope_reject::file,
            scope_reject::line,
            scope_reject::reasons,
            scope_reject::sealed,
        ))
        .load(conn)
        .await?;
    let mut found = opened(key, incident, version, rows)?;
    found.retain(|reject| places.contains(&reject.place()));
    Ok(found)
}

/// Rejects as they stand in the database, opened.
fn opened(
    key: &IncidentKey,
    incident: IncidentId,
    version: i32,
    rows: Vec<(i16, i64, serde_json::Value, Vec<u8>)>,
) -> Result<Vec<Reject>> {
    let read = |(file, line, reasons, sealed): (i16, i64, _, Vec<u8>)| {
        let place = Place { file, line };
        let broken =
            || Error::inconsistent("scope_reject", format!("{incident} {version} {place}"));
        let owner = reject_owner(incident, version, place);
        let plain = key.open(&owner, &sealed).map_err(|_| broken())?;
        let Opened { cells, why } = serde_json::from_slice(&plain).map_err(|_| broken())?;
        let mut reasons: Vec<RejectReason> =
            serde_json::from_value(reasons).map_err(|_| broken())?;
        for (reason, why) in reasons.iter_mut().zip(why) {
            reason.why = why;
        }
        Ok(Reject {
            file,
            line,
            reasons,
            cells,
        })
    };
    rows.into_iter().map(read).collect()
}
