//! The table of a first list: its rows are written once, as the people they will be, indexed in bulk when
//! all are there, and become the incident's part of `person` in the moment the version is put in force.
//! Rows that went through `scope_row` into indexed tables took four times as long.

use diesel::prelude::*;
use diesel::sql_types::{Bool, Uuid};
use diesel_async::RunQueryDsl;
use futures_util::TryStreamExt;
use tokio_postgres::Client;

use crate::account::store::Moves;
use crate::db::{Conn, Result};
use crate::id::IncidentId;
use crate::person::flags::Flags;
use crate::person::store::Moved;

/// The table in which the people of a first list wait.
#[derive(Debug, Clone)]
pub struct Own {
    table: String,
    incident: IncidentId,
    version: i32,
}

impl Own {
    /// That of a version.
    pub fn new(incident: IncidentId, version: i32) -> Self {
        Self {
            table: format!("person_{}_{version}", incident.uuid().simple()),
            incident,
            version,
        }
    }

    /// Its name; it needs no quotes.
    pub fn table(&self) -> &str {
        &self.table
    }
}

/// How full its pages are made, in per cent: few are written again, since what is sent to people and what later
/// lists say of their elements is kept elsewhere (`person_since`).
const FILL: u8 = 100;

/// Whether no version of the incident was ever put in force, not even in part.
///
/// # Errors
/// The database's.
pub async fn is_first(conn: &mut Conn, incident: IncidentId) -> Result<bool> {
    #[derive(QueryableByName)]
    struct First {
        #[diesel(sql_type = Bool)]
        first: bool,
    }
    let question = "select not exists (select from scope_version where incident_id = $1
        and status in ('activating', 'active', 'superseded')) as first";
    let row: First = diesel::sql_query(question)
        .bind::<Uuid, _>(incident)
        .get_result(conn)
        .await?;
    Ok(row.first)
}

/// What most people of a first list have in common: as a default it need not be sent and parsed for each of them.
const COMMON: [&str; 2] = ["incident_id", "standing"];

/// What all of them have in common, until they are written again: added when all rows are there, which writes
/// it once, with the table, and not with each of them (the manual, "ALTER TABLE", "Notes").
const SAME: [(&str, &str); 4] = [
    ("named", "bigint"),
    ("link_epoch", "smallint"),
    ("since_scope", "integer"),
    ("changed_scope", "integer"),
];

/// Makes the table, empty and without a key. `line` is there until it is known that no reference stands in
/// the list twice. The check is what lets it become part of `person` without being read.
///
/// # Errors
/// The database's.
pub async fn create_own(client: &Client, own: &Own) -> Result<()> {
    let (own, incident) = (&own.table, own.incident.uuid().to_string());
    let common: String = std::iter::zip(COMMON, [&incident, "in_progress"])
        .map(|(column, value)| format!(", alter {column} set default '{value}'"))
        .collect();
    let later = SAME.map(|(column, _)| format!(", drop {column}"));
    let create = format!(
        "create table {own} (like person including constraints, line bigint not null,
            constraint of_one_incident check (incident_id = '{incident}')) with (fillfactor = {FILL});
        alter table {own} set (autovacuum_enabled = false){common}{later}",
        later = later.concat(),
    );
    run(client, create).await
}

/// Makes the keys of the table on two connections at once.
///
/// # Errors
/// `Conflict` if a reference is there twice; then this may be tried again.
pub async fn key_own(one: &Client, other: &Client, own: &Own) -> Result<()> {
    let key = |name, columns| index(own, "unique index", name, columns);
    futures_util::future::try_join(
        run(one, key("reference", "(reference_key, bucket)")),
        run(other, key("id", "(bucket, id)")),
    )
    .await?;
    Ok(())
}

/// Deletes rows that retract: a first list has no people to retract.
///
/// # Errors
/// The database's.
pub async fn delete_retracted(client: &Client, own: &Own) -> Result<()> {
    let delete = format!("delete from {} where standing = 'retracted'", own.table);
    run(client, delete).await
}

