//! A ticket's row, read and opened.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::db::schema::ticket;
use crate::db::{Error, Result};
use crate::id::{IncidentId, PersonId, StaffId, TicketId};
use crate::seal::{IncidentKey, Keyring};
use crate::ticket::number::Number;
use crate::ticket::status::{TicketResolution, TicketStatus};
use crate::ticket::urgency::{Harms, Urgency};
use crate::ticket::{Ticket, TicketChannel, reason_owner, subject_owner};

#[derive(Queryable, QueryableByName, Selectable)]
#[diesel(table_name = ticket)]
pub(super) struct Row {
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
    review_at: Option<DateTime<Utc>>,
    resolution: Option<TicketResolution>,
    solved_at: Option<DateTime<Utc>>,
    closed_at: Option<DateTime<Utc>>,
    follow_up_of: Option<TicketId>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    harm: i32,
    waits_since: DateTime<Utc>,
    reason_sealed: Option<Vec<u8>>,
    caller_verified: Option<bool>,
}

/// The incident's key, opened once for all rows of a call.
#[derive(Default)]
pub(super) struct Opener(Option<(IncidentId, Option<IncidentKey>)>);

impl Opener {
    pub(super) fn key(
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
        let (subject, reason) = match self.key(keys, row.incident_id, wrapped)? {
            None => (None, None),
            Some(key) => {
                let subject = opened(key, &subject_owner(row.id), &row.subject);
                let open = |sealed: &Vec<u8>| {
                    opened(key, &reason_owner(row.id), sealed).ok_or_else(broken)
                };
                let reason = row.reason_sealed.as_ref().map(open).transpose()?;
                (Some(subject.ok_or_else(broken)?), reason)
            }
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
            harms: Harms::from_bits(row.harm),
            queued_at: row.queued_at,
            waits_since: row.waits_since,
            messages: row.messages,
            customer_message: row.customer_message,
            reason,
            reason_sealed: row.reason_sealed,
            review_at: row.review_at,
            resolution: row.resolution,
            solved_at: row.solved_at,
            closed_at: row.closed_at,
            follow_up_of: row.follow_up_of,
            created_at: row.created_at,
            updated_at: row.updated_at,
            caller_verified: row.caller_verified == Some(true),
        })
    }
}

pub(super) fn opened(key: &IncidentKey, owner: &[u8], sealed: &[u8]) -> Option<String> {
    String::from_utf8(key.open(owner, sealed).ok()?).ok()
}

pub(super) fn read(keys: &Keyring, rows: Vec<(Row, Option<Vec<u8>>)>) -> Result<Vec<Ticket>> {
    let mut opener = Opener::default();
    let one = |(row, wrapped): (Row, Option<Vec<u8>>)| opener.ticket(keys, row, wrapped.as_deref());
    rows.into_iter().map(one).collect()
}

pub(super) fn read_one(keys: &Keyring, (row, wrapped): (Row, Option<Vec<u8>>)) -> Result<Ticket> {
    Opener::default().ticket(keys, row, wrapped.as_deref())
}
