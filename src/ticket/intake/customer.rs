//! A person as the helpline's verbs need them: who they are, the key to their words, and a ticket
//! as it is born from their question.

use chrono::{DateTime, Utc};

use crate::app::App;
use crate::db::{self, Conn};
use crate::id::{IncidentId, PersonId, TicketId};
use crate::incident;
use crate::person::{self, Person};
use crate::seal::{Broken, IncidentKey};
use crate::ticket::number::Number;
use crate::ticket::status::TicketStatus;
use crate::ticket::urgency::{self, Harms, Stake};
use crate::ticket::{Ticket, TicketChannel};

/// A person with the key to their words.
pub(in crate::ticket) struct Customer {
    pub(in crate::ticket) person: Person,
    pub(in crate::ticket) key: IncidentKey,
}

impl Customer {
    pub(in crate::ticket) async fn find(
        conn: &mut Conn,
        app: &App,
        incident: IncidentId,
        person: PersonId,
    ) -> db::Result<Self> {
        let key = key_of(conn, app, incident).await?;
        let person = person::store::find(conn, &key, person).await?;
        if person.incident != incident {
            return Err(db::Error::Missing);
        }
        Ok(Self { person, key })
    }

    /// What is at stake for them, as the list says it now.
    pub(in crate::ticket) fn stake(&self) -> Stake {
        Stake::from(&self.person)
    }

    pub(in crate::ticket) fn new_ticket(
        &self,
        subject: String,
        harms: Harms,
        now: DateTime<Utc>,
    ) -> Ticket {
        let locale = self.person.locale.as_str().to_owned();
        let ticket = new_ticket(self.person.incident, locale, subject, now);
        Ticket {
            person: Some(self.person.id),
            ..ticket
        }
        .weighed(self.stake(), harms)
    }
}

/// The incident's key; a forgotten incident takes no words. It is not closed or forgotten before the transaction ends:
/// a transaction that checks what is still open counts everything written with the key.
pub(in crate::ticket) async fn key_of(
    conn: &mut Conn,
    app: &App,
    id: IncidentId,
) -> db::Result<IncidentKey> {
    let incident = incident::store::hold(conn, id).await?;
    let key = incident.key(&app.keys);
    key.map_err(|Broken| db::Error::inconsistent("incident", id))?
        .ok_or(db::Error::Missing)
}

/// A ticket as it is born from the question of a person who is not known, before it is weighed.
pub(in crate::ticket) fn new_ticket(
    incident: IncidentId,
    locale: String,
    subject: String,
    now: DateTime<Utc>,
) -> Ticket {
    Ticket {
        id: TicketId::new(now),
        number: Number::random(),
        incident,
        person: None,
        status: TicketStatus::New,
        version: 1,
        channel: TicketChannel::Web,
        locale,
        subject: Some(subject),
        urgency: urgency::weigh(Stake::default(), Harms::default()),
        harms: Harms::default(),
        assignee: None,
        lease_until: None,
        queued_at: now,
        waits_since: now,
        messages: 0,
        customer_message: 0,
        reason: None,
        reason_sealed: None,
        review_at: None,
        resolution: None,
        solved_at: None,
        closed_at: None,
        follow_up_of: None,
        created_at: now,
        updated_at: now,
        caller_verified: false,
    }
}
