//! What is written about a ticket. The trigger `ticket_moves_are_recorded` adds the history.

use chrono::{DateTime, SecondsFormat, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Int8, Text, Timestamptz};
use diesel_async::RunQueryDsl;

use crate::actor::Actor;
use crate::db::schema::{ticket, ticket_message};
use crate::db::{Conn, Result, statement};
use crate::id::{PersonId, StaffId, TicketId};
use crate::seal::{IncidentKey, to_hex};
use crate::ticket::number::Number;
use crate::ticket::status::{TicketResolution, TicketStatus};
use crate::ticket::{Message, Ticket, message_owner, reason_owner, subject_owner};

/// A reason as it is kept with the moves of a ticket.
pub fn seal_reason(key: &IncidentKey, id: TicketId, reason: &str) -> Vec<u8> {
    key.seal(&reason_owner(id), reason.as_bytes())
}

/// Tells the trigger that records moves who ($1), why ($2, sealed, in hexadecimal digits) and when ($3).
macro_rules! say_who {
    () => {
        "select set_config('candor.actor', $1, true), set_config('candor.reason_sealed', $2, true), \
         set_config('candor.now', $3, true)"
    };
}

fn as_setting(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// Tells the trigger that records moves who, why (sealed) and when, until the transaction ends.
///
/// # Errors
/// The database's.
pub async fn say_who(
    conn: &mut Conn,
    actor: Actor,
    reason: Option<&[u8]>,
    now: DateTime<Utc>,
) -> Result<()> {
    statement(say_who!())
        .bind::<Text, _>(actor.to_string())
        .bind::<Text, _>(to_hex(reason.unwrap_or_default()))
        .bind::<Text, _>(as_setting(now))
        .execute(conn)
        .await?;
    Ok(())
}

/// Inserts a ticket; another number is tried while the one it has is taken, and it keeps that.
///
/// # Errors
/// The database's.
pub async fn insert(conn: &mut Conn, key: &IncidentKey, new: &mut Ticket) -> Result<()> {
    let subject = new.subject.as_deref().unwrap_or_default();
    let sealed = key.seal(&subject_owner(new.id), subject.as_bytes());
    loop {
        let inserted = diesel::insert_into(ticket::table)
            .values((
                ticket::id.eq(new.id),
                ticket::number.eq(&new.number),
                ticket::incident_id.eq(new.incident),
                ticket::person_id.eq(new.person),
                ticket::channel.eq(new.channel),
                ticket::locale.eq(&new.locale),
                ticket::subject.eq(&sealed),
                ticket::queued_at.eq(new.queued_at),
                ticket::follow_up_of.eq(new.follow_up_of),
                ticket::created_at.eq(new.created_at),
                ticket::version.eq(new.version),
                ticket::caller_verified.eq(new.is_call().then_some(new.caller_verified)),
                changing(new),
            ))
            .on_conflict(ticket::number)
            .do_nothing()
            .execute(conn)
            .await?;
        if inserted == 1 {
            return Ok(());
        }
        new.number = Number::random();
    }
}

type Changing<'a> = (
    diesel::dsl::Eq<ticket::status, TicketStatus>,
    diesel::dsl::Eq<ticket::urgency, i32>,
    diesel::dsl::Eq<ticket::urgency_why, &'a str>,
    diesel::dsl::Eq<ticket::assignee, Option<StaffId>>,
    diesel::dsl::Eq<ticket::lease_until, Option<DateTime<Utc>>>,
    diesel::dsl::Eq<ticket::messages, i32>,
    diesel::dsl::Eq<ticket::customer_message, i32>,
    diesel::dsl::Eq<ticket::reason_sealed, Option<&'a [u8]>>,
    diesel::dsl::Eq<ticket::review_at, Option<DateTime<Utc>>>,
    diesel::dsl::Eq<ticket::resolution, Option<TicketResolution>>,
    diesel::dsl::Eq<ticket::solved_at, Option<DateTime<Utc>>>,
    diesel::dsl::Eq<ticket::closed_at, Option<DateTime<Utc>>>,
    diesel::dsl::Eq<ticket::updated_at, DateTime<Utc>>,
    diesel::dsl::Eq<ticket::harm, i32>,
    diesel::dsl::Eq<ticket::waits_since, DateTime<Utc>>,
);

/// The columns that change in a ticket's life.
fn changing(t: &Ticket) -> Changing<'_> {
    (
        ticket::status.eq(t.status),
        ticket::urgency.eq(t.urgency.score),
        ticket::urgency_why.eq(t.urgency.why.as_str()),
        ticket::assignee.eq(t.assignee),
        ticket::lease_until.eq(t.lease_until),
        ticket::messages.eq(t.messages),
        ticket::customer_message.eq(t.customer_message),
        ticket::reason_sealed.eq(t.reason_sealed.as_deref()),
        ticket::review_at.eq(t.review_at),
        ticket::resolution.eq(t.resolution),
        ticket::solved_at.eq(t.solved_at),
        ticket::closed_at.eq(t.closed_at),
        ticket::updated_at.eq(t.updated_at),
        ticket::harm.eq(t.harms.bits()),
        ticket::waits_since.eq(t.waits_since),
    )
}

