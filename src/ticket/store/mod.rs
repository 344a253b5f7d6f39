//! Tickets, their messages and their history in the database. Subjects and messages are sealed under
//! the incident's key on the way in and opened on the way out, so that nobody above sees a sealed one.

mod code;
mod list;

pub use code::{code_sent_after, replace_code, spend_code, use_try};
pub use list::{
    Cursor, Filter, Page, Waiting, asked_lately, list, mine, newest_unfinished, of_person, queue,
    unfinished, waiting,
};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Int4, Int8, Text, Timestamptz};
use diesel_async::RunQueryDsl;

use super::number::Number;
use super::status::{self, TicketStatus};
use super::urgency::Urgency;
use super::{
    Message, MessageKind, Move, Ticket, TicketChannel, TicketResolution, message_owner,
    subject_owner,
};
use crate::actor::Actor;
use crate::db::schema::{incident, ticket, ticket_history, ticket_message, ticket_transition};
use crate::db::{Conn, Error, Result};
use crate::id::{IncidentId, PersonId, StaffId, TicketId};
use crate::seal::{IncidentKey, Keyring};

#[derive(Queryable, Selectable)]
#[diesel(table_name = ticket)]
struct Row {
    id: TicketId,
    number: Number,
    incident_id: IncidentId,
    person_id: Option<PersonId>,
    status: TicketStatus,
    version: i32,
    channel: TicketChannel,
    locale: String,
    subject: Vec<u8>,
    urgency: i32,
    urgency_why: String,
    assignee: Option<StaffId>,
    lease_until: Option<DateTime<Utc>>,
    queued_at: DateTime<Utc>,
    messages: i32,
    customer_message: i32,
    reason: Option<String>,
    review_at: Option<DateTime<Utc>>,
    resolution: Option<TicketResolution>,
    solved_at: Option<DateTime<Utc>>,
    closed_at: Option<DateTime<Utc>>,
    follow_up_of: Option<TicketId>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// The incident's key, opened once for all rows of a call.
#[derive(Default)]
struct Opener(Option<(IncidentId, Option<IncidentKey>)>);

impl Opener {
    fn key(
        &mut self,
        keys: &Keyring,
        incident: IncidentId,
        wrapped: Option<&[u8]>,
    ) -> Result<Option<&IncidentKey>> {
        if self.0.as_ref().is_none_or(|(of, _)| *of != incident) {
            let key = wrapped.map(|wrapped| keys.incident_key(incident, wrapped));
            let key = key
                .transpose()
                .map_err(|_| Error::inconsistent("incident", incident))?;
            self.0 = Some((incident, key));
        }
        Ok(self.0.as_ref().and_then(|(_, key)| key.as_ref()))
    }

