//! Letters are put in the outbox, sealed under the key of their incident.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::db::schema::outbox;
use crate::db::{Conn, Error, Result};
use crate::id::{IncidentId, LetterId};
use crate::outbox::{LetterKind, LetterStatus, NewLetter, NewStaffLetter, OutboxLetter};
use crate::seal::IncidentKey;

/// Puts a letter in the outbox, in the caller's transaction.
///
/// # Errors
/// The database's.
pub async fn insert(conn: &mut Conn, key: &IncidentKey, new: &NewLetter<'_>) -> Result<()> {
    let plain =
        serde_json::to_vec(new.letter).map_err(|_| Error::inconsistent("outbox", new.id))?;
    diesel::insert_into(outbox::table)
        .values((
            outbox::id.eq(new.id),
            outbox::kind.eq(new.kind),
            outbox::incident_id.eq(new.incident),
            outbox::person_id.eq(new.to.person),
            outbox::link_epoch.eq(new.to.link_epoch),
            outbox::ticket_id.eq(new.ticket),
            outbox::message_no.eq(new.message_no),
            outbox::sealed.eq(key.seal(new.id.uuid().as_bytes(), &plain)),
            outbox::status.eq(LetterStatus::Queued),
            outbox::due_at.eq(new.at),
            outbox::created_at.eq(new.at),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// Puts an e-mail to a member of staff in the outbox, in the caller's transaction.
///
/// # Errors
/// The database's.
pub async fn insert_to_staff(
    conn: &mut Conn,
    key: &IncidentKey,
    new: &NewStaffLetter<'_>,
) -> Result<()> {
    let plain =
        serde_json::to_vec(new.letter).map_err(|_| Error::inconsistent("outbox", new.id))?;
    diesel::insert_into(outbox::table)
        .values((
            outbox::id.eq(new.id),
            outbox::kind.eq(LetterKind::CampaignNews),
            outbox::incident_id.eq(new.incident),
            outbox::staff_id.eq(new.to),
            outbox::sealed.eq(key.seal(new.id.uuid().as_bytes(), &plain)),
            outbox::status.eq(LetterStatus::Queued),
            outbox::due_at.eq(new.at),
            outbox::created_at.eq(new.at),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// Puts a test of a campaign's text in the outbox, in the caller's transaction. Its address is that of staff.
///
/// # Errors
/// The database's.
pub(crate) async fn insert_test(
    conn: &mut Conn,
    key: &IncidentKey,
    (id, incident): (LetterId, IncidentId),
    letter: &OutboxLetter,
    at: DateTime<Utc>,
) -> Result<()> {
    let plain = serde_json::to_vec(letter).map_err(|_| Error::inconsistent("outbox", id))?;
    diesel::insert_into(outbox::table)
        .values((
            outbox::id.eq(id),
            outbox::kind.eq(LetterKind::Test),
            outbox::incident_id.eq(incident),
            outbox::sealed.eq(key.seal(id.uuid().as_bytes(), &plain)),
            outbox::status.eq(LetterStatus::Queued),
            outbox::due_at.eq(at),
            outbox::created_at.eq(at),
        ))
        .execute(conn)
        .await?;
    Ok(())
}
