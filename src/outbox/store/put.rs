//! Letters are put in the outbox, sealed under the key of their incident.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::db::schema::outbox;
use crate::db::{Conn, Error, Result};
use crate::id::{IncidentId, LetterId, StaffId, TicketId};
use crate::outbox::{LetterKind, LetterStatus, NewLetter, NewStaffLetter, OutboxLetter, Recipient};
use crate::seal::IncidentKey;

/// Puts a letter in the outbox, in the caller's transaction.
///
/// # Errors
/// The database's.
pub async fn insert(conn: &mut Conn, key: &IncidentKey, new: &NewLetter<'_>) -> Result<()> {
    let letter = Put {
        to: Some(new.to),
        ticket: new.ticket,
        message_no: new.message_no,
        ..Put::of(new.kind, (new.id, new.incident), new.letter, new.at)
    };
    letter.queue(conn, key).await
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
    let (kind, of) = (LetterKind::CampaignNews, (new.id, new.incident));
    let letter = Put {
        staff: Some(new.to),
        ..Put::of(kind, of, new.letter, new.at)
    };
    letter.queue(conn, key).await
}

/// Puts a test of a campaign's text in the outbox, in the caller's transaction. Its address is that of staff.
///
/// # Errors
/// The database's.
pub(crate) async fn insert_test(
    conn: &mut Conn,
    key: &IncidentKey,
    of: (LetterId, IncidentId),
    letter: &OutboxLetter,
    at: DateTime<Utc>,
) -> Result<()> {
    let letter = Put::of(LetterKind::Test, of, letter, at);
    letter.queue(conn, key).await
}

/// A letter of any kind.
struct Put<'a> {
    id: LetterId,
    kind: LetterKind,
    incident: IncidentId,
    to: Option<Recipient>,
    staff: Option<StaffId>,
    ticket: Option<TicketId>,
    message_no: Option<i32>,
    letter: &'a OutboxLetter,
    at: DateTime<Utc>,
}

impl<'a> Put<'a> {
    /// A letter that belongs to no person, account or ticket.
    fn of(
        kind: LetterKind,
        (id, incident): (LetterId, IncidentId),
        letter: &'a OutboxLetter,
        at: DateTime<Utc>,
    ) -> Self {
        Self {
            id,
            kind,
            incident,
            to: None,
            staff: None,
            ticket: None,
            message_no: None,
            letter,
            at,
        }
    }

    async fn queue(&self, conn: &mut Conn, key: &IncidentKey) -> Result<()> {
        let plain =
            serde_json::to_vec(self.letter).map_err(|_| Error::inconsistent("outbox", self.id))?;
        diesel::insert_into(outbox::table)
            .values((
                outbox::id.eq(self.id),
                outbox::kind.eq(self.kind),
                outbox::incident_id.eq(self.incident),
                outbox::person_id.eq(self.to.map(|to| to.person)),
                outbox::link_epoch.eq(self.to.map(|to| to.link_epoch)),
                outbox::staff_id.eq(self.staff),
                outbox::ticket_id.eq(self.ticket),
                outbox::message_no.eq(self.message_no),
                outbox::sealed.eq(key.seal(self.id.uuid().as_bytes(), &plain)),
                outbox::status.eq(LetterStatus::Queued),
                outbox::due_at.eq(self.at),
                outbox::created_at.eq(self.at),
            ))
            .execute(conn)
            .await?;
        Ok(())
    }
}
