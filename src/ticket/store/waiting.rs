//! The tickets in line in figures, never counted to the end.

use std::fmt;
use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Int4, Nullable, Timestamptz};
use diesel_async::RunQueryDsl;

use crate::db::schema::ticket;
use crate::db::{Conn, Result, statement};

/// Where the count of waiting tickets stops.
pub const WAITING_CAP: i64 = 1_000;

/// What the index of tickets to take holds, written out so that the planner sees it, without those of forgotten
/// incidents, which are unreadable.
const IN_LINE: &str = "(ticket.status in ('new', 'open') and ticket.assignee is null and not exists (select from \
    incident gone where gone.id = ticket.incident_id and gone.forgotten_at is not null))";

pub(super) fn in_line() -> diesel::expression::SqlLiteral<Bool> {
    diesel::dsl::sql::<Bool>(IN_LINE)
}

/// How the helpline stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// Tickets in line; more than [`WAITING_CAP`] are not counted.
    pub tickets: i64,
    /// Since when the one that waits longest waits.
    pub oldest: Option<DateTime<Utc>>,
}

impl fmt::Display for Waiting {
    /// `12`, or `1,000+`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.tickets > WAITING_CAP {
            true => f.write_str("1,000+"),
            false => write!(f, "{}", self.tickets),
        }
    }
}

// The index of tickets to take has them by urgency, each with the one that waits longest first: one look a degree of
// urgency, however many wait.
const OLDEST: &str = "
    with recursive degree as (
        (select urgency, queued_at from ticket
            where status in ('new', 'open') and assignee is null and not exists (select from incident gone
                where gone.id = ticket.incident_id and gone.forgotten_at is not null)
            order by urgency desc, queued_at, id limit 1)
        union all
        select next.urgency, next.queued_at from degree cross join lateral (
            select urgency, queued_at from ticket
            where status in ('new', 'open') and assignee is null and urgency < degree.urgency
                and not exists (select from incident gone
                    where gone.id = ticket.incident_id and gone.forgotten_at is not null)
            order by urgency desc, queued_at, id limit 1) next
    )
    select min(queued_at) as at from degree";

#[derive(QueryableByName)]
struct Oldest {
    #[diesel(sql_type = Nullable<Timestamptz>)]
    at: Option<DateTime<Utc>>,
}

/// How many tickets are in line and since when the oldest waits, as the columns `waiting` and `oldest` of one row.
pub(super) fn question() -> String {
    format!(
        "select (select count(*) from (select from ticket where {IN_LINE} limit {}) capped) as waiting, ({OLDEST}) as oldest",
        WAITING_CAP + 1
    )
}

static WAITING: LazyLock<String> = LazyLock::new(question);

/// The columns of [`question`].
#[derive(QueryableByName)]
pub(super) struct WaitingRow {
    #[diesel(sql_type = BigInt)]
    waiting: i64,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    oldest: Option<DateTime<Utc>>,
}

impl From<WaitingRow> for Waiting {
    fn from(row: WaitingRow) -> Self {
        Self {
            tickets: row.waiting,
            oldest: row.oldest,
        }
    }
}

/// How many tickets are in line, and since when.
///
/// # Errors
/// The database's.
pub async fn waiting(conn: &mut Conn) -> Result<Waiting> {
    let row: WaitingRow = statement(&WAITING).get_result(conn).await?;
    Ok(row.into())
}

/// How many tickets are in line, counted up to `most`.
///
/// # Errors
/// The database's.
pub async fn count_waiting(conn: &mut Conn, most: i64) -> Result<i64> {
    #[derive(QueryableByName)]
    struct Counted {
        #[diesel(sql_type = BigInt)]
        n: i64,
    }
    let sql =
        format!("select count(*) as n from (select from ticket where {IN_LINE} limit $1) capped");
    let counted: Counted = diesel::sql_query(sql)
        .bind::<BigInt, _>(most)
        .get_result(conn)
        .await?;
    Ok(counted.n)
}

/// Since when the ticket in line that waits longest waits.
///
/// # Errors
/// The database's.
pub async fn oldest_waiting(conn: &mut Conn) -> Result<Option<DateTime<Utc>>> {
    let oldest: Oldest = statement(OLDEST).get_result(conn).await?;
    Ok(oldest.at)
}

/// How many tickets in line began to wait before a moment; more than [`WAITING_CAP`] are not counted.
///
/// # Errors
/// The database's.
pub async fn waiting_since_before(conn: &mut Conn, before: DateTime<Utc>) -> Result<i64> {
    let capped: Vec<i32> = ticket::table
        .filter(in_line())
        .filter(ticket::waits_since.lt(before))
        .select(diesel::dsl::sql::<Int4>("1"))
        .limit(WAITING_CAP + 1)
        .load(conn)
        .await?;
    Ok(i64::try_from(capped.len()).unwrap_or(i64::MAX))
}
