//! A person as the helpline's verbs need them: who they are, the key to their words, and a ticket
//! as it is born from their question.

use chrono::{DateTime, Utc};

use crate::app::App;
use crate::db::{self, Conn};
use crate::id::{IncidentId, PersonId, TicketId};
use crate::incident;
use crate::person::flags::Flags;
use crate::person::{self, Person};
use crate::seal::{Broken, IncidentKey};
use crate::ticket::number::Number;
use crate::ticket::status::TicketStatus;
use crate::ticket::urgency::{self, Urgency};
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

    pub(in crate::ticket) fn weigh(&self, text: &str) -> Urgency {
        let vulnerable = self.person.flags.contains(Flags::VULNERABLE);
        urgency::weigh(self.person.exposed.severity(), vulnerable, text)
    }

    pub(in crate::ticket) fn new_ticket(
        &self,
        subject: String,
        urgency: Urgency,
        now: DateTime<Utc>,
    ) -> Ticket {
        let locale = self.person.locale.as_str().to_owned();
        new_ticket(
            self.person.incident,
            Some(self.person.id),
            locale,
            subject,
            urgency,
            now,
        )
    }
}

/// The incident's key; a forgotten incident takes no words.
pub(in crate::ticket) async fn key_of(
    conn: &mut Conn,
    app: &App,
    id: IncidentId,
) -> db::Result<IncidentKey> {
    let incident = incident::store::find(conn, id).await?;
    let key = incident.key(&app.keys);
    key.map_err(|Broken| db::Error::inconsistent("incident", id))?
        .ok_or(db::Error::Missing)
}

/// A ticket as it is born from a customer's question.
pub(in crate::ticket) fn new_ticket(
    incident: IncidentId,
    person: Option<PersonId>,
    locale: String,
    subject: String,
    urgency: Urgency,
    now: DateTime<Utc>,
) -> Ticket {
    Ticket {
        id: TicketId::new(now),
        number: Number::random(),
        incident,
        person,
        status: TicketStatus::New,
        version: 1,
        channel: TicketChannel::Web,
        locale,
        subject: Some(subject),
        urgency,
        assignee: None,
        lease_until: None,
        queued_at: now,
        messages: 0,
        customer_message: 0,
        reason: None,
        review_at: None,
        resolution: None,
        solved_at: None,
        closed_at: None,
        follow_up_of: None,
        created_at: now,
        updated_at: now,
    }
}
