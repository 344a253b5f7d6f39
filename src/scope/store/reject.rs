//! The refused rows of a version in the database.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, SmallInt, Text};
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};

use super::super::{Place, Reject, RejectReason};
use crate::db::schema::scope_reject;
use crate::db::{Conn, Error, Result};
use crate::id::IncidentId;
use crate::person::contact::Key;
use crate::seal::{IncidentKey, Index, to_hex};

/// To whom the cells of a reject belong: the associated data under which they are sealed.
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
    /// Readable: the JSON of columns and codes. Reasons that repeat words of a cell have a keyed hash by which those
    /// that say the same are counted together.
    pub reasons: Vec<u8>,
    /// The cells and the sentences, sealed.
    pub sealed: Vec<u8>,
}

/// The readable part of a reason.
#[derive(Serialize)]
struct Readable<'a> {
    column: &'a str,
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    same: Option<String>,
}

/// The sealed part of a reject.
#[derive(Serialize)]
struct Inside<'a, T> {
    cells: &'a [T],
    why: Vec<&'a str>,
}

/// The same as it is read; an older program sealed the cells alone, and left the sentences beside.
#[derive(Deserialize)]
#[serde(untagged)]
enum Opened {
    Cells(Vec<String>),
    All {
        cells: Vec<String>,
        why: Vec<String>,
    },
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
        to_hex(&key.index(Index::Refusal, reason.why.as_bytes()))
    };
    let outside: Vec<Readable<'_>> = reasons
        .iter()
        .map(|reason| Readable {
            column: &reason.column,
            code: &reason.code,
            same: reason.code.starts_with("unknown").then(|| readable(reason)),
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
    let keys: Vec<Option<Vec<u8>>> = scope_reject::table
        .filter(scope_reject::incident_id.eq(incident))
        .filter(scope_reject::row_key.is_not_null())
        .select(scope_reject::row_key)
        .distinct()
        .load(conn)
        .await?;
    let keys = keys.into_iter().flatten();
    Ok(keys.filter_map(|key| Key::try_from(key).ok()).collect())
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
        let (cells, why) = match serde_json::from_slice(&plain).map_err(|_| broken())? {
            Opened::Cells(cells) => (cells, Vec::new()),
            Opened::All { cells, why } => (cells, why),
        };
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

/// Rejects with the same reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectGroup {
    /// The column at fault, or `row`.
    pub column: String,
    /// The reason's word for programs.
    pub code: String,
    /// The reason of the first of them.
    pub why: String,
    /// How many rows.
    pub rows: i64,
    /// The file of the first of them, from 1.
    pub file: i16,
    /// Its line.
    pub line: i64,
}

#[derive(QueryableByName)]
struct GroupSql {
    #[diesel(sql_type = Text)]
    column: String,
    #[diesel(sql_type = Text)]
    code: String,
    #[diesel(sql_type = BigInt)]
    rows: i64,
    #[diesel(sql_type = SmallInt)]
    file: i16,
    #[diesel(sql_type = BigInt)]
    line: i64,
    /// Which of the reasons of that row, from 1.
    #[diesel(sql_type = BigInt)]
    nth: i64,
}

/// The rejects of a version by their reason, the most frequent first. Unknown codes are one group for each word;
/// other reasons are one for each column.
///
/// # Errors
/// The database's; `Inconsistent` if a reject does not open.
pub async fn group_rejects(
    conn: &mut Conn,
    key: &IncidentKey,
    incident: IncidentId,
    version: i32,
    limit: i64,
) -> Result<Vec<RejectGroup>> {
    let rows: Vec<GroupSql> = diesel::sql_query(
        "select column_name as column, code, rows, first[1]::smallint as file, first[2]::bigint as line,
            first[3]::bigint as nth
         from (select r.reason->>'column' as column_name, r.reason->>'code' as code, count(*) as rows,
                min(array[lpad(r.file::text, 6, '0'), lpad(r.line::text, 20, '0'), lpad(r.nth::text, 6, '0')]) as first
            from (select file, line, reason, nth from scope_reject,
                jsonb_array_elements(reasons) with ordinality as each (reason, nth)
                where incident_id = $1 and version = $2) r
            group by 1, 2, case when r.reason->>'code' like 'unknown%'
                then coalesce(r.reason->>'same', r.reason->>'why') end) g
         order by rows desc, first limit $3",
    )
    .bind::<diesel::sql_types::Uuid, _>(incident)
    .bind::<diesel::sql_types::Integer, _>(version)
    .bind::<BigInt, _>(limit)
    .load(conn)
    .await?;
    let place = |row: &GroupSql| Place {
        file: row.file,
        line: row.line,
    };
    let places: Vec<Place> = rows.iter().map(place).collect();
    let firsts = find_rejects(conn, key, incident, version, &places).await?;
    let group = |row: GroupSql| {
        let first = firsts.iter().find(|one| one.place() == place(&row));
        let nth = usize::try_from(row.nth - 1).unwrap_or(0);
        let why = first.and_then(|one| Some(one.reasons.get(nth)?.why.clone()));
        RejectGroup {
            column: row.column,
            code: row.code,
            why: why.unwrap_or_default(),
            rows: row.rows,
            file: row.file,
            line: row.line,
        }
    };
    Ok(rows.into_iter().map(group).collect())
}

#[derive(QueryableByName)]
struct CountSql {
    #[diesel(sql_type = Text)]
    column: String,
    #[diesel(sql_type = Text)]
    code: String,
    #[diesel(sql_type = BigInt)]
    n: i64,
}

/// How often each reason stands among the rejects of a version: column, code, number; most first.
///
/// # Errors
/// The database's.
pub async fn count_rejects(
    conn: &mut Conn,
    incident: IncidentId,
    version: i32,
) -> Result<Vec<(String, String, i64)>> {
    let rows: Vec<CountSql> = diesel::sql_query(
        "select reason->>'column' as column, reason->>'code' as code, count(*) as n
         from scope_reject, jsonb_array_elements(reasons) as reason
         where incident_id = $1 and version = $2
         group by 1, 2 order by n desc, 1, 2",
    )
    .bind::<diesel::sql_types::Uuid, _>(incident)
    .bind::<diesel::sql_types::Integer, _>(version)
    .load(conn)
    .await?;
    let read = |row: CountSql| (row.column, row.code, row.n);
    Ok(rows.into_iter().map(read).collect())
}
