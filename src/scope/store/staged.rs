//! Statements on the staged rows of a version: what a list says twice, and how a list differs from what is in force.

use futures_util::{Stream, StreamExt};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Row};

use super::first::Own;
use crate::db::Result;
use crate::id::IncidentId;

/// Lets the commits of this connection not wait for the disk, and its sorts take some memory.
///
/// # Errors
/// The database's.
pub async fn hurry(client: &Client) -> Result<()> {
    let settings = "set synchronous_commit = off; set work_mem = '64MB'";
    Ok(client.batch_execute(settings).await?)
}

/// Begins a transaction.
///
/// # Errors
/// The database's.
pub async fn begin(client: &Client) -> Result<()> {
    Ok(client.batch_execute("begin").await?)
}

/// Makes what a transaction did visible.
///
/// # Errors
/// The database's.
pub async fn commit(client: &Client) -> Result<()> {
    Ok(client.batch_execute("commit").await?)
}

/// Ends a transaction, if there is one, as if it had never been.
///
/// # Errors
/// The database's.
pub async fn roll_back(client: &Client) -> Result<()> {
    Ok(client.batch_execute("rollback").await?)
}

/// Records how far an import has come: rows accepted and rejected, octets read.
///
/// # Errors
/// The database's.
pub async fn set_progress(
    client: &Client,
    incident: IncidentId,
    version: i32,
    (accepted, rejected, octets): (i64, i64, i64),
) -> Result<()> {
    let statement = "update scope_version set accepted = $3, rejected = $4, octets_read = $5
        where incident_id = $1 and version = $2";
    let of: [&(dyn ToSql + Sync); 5] = [&incident.uuid(), &version, &accepted, &rejected, &octets];
    client.execute(statement, &of).await?;
    Ok(())
}

/// Brings the index of staged rows up to date, which inserts leave for later.
///
/// # Errors
/// The database's.
pub async fn summarize(client: &Client) -> Result<()> {
    let statement = "select brin_summarize_new_values('scope_row_bucket')";
    Ok(client.batch_execute(statement).await?)
}

/// Deletes the staged rows of versions of this incident that wait for nothing any more: all at once if no
/// version anywhere waits, which takes no time, else one by one. Outside a transaction only.
///
/// # Errors
/// The database's.
pub async fn sweep(client: &Client, incident: IncidentId) -> Result<()> {
    // Who holds the table longer than that copies into it or applies it: then some version waits. Autovacuum
    // lets go after a second.
    let truncate = "do $$ begin
            perform set_config('lock_timeout', '3s', true);
            lock table scope_row in access exclusive mode;
            if not exists (select from scope_version where status in ('importing', 'draft', 'activating')) then
                truncate scope_row;
            end if;
        exception when lock_not_available then null;
        end $$";
    client.batch_execute(truncate).await?;
    let delete = "delete from scope_row r using scope_version v
        where r.incident_id = $1 and v.incident_id = $1 and v.version = r.version
            and v.status not in ('importing', 'draft', 'activating')";
    client.execute(delete, &[&incident.uuid()]).await?;
    Ok(())
}

/// Lets the planner know what was staged.
///
/// # Errors
/// The database's.
pub async fn analyze(client: &Client) -> Result<()> {
    let analyze = "set default_statistics_target = 10; analyze scope_row";
    Ok(client.batch_execute(analyze).await?)
}

/// A staged row that is refused.
#[derive(Debug)]
pub struct Refused {
    /// Its own line.
    pub line: i64,
    /// The earlier line on which the reference stands too. `None`: the row retracts a person who is on no list.
    pub first_line: Option<i64>,
    /// Where it would live.
    pub bucket: i32,
    /// The blind index of the reference.
    pub reference_key: Vec<u8>,
    /// The contact data.
    pub sealed: Vec<u8>,
    /// The exposed elements.
    pub exposed: i64,
    /// The language.
    pub locale: String,
    /// The law.
    pub jurisdiction: String,
    /// The flags.
    pub flags: i32,
}

/// What [`Refused`] is read from, in its order; `r` is the staged row, before it stands the first line.
pub(super) const REFUSED: &str =
    "r.line, r.bucket, r.reference_key, r.sealed, r.exposed, r.locale, r.jurisdiction, r.flags";

impl From<&Row> for Refused {
    fn from(row: &Row) -> Self {
        Self {
            first_line: row.get(0),
            line: row.get(1),
            bucket: row.get(2),
            reference_key: row.get(3),
            sealed: row.get(4),
            exposed: row.get(5),
            locale: row.get(6),
            jurisdiction: row.get(7),
            flags: row.get(8),
        }
    }
}

/// The statements about rows with a reference that is in `table` twice. Keys first, whole rows only of what is there
/// twice: a list without duplicates costs one narrow pass.
struct Twice {
    find: String,
    delete: String,
}

impl Twice {
    fn among(own: Option<&Own>) -> Self {
        let (table, of_this) = match own {
            // A table of its own holds no other version.
            Some(own) => (own.table(), "r.incident_id = $1 and $2::integer > 0"),
            None => ("scope_row", "r.incident_id = $1 and r.version = $2"),
        };
        let twice = format!(
            "(select r.bucket, r.reference_key, min(r.line) as first_line
            from {table} r
            where {of_this}
            group by r.bucket, r.reference_key
            having count(*) > 1) twice"
        );
        let later = format!(
            "{of_this} and r.bucket = twice.bucket
            and r.reference_key = twice.reference_key and r.line > twice.first_line"
        );
        Self {
            find: format!(
                "select twice.first_line, {REFUSED} from {table} r join {twice} on {later}"
            ),
            delete: format!("delete from {table} r using {twice} where {later}"),
        }
    }
}

/// The rows with a reference that stands on an earlier line, one by one; `own` is the table of a first list.
///
/// # Errors
/// The database's.
pub async fn find_duplicates(
    client: &Client,
    own: Option<&Own>,
    incident: IncidentId,
    version: i32,
) -> Result<impl Stream<Item = Result<Refused>> + use<>> {
    let incident = incident.uuid();
    let of: [&(dyn ToSql + Sync); 2] = [&incident, &version];
    let rows = client.query_raw(&Twice::among(own).find, of).await?;
    Ok(rows.map(|row| Ok(Refused::from(&row?))))
}

/// Deletes the rows that [`find_duplicates`] finds; how many.
///
/// # Errors
/// The database's.
pub async fn delete_duplicates(
    client: &Client,
    own: Option<&Own>,
    incident: IncidentId,
    version: i32,
) -> Result<u64> {
    let of: [&(dyn ToSql + Sync); 2] = [&incident.uuid(), &version];
    Ok(client.execute(&Twice::among(own).delete, &of).await?)
}

/// What [`super::by_bucket`] is for a transaction, for the rest of this connection; and alone, since the caller
/// has others at work.
///
/// # Errors
/// The database's.
pub async fn find_by_index(client: &Client) -> Result<()> {
    let settings = "set enable_seqscan = off; set max_parallel_workers_per_gather = 0";
    Ok(client.batch_execute(settings).await?)
}
