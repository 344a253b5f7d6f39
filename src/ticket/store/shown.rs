//! The tickets of a person that they may see themselves.

use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel_async::RunQueryDsl;

use super::list::PAGE_LIMIT;
use super::row::{Row, read};
use crate::db::schema::{incident, ticket};
use crate::db::{Conn, Result};
use crate::id::{PersonId, TicketId};
use crate::seal::Keyring;
use crate::ticket::{Message, Ticket};

/// What a person may see of their tickets: a call of an unverified caller may be another person's, until we or
/// the person wrote in it.
const SHOWN: &str = "(ticket.channel <> 'phone' or ticket.caller_verified is true or exists (select from ticket_message \
    said where said.ticket_id = ticket.id and said.kind in ('customer', 'agent')))";

/// The tickets of a person that they may see, newest first.
///
/// # Errors
/// The database's.
pub async fn shown_to(conn: &mut Conn, keys: &Keyring, person: PersonId) -> Result<Vec<Ticket>> {
    let rows = ticket::table
        .inner_join(incident::table.on(incident::id.eq(ticket::incident_id)))
        .filter(ticket::person_id.eq(person))
        .filter(diesel::dsl::sql::<Bool>(SHOWN))
        .select((Row::as_select(), incident::wrapped_key))
        .order((ticket::created_at.desc(), ticket::id.desc()))
        .limit(PAGE_LIMIT)
        .load(conn)
        .await?;
    read(keys, rows)
}

/// Whether the person of this ticket may see it.
///
/// # Errors
/// The database's.
pub(super) async fn is_shown(conn: &mut Conn, id: TicketId) -> Result<bool> {
    let shown = ticket::table
        .find(id)
        .filter(diesel::dsl::sql::<Bool>(SHOWN));
    Ok(diesel::select(diesel::dsl::exists(shown))
        .get_result(conn)
        .await?)
}

/// The same, of a ticket with all of its messages.
pub fn is_shown_with<'m>(of: &Ticket, mut thread: impl Iterator<Item = &'m Message>) -> bool {
    !of.is_call() || of.caller_verified || thread.any(|said| said.kind.is_public())
}
