//! Why the rows of a version were refused, counted once: pages and programs ask for it again and again.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Jsonb, Uuid};
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};

use super::super::Place;
use super::super::reason::in_general;
use super::reject::find_rejects;
use crate::db::schema::scope_version;
use crate::db::{Conn, Error, Result};
use crate::id::IncidentId;
use crate::seal::IncidentKey;

/// Groups that are kept, the most frequent; an unknown word is a group of its own: there may be as many groups as rejects.
const KEPT: i64 = 100;

/// Rejects with the same reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectGroup {
    /// The column at fault, or `row`.
    pub column: String,
    /// The reason's word for programs.
    pub code: String,
    /// The reason, in words that are true of all of them.
    pub why: String,
    /// The reason of the first of them, as it was said of that row.
    pub first: String,
    /// How many rows.
    pub rows: i64,
    /// The file of the first of them, from 1.
    pub file: i16,
    /// Its line.
    pub line: i64,
}

/// As it is kept: nothing of it repeats a cell.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Group {
    column: String,
    code: String,
    rows: i64,
    file: i16,
    line: i64,
    /// Which of the reasons of that row, from 1.
    nth: i64,
    /// Whether all of them have the same reason; an earlier release put all of one column and code together.
    #[serde(default)]
    same: bool,
}

impl Group {
    fn place(&self) -> Place {
        Place {
            file: self.file,
            line: self.line,
        }
    }
}

/// How often a reason stands among the rejects.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Counted {
    column: String,
    code: String,
    n: i64,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Groups {
    groups: Vec<Group>,
    counts: Vec<Counted>,
}

#[derive(QueryableByName)]
struct GroupsSql {
    #[diesel(sql_type = Jsonb)]
    groups: serde_json::Value,
}

/// The groups of a version's rejects as they are now, in SQL: rows with the same column, code and words, without what is so of
/// one row only.
macro_rules! counted {
    () => {
        "(with reason as materialized (
            select r.file, r.line, each.nth, each.reason->>'column' as col, each.reason->>'code' as code,
                each.reason->>'same' as word
            from scope_reject r, jsonb_array_elements(r.reasons) with ordinality as each (reason, nth)
            where r.incident_id = $1 and r.version = $2
        ), of_a_kind as (
            select col, code, count(*) as rows, word is not null as same,
                min(array[lpad(file::text, 6, '0'), lpad(line::text, 20, '0'), lpad(nth::text, 6, '0')]) as first
            from reason group by col, code, word
        ), most as (
            select * from of_a_kind order by rows desc, first limit $3
        ), by_code as (
            select col, code, sum(rows)::bigint as n from of_a_kind group by col, code
        )
        select jsonb_build_object(
            'groups', (select coalesce(jsonb_agg(jsonb_build_object('column', col, 'code', code, 'rows', rows, 'same', same,
                'file', first[1]::integer, 'line', first[2]::bigint, 'nth', first[3]::integer)
                order by rows desc, first), '[]') from most),
            'counts', (select coalesce(jsonb_agg(jsonb_build_object('column', col, 'code', code, 'n', n)
                order by n desc, col, code), '[]') from by_code)))"
    };
}

const KEEP: &str = concat!(
    "update scope_version set reject_groups = ",
    counted!(),
    " where incident_id = $1 and version = $2"
);

const COUNT: &str = concat!("select ", counted!(), " as groups");

/// Counts why the rows of a version were refused, and keeps that with it. To be called in each transaction that changes
/// its rejects.
///
/// # Errors
/// The database's.
pub async fn keep_groups(conn: &mut Conn, incident: IncidentId, version: i32) -> Result<()> {
    diesel::sql_query(KEEP)
        .bind::<Uuid, _>(incident)
        .bind::<Integer, _>(version)
        .bind::<BigInt, _>(KEPT)
        .execute(conn)
        .await?;
    Ok(())
}

async fn groups(conn: &mut Conn, incident: IncidentId, version: i32) -> Result<Groups> {
    let kept: Option<serde_json::Value> = scope_version::table
        .find((incident, version))
        .select(scope_version::reject_groups)
        .first(conn)
        .await?;
    let found = match kept {
        Some(kept) => kept,
        // Nothing is kept while a list is read, and of a version that an earlier release read.
        None => {
            let counted: GroupsSql = diesel::sql_query(COUNT)
                .bind::<Uuid, _>(incident)
                .bind::<Integer, _>(version)
                .bind::<BigInt, _>(KEPT)
                .get_result(conn)
                .await?;
            counted.groups
        }
    };
    let broken = || Error::inconsistent("scope_version", version);
    serde_json::from_value(found).map_err(|_| broken())
}

/// The rejects of a version by their reason, the most frequent first: a group for each column and words, without what is so
/// of one row only.
///
/// # Errors
/// The database's; `Inconsistent` if a reject does not open.
pub async fn group_rejects(
    conn: &mut Conn,
    key: &IncidentKey,
    incident: IncidentId,
    version: i32,
    limit: usize,
) -> Result<Vec<RejectGroup>> {
    let mut groups = groups(conn, incident, version).await?.groups;
    groups.truncate(limit);
    let places: Vec<Place> = groups.iter().map(Group::place).collect();
    let firsts = find_rejects(conn, key, incident, version, &places).await?;
    let group = |of: Group| {
        let first = firsts.iter().find(|one| one.place() == of.place());
        let nth = usize::try_from(of.nth - 1).unwrap_or(0);
        let why = first.and_then(|one| Some(one.reasons.get(nth)?.why.clone()));
        let why = why.unwrap_or_default();
        RejectGroup {
            why: match of.same || of.rows == 1 {
                true => in_general(&of.code, &why),
                false => format!("Not all for the same reason; for example: {why}"),
            },
            first: why,
            column: of.column,
            code: of.code,
            rows: of.rows,
            file: of.file,
            line: of.line,
        }
    };
    Ok(groups.into_iter().map(group).collect())
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
    let counts = groups(conn, incident, version).await?.counts;
    let read = |of: Counted| (of.column, of.code, of.n);
    Ok(counts.into_iter().map(read).collect())
}
