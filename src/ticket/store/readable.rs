//! Reasons that an older program left readable, and their replacement by sealed ones.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::db::schema::{incident, ticket, ticket_history};
use crate::db::{Conn, Result};
use crate::id::{IncidentId, TicketId};

/// A readable reason: the ticket, the incident with its wrapped key, and the words.
pub type Readable = (TicketId, IncidentId, Option<Vec<u8>>, String);

/// Tickets with a readable reason.
///
/// # Errors
/// The database's.
pub async fn readable_reasons(conn: &mut Conn, limit: i64) -> Result<Vec<Readable>> {
    Ok(ticket::table
        .inner_join(incident::table.on(incident::id.eq(ticket::incident_id)))
        .filter(ticket::reason.is_not_null())
        .order(ticket::id)
        .select((
            ticket::id,
            ticket::incident_id,
            incident::wrapped_key,
            ticket::reason.assume_not_null(),
        ))
        .limit(limit)
        .load(conn)
        .await?)
}

/// Moves with a readable reason, each led by its number.
///
/// # Errors
/// The database's.
pub async fn readable_moves(conn: &mut Conn, limit: i64) -> Result<Vec<(i64, Readable)>> {
    Ok(ticket_history::table
        .inner_join(ticket::table.on(ticket::id.eq(ticket_history::ticket_id)))
        .inner_join(incident::table.on(incident::id.eq(ticket::incident_id)))
        .filter(ticket_history::reason.is_not_null())
        .order(ticket_history::id)
        .select((
            ticket_history::id,
            (
                ticket::id,
                ticket::incident_id,
                incident::wrapped_key,
                ticket_history::reason.assume_not_null(),
            ),
        ))
        .limit(limit)
        .load(conn)
        .await?)
}

/// Replaces a ticket's readable reason.
///
/// # Errors
/// The database's.
pub async fn replace_reason(conn: &mut Conn, id: TicketId, was: &str, sealed: &[u8]) -> Result<()> {
    diesel::update(ticket::table.find(id))
        .filter(ticket::reason.eq(was))
        .set((
            ticket::reason.eq(None::<String>),
            ticket::reason_sealed.eq(sealed),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// Replaces the readable reason of a move; `None` erases it.
///
/// # Errors
/// The database's.
pub async fn replace_move(conn: &mut Conn, move_id: i64, sealed: Option<&[u8]>) -> Result<()> {
    diesel::update(ticket_history::table.find(move_id))
        .filter(ticket_history::reason.is_not_null())
        .set((
            ticket_history::reason.eq(None::<String>),
            ticket_history::reason_sealed.eq(sealed),
        ))
        .execute(conn)
        .await?;
    Ok(())
}