/// Makes the rest of what `person` has, once the keys are made.
///
/// # Errors
/// The database's.
pub async fn complete_own(one: &Client, other: &Client, own: &Own) -> Result<()> {
    let email = "(email_key) where email_key is not null";
    // Look-ups without reference and e-mail address are rare: some milliseconds among ten million people are fast
    // enough, and a filter for each megabyte costs almost nothing to build and keep.
    let name =
        "using brin (name_key bytea_bloom_ops) with (pages_per_range = 128, autosummarize = on)";
    futures_util::future::try_join(
        run(one, index(own, "index", "email", email)),
        run(other, index(own, "index", "name", name)),
    )
    .await?;
    let values = [0, 0, own.version, own.version];
    let same: String = std::iter::zip(SAME, values)
        .map(|((column, kind), value)| format!(", add {column} {kind} not null default {value}"))
        .collect();
    let columns = COMMON.into_iter().chain(SAME.map(|(column, _)| column));
    let no_default: Vec<_> = columns
        .map(|column| format!("alter {column} drop default"))
        .collect();
    let alter = format!(
        "alter table {own} drop column line, reset (autovacuum_enabled),
            add constraint {own}_pkey primary key using index {own}_id{same};
        alter table {own} {no_default}",
        own = own.table,
        no_default = no_default.join(", "),
    );
    run(one, alter).await?;
    analyze_own(one, own).await
}

/// Lets the planner know what is in the table, from a small sample: Postgres takes a larger one by itself
/// within minutes.
///
/// # Errors
/// The database's.
pub async fn analyze_own(client: &Client, own: &Own) -> Result<()> {
    let analyze = format!(
        "set default_statistics_target = 10; analyze {} (incident_id, bucket, id, reference_key, email_key, name_key, exposed, locale,
            jurisdiction, flags, standing, withheld)",
        own.table
    );
    run(client, analyze).await
}

fn index(own: &Own, kind: &str, name: &str, columns: &str) -> String {
    let own = &own.table;
    format!(
        "set maintenance_work_mem = '256MB'; create {kind} if not exists {own}_{name} on {own} {columns}"
    )
}

async fn run(client: &Client, statements: String) -> Result<()> {
    Ok(client.batch_execute(&statements).await?)
}

/// Throws the table away, if there is one.
///
/// # Errors
/// The database's.
pub async fn drop_own(conn: &mut Conn, own: &Own) -> Result<()> {
    diesel::sql_query(format!("drop table if exists {}", own.table))
        .execute(conn)
        .await?;
    Ok(())
}

/// All people in the table, as the account counts them. Postgres gathers them by kind, in memory first and then on
/// disk, however many kinds the planner expects; for the rest of the transaction too. Each kind is counted as it comes
/// in: what is kept here is as large as the account, whatever the number of kinds.
///
/// # Errors
/// The database's.
pub async fn count_own(conn: &mut Conn, own: &Own) -> Result<Moves> {
    for setting in [
        "set local enable_sort = off",
        "set local work_mem = '64MB'",
        "set local parallel_tuple_cost = 0",
    ] {
        diesel::sql_query(setting).execute(conn).await?;
    }
    let count = format!(
        "select bucket, standing, withheld, jurisdiction, locale, exposed, named, flags & {minor} as flags,
            true as reachable, count(*) as n
        from {} group by bucket, standing, withheld, jurisdiction, locale, exposed, named, flags & {minor}",
        own.table,
        minor = Flags::MINOR.bits()
    );
    let mut moves = Moves::of(own.incident);
    let mut kinds = diesel::sql_query(count).load_stream::<Moved>(conn).await?;
    while let Some(kind) = kinds.try_next().await? {
        moves.add(&kind)?;
    }
    Ok(moves)
}

/// Makes the table the incident's part of `person`. Neither readers nor writers of `person` wait.
///
/// # Errors
/// The database's.
pub async fn attach_own(conn: &mut Conn, own: &Own) -> Result<()> {
    let (own, incident) = (&own.table, own.incident.uuid());
    for step in [
        format!("alter table person attach partition {own} for values in ('{incident}')"),
        format!("alter table {own} drop constraint of_one_incident"),
    ] {
        diesel::sql_query(step).execute(conn).await?;
    }
    Ok(())
}
