//! The outbox in the database. A claim is a lease on single rows; each record names the fence of its claim, so that a
//! sender that was too slow changes nothing.

mod put;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Int8, Timestamptz, Uuid};
use diesel_async::RunQueryDsl;

pub(crate) use self::put::insert_test;
pub use self::put::{insert, insert_to_staff};
use super::{
    Claimed, Delivery, LetterKind, LetterStatus, LetterWithheld, OutboxLetter, Outcome, Tries,
};
use crate::db::schema::{deployment, emergency_stop, incident, outbox, ticket};
use crate::db::{Conn, Guarded, Result};
use crate::id::{IncidentId, LetterId, PersonId, StaffId, TicketId};
use crate::seal::Keyring;

/// Whether the emergency stop is set, or the database may be an older copy: then nothing leaves.
///
/// # Errors
/// The database's.
pub async fn is_stopped(conn: &mut Conn) -> Result<bool> {
    let in_doubt = diesel::dsl::exists(deployment::table.filter(deployment::doubt.is_not_null()));
    let stopped = emergency_stop::stopped_at.is_not_null().or(in_doubt);
    Ok(emergency_stop::table.select(stopped).first(conn).await?)
}

/// Whether an unclaimed letter is due.
///
/// # Errors
/// The database's.
pub async fn is_due(conn: &mut Conn, now: DateTime<Utc>) -> Result<bool> {
    let free = diesel::dsl::sql::<diesel::sql_types::Bool>(
        "(lease_until is null or lease_until <= clock_timestamp())",
    );
    let due = outbox::table
        .filter(outbox::status.eq(LetterStatus::Queued))
        .filter(outbox::due_at.le(now))
        .filter(free);
    Ok(diesel::select(diesel::dsl::exists(due))
        .get_result(conn)
        .await?)
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = Uuid)]
    id: LetterId,
}

/// Claims at most `limit` letters that are due, for as long as `lease`; none while the emergency stop is set. Lease times
/// are the database's, so that the clocks of nodes do not matter.
///
/// # Errors
/// The database's.
pub async fn claim(
    conn: &mut Conn,
    keys: &Keyring,
    limit: i64,
    now: DateTime<Utc>,
    lease: TimeDelta,
) -> Result<Vec<Claimed>> {
    let ids: Vec<Id> = diesel::sql_query(
        "with due as (select id from outbox where status = 'queued' and due_at <= $1 \
         and (lease_until is null or lease_until <= clock_timestamp()) \
         and not exists (select from emergency_stop where stopped_at is not null) \
         and not exists (select from deployment where doubt is not null) \
         and (select cardinality(copy_evidence()) = 0) \
         order by due_at limit $2 for update skip locked) \
         update outbox set fence = fence + 1, lease_until = clock_timestamp() + $3 * interval '1 second' from due \
         where outbox.id = due.id returning outbox.id",
    )
    .bind::<Timestamptz, _>(now)
    .bind::<Int8, _>(limit)
    .bind::<Int8, _>(lease.num_seconds())
    .load(conn)
    .await?;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<Row> = outbox::table
        .inner_join(incident::table.on(incident::id.eq(outbox::incident_id)))
        .left_join(ticket::table.on(outbox::ticket_id.eq(ticket::id.nullable())))
        .filter(outbox::id.eq_any(ids.into_iter().map(|row| row.id)))
        .order((outbox::due_at, outbox::id))
        .select((
            outbox::id,
            outbox::kind,
            outbox::created_at,
            (
                outbox::attempts,
                outbox::lost,
                outbox::doubts,
                outbox::refusals,
                outbox::refused_at,
                outbox::first_tried_at,
            ),
            outbox::fence,
            (outbox::person_id, ticket::person_id.nullable()),
            (outbox::link_epoch, outbox::staff_id),
            outbox::sealed,
            outbox::incident_id,
            incident::wrapped_key,
        ))
        .load(conn)
        .await?;
    Ok(rows.into_iter().map(|row| read(keys, row)).collect())
}

type TriesRow = (
    i32,
    i32,
    i32,
    i32,
    Option<DateTime<Utc>>,
    Option<DateTime<Utc>>,
);

type Row = (
    LetterId,
    LetterKind,
    DateTime<Utc>,
    TriesRow,
    i32,
    (Option<PersonId>, Option<PersonId>),
    (Option<i16>, Option<StaffId>),
    Option<Vec<u8>>,
    IncidentId,
    Option<Vec<u8>>,
);

fn read(keys: &Keyring, row: Row) -> Claimed {
    let (id, kind, created_at, tries, fence, person, of, sealed, incident, wrapped) = row;
    let (link_epoch, staff) = of;
    let (counted, lost, doubts, refusals, refused_at, first_at) = tries;
    let letter = || -> Option<OutboxLetter> {
        let key = keys.incident_key(incident, &wrapped?).ok()?;
        let plain = key.open(id.uuid().as_bytes(), &sealed?).ok()?;
        serde_json::from_slice(&plain).ok()
    };
    Claimed {
        id,
        kind,
        created_at,
        tries: Tries {
            counted,
            lost,
            doubts,
            refused: refused_at.map(|at| (refusals, at)),
            first_at,
        },
        fence,
        incident,
        person: person.0.or(person.1),
        link_epoch,
        staff,
        letter: letter(),
    }
}

