//! One ticket: itself, its messages, its moves.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::row::{Opener, Row, opened, read_one};
use super::shown::is_shown;
use crate::db::schema::{incident, ticket, ticket_history, ticket_message, ticket_transition};
use crate::db::{Conn, Error, Result};
use crate::id::{PersonId, TicketId};
use crate::seal::{IncidentKey, Keyring};
use crate::ticket::number::Number;
use crate::ticket::status::{self, TicketStatus};
use crate::ticket::{Message, MessageKind, Move, Ticket, message_owner, reason_owner};

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

/// The ticket of this person with this number, if they may see it.
///
/// # Errors
/// `Missing`, also for the ticket of another person, and for a call by an unverified caller.
pub async fn find_theirs(
    conn: &mut Conn,
    keys: &Keyring,
    person: PersonId,
    number: &Number,
) -> Result<Ticket> {
    let found = find_by_number(conn, keys, number).await?;
    let theirs = found.person == Some(person) && is_shown(conn, found.id).await?;
    theirs.then_some(found).ok_or(Error::Missing)
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
    let wrapped = wrapped_key(conn, of).await?;
    let mut opener = Opener::default();
    let key = opener.key(keys, of.incident, wrapped.as_deref())?;
    thread_with(conn, key, of, after).await
}

/// The same with the key of the ticket's incident; `None` once that was forgotten.
///
/// # Errors
/// As [`thread`].
async fn thread_with(
    conn: &mut Conn,
    key: Option<&IncidentKey>,
    of: &Ticket,
    after: i32,
) -> Result<Vec<Message>> {
    type Row = (i32, MessageKind, String, Vec<u8>, DateTime<Utc>);
    let rows: Vec<Row> = ticket_message::table
        .filter(
            ticket_message::ticket_id
                .eq(of.id)
                .and(ticket_message::no.gt(after)),
        )
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

/// The tickets that a ticket follows or that follow it, the oldest first.
///
/// # Errors
/// The database's.
pub async fn connected(conn: &mut Conn, of: &Ticket) -> Result<Vec<(TicketId, Number)>> {
    Ok(ticket::table
        .filter(
            ticket::follow_up_of
                .eq(of.id)
                .or(ticket::id.nullable().eq(of.follow_up_of)),
        )
        .order((ticket::created_at, ticket::id))
        .select((ticket::id, ticket::number))
        .load(conn)
        .await?)
}

/// Whether the customer was ever answered, by message or call.
///
/// # Errors
/// The database's.
pub async fn is_answered(conn: &mut Conn, id: TicketId) -> Result<bool> {
    let said = ticket_message::table
        .filter(ticket_message::ticket_id.eq(id))
        .filter(ticket_message::kind.eq_any([MessageKind::Agent, MessageKind::Call]));
    Ok(diesel::select(diesel::dsl::exists(said))
        .get_result(conn)
        .await?)
}

/// Every move of a ticket, in order; without reasons once its incident is forgotten.
///
/// # Errors
/// The database's; `Inconsistent` for a reason that does not open.
pub async fn history(conn: &mut Conn, keys: &Keyring, of: &Ticket) -> Result<Vec<Move>> {
    let wrapped = wrapped_key(conn, of).await?;
    let mut opener = Opener::default();
    let key = opener.key(keys, of.incident, wrapped.as_deref())?;
    history_with(conn, key, of).await
}

async fn wrapped_key(conn: &mut Conn, of: &Ticket) -> Result<Option<Vec<u8>>> {
    Ok(incident::table
        .find(of.incident)
        .select(incident::wrapped_key)
        .first(conn)
        .await?)
}

/// The same with the key of the ticket's incident; `None` once that was forgotten.
///
/// # Errors
/// As [`history`].
async fn history_with(
    conn: &mut Conn,
    key: Option<&IncidentKey>,
    of: &Ticket,
) -> Result<Vec<Move>> {
    type Row = (
        Option<TicketStatus>,
        TicketStatus,
        String,
        Option<Vec<u8>>,
        DateTime<Utc>,
    );
    let rows: Vec<Row> = ticket_history::table
        .filter(ticket_history::ticket_id.eq(of.id))
        .order(ticket_history::id)
        .select((
            ticket_history::from_status,
            ticket_history::to_status,
            ticket_history::actor,
            ticket_history::reason_sealed,
            ticket_history::at,
        ))
        .load(conn)
        .await?;
    let read = |(from, to, actor, sealed, at): Row| {
        let broken = || Error::inconsistent("ticket_history", of.id);
        let open = |sealed: Vec<u8>| {
            let open = |key| opened(key, &reason_owner(of.id), &sealed).ok_or_else(broken);
            key.map(open).transpose()
        };
        let reason = sealed.map(open).transpose()?.flatten();
        Ok(Move {
            from,
            to,
            actor,
            reason,
            at,
        })
    };
    rows.into_iter().map(read).collect()
}

/// Whether the database holds the same table of moves as the program; asked at every start.
///
/// # Errors
/// `Inconsistent`, naming the moves that differ.
pub async fn check_table(conn: &mut Conn) -> Result<()> {
    let rows: Vec<(TicketStatus, TicketStatus)> = ticket_transition::table
        .select(ticket_transition::all_columns)
        .load(conn)
        .await?;
    status::compare(&rows).map_err(|why| Error::inconsistent("ticket_transition", why))
}