    fn ticket(&mut self, keys: &Keyring, row: Row, wrapped: Option<&[u8]>) -> Result<Ticket> {
        let broken = || Error::inconsistent("ticket", row.id);
        let subject = match self.key(keys, row.incident_id, wrapped)? {
            None => None,
            Some(key) => Some(opened(key, &subject_owner(row.id), &row.subject).ok_or_else(broken)?),
        };
        Ok(Ticket {
            id: row.id,
            number: row.number,
            incident: row.incident_id,
            person: row.person_id,
            status: row.status,
            version: row.version,
            channel: row.channel,
            locale: row.locale,
            subject,
            urgency: Urgency {
                score: row.urgency,
                why: row.urgency_why,
            },
            assignee: row.assignee,
            lease_until: row.lease_until,
            queued_at: row.queued_at,
            messages: row.messages,
            customer_message: row.customer_message,
            reason: row.reason,
            review_at: row.review_at,
            resolution: row.resolution,
            solved_at: row.solved_at,
            closed_at: row.closed_at,
            follow_up_of: row.follow_up_of,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

fn opened(key: &IncidentKey, owner: &[u8], sealed: &[u8]) -> Option<String> {
    String::from_utf8(key.open(owner, sealed).ok()?).ok()
}

fn read(keys: &Keyring, rows: Vec<(Row, Option<Vec<u8>>)>) -> Result<Vec<Ticket>> {
    let mut opener = Opener::default();
    let one = |(row, wrapped): (Row, Option<Vec<u8>>)| opener.ticket(keys, row, wrapped.as_deref());
    rows.into_iter().map(one).collect()
}

fn read_one(keys: &Keyring, (row, wrapped): (Row, Option<Vec<u8>>)) -> Result<Ticket> {
    Opener::default().ticket(keys, row, wrapped.as_deref())
}

/// The ticket with this id.
///
/// # Errors
/// `Missing`.
pub async fn find(conn: &mut Conn, keys: &Keyring, id: TicketId) -> Result<Ticket> {
    let row = ticket::table
        .inner_join(incident::table.on(incident::id.eq(ticket::incident_id)))
        .filter(ticket::id.eq(id))
        .select((Row::as_select(), incident::wrapped_key))
        .first(conn)
        .await?;
    read_one(keys, row)
}

/// The same, its row locked until the transaction ends.
///
/// # Errors
/// `Missing`.
pub async fn lock(conn: &mut Conn, keys: &Keyring, id: TicketId) -> Result<Ticket> {
    let locked: TicketId = ticket::table
        .find(id)
        .select(ticket::id)
        .for_no_key_update()
        .first(conn)
        .await?;
    find(conn, keys, locked).await
}

/// The ticket with this number, for staff.
///
/// # Errors
/// `Missing`.
pub async fn find_by_number(conn: &mut Conn, keys: &Keyring, number: &Number) -> Result<Ticket> {
    let row = ticket::table
        .inner_join(incident::table.on(incident::id.eq(ticket::incident_id)))
        .filter(ticket::number.eq(number))
        .select((Row::as_select(), incident::wrapped_key))
        .first(conn)
        .await?;
    read_one(keys, row)
}

/// The ticket of this person with this number.
///
/// # Errors
/// `Missing`, also for somebody else's.
pub async fn find_theirs(
    conn: &mut Conn,
    keys: &Keyring,
    person: PersonId,
    number: &Number,
) -> Result<Ticket> {
    let found = find_by_number(conn, keys, number).await?;
    (found.person == Some(person))
        .then_some(found)
        .ok_or(Error::Missing)
}

/// Hands who, why and when to the trigger that records moves; forgotten when the transaction ends.
///
/// # Errors
/// The database's.
pub async fn say_who(
    conn: &mut Conn,
    actor: Actor,
    reason: Option<&str>,
    now: DateTime<Utc>,
) -> Result<()> {
    diesel::sql_query(
        "select set_config('candor.actor', $1, true), set_config('candor.reason', $2, true), \
         set_config('candor.now', $3, true)",
    )
    .bind::<Text, _>(actor.to_string())
    .bind::<Text, _>(reason.unwrap_or_default())
    .bind::<Text, _>(now.to_rfc3339_opts(SecondsFormat::Micros, true))
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
    diesel::dsl::Eq<ticket::reason, Option<&'a str>>,
    diesel::dsl::Eq<ticket::review_at, Option<DateTime<Utc>>>,
    diesel::dsl::Eq<ticket::resolution, Option<TicketResolution>>,
    diesel::dsl::Eq<ticket::solved_at, Option<DateTime<Utc>>>,
    diesel::dsl::Eq<ticket::closed_at, Option<DateTime<Utc>>>,
    diesel::dsl::Eq<ticket::updated_at, DateTime<Utc>>,
);

/// The columns that change in a ticket's life.
fn changing(t: &Ticket) -> Changing<'_> {
    (
        ticket::status.eq(t.status),
        ticket::urgency.eq(t.urgency.score),
        ticket::urgency_why.eq(&t.urgency.why),
        ticket::assignee.eq(t.assignee),
        ticket::lease_until.eq(t.lease_until),
        ticket::messages.eq(t.messages),
        ticket::customer_message.eq(t.customer_message),
        ticket::reason.eq(t.reason.as_deref()),
        ticket::review_at.eq(t.review_at),
        ticket::resolution.eq(t.resolution),
        ticket::solved_at.eq(t.solved_at),
        ticket::closed_at.eq(t.closed_at),
        ticket::updated_at.eq(t.updated_at),
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
}

/// Claims the first ticket in line for an agent, in one statement: other takers skip it.
///
/// A common table expression, since a sub-select under IN may be run more than once.
///
/// # Errors
/// The database's.
pub async fn claim(
    conn: &mut Conn,
    agent: StaffId,
    now: DateTime<Utc>,
    lease_until: DateTime<Utc>,
) -> Result<Option<TicketId>> {
    let taken: Option<Taken> = diesel::sql_query(
        "with next as (select id from ticket where status in ('new', 'open') and assignee is null \
         order by urgency desc, queued_at, id limit 1 for no key update skip locked) \
         update ticket set status = 'open', assignee = $1, lease_until = $2, updated_at = $3, \
         version = version + 1 from next where ticket.id = next.id returning ticket.id",
    )
    .bind::<diesel::sql_types::Uuid, _>(agent)
    .bind::<Timestamptz, _>(lease_until)
    .bind::<Timestamptz, _>(now)
    .get_result(conn)
    .await
    .optional()?;
    Ok(taken.map(|taken| taken.id))
}

/// Gives tickets whose lease ran out back to the queue, at their old place in line; how many.
///
/// # Errors
/// The database's.
pub async fn release_expired(conn: &mut Conn, now: DateTime<Utc>) -> Result<usize> {
    let released = diesel::sql_query(
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

/// Lets the intake of one person take turns until the transaction ends.
///
/// # Errors
/// The database's.
pub async fn take_turn(conn: &mut Conn, person: PersonId) -> Result<()> {
    let (high, low) = person.uuid().as_u64_pair();
    diesel::sql_query("select pg_advisory_xact_lock($1)")
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

/// The messages of a ticket after number `after`, in order. 0 is all.
///
/// # Errors
/// `Inconsistent` for one that does not open.
pub async fn thread(
    conn: &mut Conn,
    keys: &Keyring,
    of: &Ticket,
    after: i32,
) -> Result<Vec<Message>> {
    type Row = (i32, MessageKind, String, Vec<u8>, DateTime<Utc>);
    let wrapped: Option<Vec<u8>> = incident::table
        .find(of.incident)
        .select(incident::wrapped_key)
        .first(conn)
        .await?;
    let rows: Vec<Row> = ticket_message::table
        .filter(ticket_message::ticket_id.eq(of.id).and(ticket_message::no.gt(after)))
        .order(ticket_message::no)
        .select((
            ticket_message::no,
            ticket_message::kind,
            ticket_message::author,
            ticket_message::sealed,
            ticket_message::created_at,
        ))
        .load(conn)
        .await?;
    let mut opener = Opener::default();
    let key = opener.key(keys, of.incident, wrapped.as_deref())?;
    let open = |(no, kind, author, sealed, at): Row| {
        let broken = || Error::inconsistent("ticket_message", format_args!("{} {no}", of.id));
        let open = |key| opened(key, &message_owner(of.id, no), &sealed).ok_or_else(broken);
        Ok(Message {
            no,
            kind,
            author,
            text: key.map(open).transpose()?,
            at,
        })
    };
    rows.into_iter().map(open).collect()
}

/// Every move of a ticket, in order.
///
/// # Errors
/// The database's.
pub async fn history(conn: &mut Conn, id: TicketId) -> Result<Vec<Move>> {
    type Row = (
        Option<TicketStatus>,
        TicketStatus,
        String,
        Option<String>,
        DateTime<Utc>,
    );
    let rows: Vec<Row> = ticket_history::table
        .filter(ticket_history::ticket_id.eq(id))
        .order(ticket_history::id)
        .select((
            ticket_history::from_status,
            ticket_history::to_status,
            ticket_history::actor,
            ticket_history::reason,
            ticket_history::at,
        ))
        .load(conn)
        .await?;
    let read = |(from, to, actor, reason, at)| Move {
        from,
        to,
        actor,
        reason,
        at,
    };
    Ok(rows.into_iter().map(read).collect())
}

/// Whether the database holds the same table of moves as the program; asked at every start.
///
/// # Errors
/// `Inconsistent`, naming the moves that differ.
pub async fn check_table(conn: &mut Conn) -> Result<()> {
    let rows: Vec<(TicketStatus, TicketStatus)> =
        ticket_transition::table.select(ticket_transition::all_columns).load(conn).await?;
    status::compare(&rows).map_err(|why| Error::inconsistent("ticket_transition", why))
}