/// A claim ends: what is known of the attempts by now.
#[derive(AsChangeset)]
#[diesel(table_name = outbox, treat_none_as_null = true)]
struct Freed {
    attempts: i32,
    lost: i32,
    doubts: i32,
    refusals: i32,
    refused_at: Option<DateTime<Utc>>,
    first_tried_at: Option<DateTime<Utc>>,
    lease_until: Option<DateTime<Utc>>,
}

impl From<Tries> for Freed {
    fn from(tries: Tries) -> Self {
        Self {
            attempts: tries.counted,
            lost: tries.lost,
            doubts: tries.doubts,
            refusals: tries.refused.map_or(0, |(count, _)| count),
            refused_at: tries.refused.map(|(_, first)| first),
            first_tried_at: tries.first_at,
            lease_until: None,
        }
    }
}

/// Records what became of a claimed letter, and what is known of its attempts; its words are dropped once it is settled.
/// Refused if another sender has claimed it since.
///
/// # Errors
/// The database's.
pub async fn record(
    conn: &mut Conn,
    claimed: &Claimed,
    outcome: &Outcome,
    now: DateTime<Utc>,
) -> Result<Guarded> {
    let mine = outbox::table.find(claimed.id).filter(
        outbox::fence
            .eq(claimed.fence)
            .and(outbox::status.eq(LetterStatus::Queued)),
    );
    let free = Freed::from(claimed.tries);
    let settled = |status: LetterStatus| {
        (
            outbox::status.eq(status),
            outbox::sealed.eq(None::<Vec<u8>>),
            outbox::settled_at.eq(now),
        )
    };
    let said = |reply: &str, reason: Option<&str>| {
        (
            outbox::reply.eq(reply.to_owned()),
            outbox::reason.eq(reason.map(ToOwned::to_owned)),
        )
    };
    let update = diesel::update(mine);
    let written = match outcome {
        Outcome::Sent { reply } => {
            let set = (free, settled(LetterStatus::Sent), said(reply, None));
            update.set(set).execute(conn).await?
        }
        Outcome::Failed { reply, reason } => {
            let set = (free, settled(LetterStatus::Failed), said(reply, *reason));
            update.set(set).execute(conn).await?
        }
        Outcome::Uncertain { reply, reason } => {
            let said = said(reply, Some(reason));
            let set = (free, settled(LetterStatus::Uncertain), said);
            update.set(set).execute(conn).await?
        }
        Outcome::Withheld { why } => {
            let withheld = outbox::withheld.eq(*why);
            let set = (free, settled(LetterStatus::Withheld), withheld);
            update.set(set).execute(conn).await?
        }
        Outcome::Deferred { until, reply } => {
            let set = (free, outbox::due_at.eq(until), outbox::reply.eq(reply));
            update.set(set).execute(conn).await?
        }
        Outcome::Postponed { until } => {
            let set = (free, outbox::due_at.eq(until));
            update.set(set).execute(conn).await?
        }
    };
    Ok(Guarded::of(written))
}

/// The letters of a ticket, oldest first.
///
/// # Errors
/// The database's.
pub async fn of_ticket(conn: &mut Conn, ticket: TicketId) -> Result<Vec<Delivery>> {
    type Row = (
        LetterKind,
        Option<i32>,
        LetterStatus,
        Option<String>,
        Option<LetterWithheld>,
        Option<String>,
        Option<DateTime<Utc>>,
    );
    let rows: Vec<Row> = outbox::table
        .filter(outbox::ticket_id.eq(ticket))
        .order((outbox::created_at, outbox::id))
        .select((
            outbox::kind,
            outbox::message_no,
            outbox::status,
            outbox::reply,
            outbox::withheld,
            outbox::reason,
            outbox::settled_at,
        ))
        .load(conn)
        .await?;
    let read = |(kind, message_no, status, reply, withheld, reason, settled_at)| Delivery {
        kind,
        message_no,
        status,
        reply,
        withheld,
        reason,
        settled_at,
    };
    Ok(rows.into_iter().map(read).collect())
}

/// Where one letter stands.
///
/// # Errors
/// `Missing`.
pub async fn status_of(conn: &mut Conn, id: LetterId) -> Result<LetterStatus> {
    Ok(outbox::table
        .find(id)
        .select(outbox::status)
        .first(conn)
        .await?)
}

/// Waiting letters beyond this number are not counted.
pub const WAITING_CAP: i64 = 1_000;

/// How many letters wait to leave, and since when the one that is due longest; more than [`WAITING_CAP`] are not counted.
///
/// # Errors
/// The database's.
pub async fn waiting(conn: &mut Conn) -> Result<(i64, Option<DateTime<Utc>>)> {
    let first: Vec<DateTime<Utc>> = outbox::table
        .filter(outbox::status.eq(LetterStatus::Queued))
        .select(outbox::due_at)
        .order(outbox::due_at)
        .limit(WAITING_CAP + 1)
        .load(conn)
        .await?;
    Ok((
        i64::try_from(first.len()).unwrap_or(i64::MAX),
        first.iter().min().copied(),
    ))
}