/// Writes a changed ticket, if it is still at `version` and stands where the table lets it come
/// from; it is at `version + 1` then. `false`: nothing was written.
///
/// # Errors
/// `Conflict("only_legal_moves")` if the database knows better.
pub async fn set(conn: &mut Conn, version: i32, after: &mut Ticket, moved: bool) -> Result<bool> {
    let from = match moved {
        true => after.status.before(),
        false => vec![after.status],
    };
    let written = diesel::update(ticket::table.find(after.id))
        .filter(ticket::version.eq(version).and(ticket::status.eq_any(from)))
        .set((ticket::version.eq(version + 1), changing(after)))
        .execute(conn)
        .await?;
    after.version = version + 1;
    Ok(written == 1)
}

/// Keeps a ticket for its assignee until `until`. `false`: they do not have it any more.
///
/// # Errors
/// The database's.
pub async fn set_lease(
    conn: &mut Conn,
    id: TicketId,
    agent: StaffId,
    until: DateTime<Utc>,
) -> Result<bool> {
    let renewed = diesel::update(ticket::table.find(id))
        .filter(
            ticket::assignee
                .eq(agent)
                .and(ticket::lease_until.is_not_null()),
        )
        .set(ticket::lease_until.eq(until))
        .execute(conn)
        .await?;
    Ok(renewed == 1)
}

#[derive(QueryableByName)]
struct Taken {
    #[diesel(sql_type = diesel::sql_types::Uuid)]
    id: TicketId,
    #[diesel(sql_type = Text)]
    number: String,
}

/// [`say_who!`] in the same statement, then the claim. A common table expression, since a sub-select under IN may be run
/// more than once.
const CLAIM: &str = concat!(
    "with said as materialized (",
    say_who!(),
    "), next as (select id from ticket where status in ('new', 'open') and assignee is null
        and not exists (select from incident gone
            where gone.id = ticket.incident_id and gone.forgotten_at is not null)
        order by urgency desc, queued_at, id limit 1 for no key update skip locked)
    update ticket set status = 'open', assignee = $4, lease_until = $5, updated_at = $6, version = version + 1
    from next, said where ticket.id = next.id returning ticket.id, ticket.number"
);

/// Claims the first ticket in line for an agent, in one statement: other takers skip it. None of a forgotten
/// incident, which is unreadable. Its id and its number.
///
/// # Errors
/// The database's.
pub async fn claim(
    conn: &mut Conn,
    agent: StaffId,
    now: DateTime<Utc>,
    lease_until: DateTime<Utc>,
) -> Result<Option<(TicketId, String)>> {
    let taken: Option<Taken> = statement(CLAIM)
        .bind::<Text, _>(Actor::Staff(agent).to_string())
        .bind::<Text, _>("")
        .bind::<Text, _>(as_setting(now))
        .bind::<diesel::sql_types::Uuid, _>(agent)
        .bind::<Timestamptz, _>(lease_until)
        .bind::<Timestamptz, _>(now)
        .get_result(conn)
        .await
        .optional()?;
    Ok(taken.map(|taken| (taken.id, taken.number)))
}

/// Gives tickets with an expired lease back to the queue, at their old place in line; how many.
///
/// # Errors
/// The database's.
pub async fn release_expired(conn: &mut Conn, now: DateTime<Utc>) -> Result<usize> {
    let released = statement(
        "with late as (select id from ticket where lease_until <= $1 limit 100 \
         for no key update skip locked) \
         update ticket set assignee = null, lease_until = null, updated_at = $1, \
         version = version + 1 from late where ticket.id = late.id",
    )
    .bind::<Timestamptz, _>(now)
    .execute(conn)
    .await?;
    Ok(released)
}

/// Returns the unfinished tickets of a leaving agent to the queue, at their old place in line; how many.
///
/// # Errors
/// The database's.
pub async fn release_of(conn: &mut Conn, by: StaffId, now: DateTime<Utc>) -> Result<usize> {
    let theirs = ticket::table
        .filter(ticket::assignee.eq(by))
        .filter(ticket::status.ne_all([TicketStatus::Solved, TicketStatus::Closed]));
    Ok(diesel::update(theirs)
        .set((
            ticket::assignee.eq(None::<StaffId>),
            ticket::lease_until.eq(None::<DateTime<Utc>>),
            ticket::updated_at.eq(now),
            ticket::version.eq(ticket::version + 1),
        ))
        .execute(conn)
        .await?)
}

/// Lets the intake of one person take turns until the transaction ends.
///
/// # Errors
/// The database's.
pub async fn take_turn(conn: &mut Conn, person: PersonId) -> Result<()> {
    let (high, low) = person.uuid().as_u64_pair();
    statement("select pg_advisory_xact_lock($1)")
        .bind::<Int8, _>((high ^ low).cast_signed())
        .execute(conn)
        .await?;
    Ok(())
}

/// Inserts a message under its number.
///
/// # Errors
/// The database's.
pub async fn insert_message(
    conn: &mut Conn,
    key: &IncidentKey,
    id: TicketId,
    message: &Message,
) -> Result<()> {
    let text = message.text.as_deref().unwrap_or_default();
    diesel::insert_into(ticket_message::table)
        .values((
            ticket_message::ticket_id.eq(id),
            ticket_message::no.eq(message.no),
            ticket_message::kind.eq(message.kind),
            ticket_message::author.eq(&message.author),
            ticket_message::sealed.eq(key.seal(&message_owner(id, message.no), text.as_bytes())),
            ticket_message::created_at.eq(message.at),
        ))
        .execute(conn)
        .await?;
    Ok(())
}
