//! Tickets and their messages against a real Postgres: the walk from question to answer, the table of moves, concurrent
//! agents, real questions, the outbox sender.

mod agents;
mod callers;
mod contact;
mod moves;
mod outbox_sender;
mod pages;
mod priority;
mod questions;
mod waiting_messages;
mod walk;

use candor::address::EmailAddress;
use candor::id::{IncidentId, PersonId, StaffId};
use candor::incident;
use candor::incident::Facts;
use candor::person::contact::Contact;
use candor::scope::store::{self as scope_store, Own};
use candor::seal::IncidentKey;
use candor::ticket::{Then, Ticket, TicketResolution, TicketStatus, agent, intake, store};
use chrono::TimeDelta;

use crate::house::House;

/// A house with an incident and an agent.
pub struct Helpline {
    pub house: House,
    pub incident: IncidentId,
    pub agent: StaffId,
    key: IncidentKey,
}

impl std::ops::Deref for Helpline {
    type Target = House;

    fn deref(&self) -> &House {
        &self.house
    }
}

/// The attributes of a person to insert.
pub struct Someone<'a> {
    pub email: Option<&'a str>,
    pub locale: &'a str,
    pub exposed: i64,
    pub flags: i32,
}

/// A person with an address.
pub const ANN: Someone<'static> = Someone {
    email: Some("ann@home.example"),
    locale: "en-US",
    exposed: 1,
    flags: 0,
};

impl Helpline {
    pub async fn new() -> Self {
        Self::with("").await
    }

    pub async fn with(settings: &str) -> Self {
        let house = House::with(settings).await;
        let agent = house.staff(&["agent"]).await;
        let opened =
            incident::steer::open(&house.app, agent, "august", "August", &Facts::new()).await;
        let incident = opened.unwrap();
        let key = incident.key(&house.app.keys).unwrap().unwrap();
        Self {
            house,
            incident: incident.id,
            agent,
            key,
        }
    }

    /// Makes the incident's partition of the table of people, as a first list does.
    async fn room(&self) {
        let (one, other) = tokio::join!(self.raw(), self.raw());
        let own = Own::new(self.incident, 1);
        scope_store::create_own(&one, &own).await.unwrap();
        scope_store::key_own(&one, &other, &own).await.unwrap();
        scope_store::complete_own(&one, &other, &own).await.unwrap();
        let mut conn = self.app.db.get().await.unwrap();
        scope_store::attach_own(&mut conn, &own).await.unwrap();
    }

    /// Inserts people, each with a reference of their own.
    pub async fn people(&self, count: usize, like: &Someone<'_>) -> Vec<PersonId> {
        let raw = self.raw().await;
        let mut ids = Vec::new();
        let made = self.number("select count(*) from person").await;
        if made == 0 {
            self.room().await;
        }
        for n in 0..count {
            let contact = Contact {
                reference: format!("R-{}", made + i64::try_from(n).unwrap()),
                email: like.email.map(|text| EmailAddress::parse(text).unwrap()),
                name: Some("Ann Lee".to_owned()),
                postcode: None,
                address: None,
            };
            let (keys, sealed) = contact.seal(&self.key, self.incident);
            let id = PersonId::in_bucket(keys.bucket(), self.app.now());
            raw.execute(
                "insert into person (bucket, id, incident_id, reference_key, contact_key, sealed, \
                 exposed, named, locale, jurisdiction, flags, standing, link_epoch, since_scope, \
                 changed_scope, email_key) \
                 values ($1, $2, $3, $4, $5, $6, $7, 0, $8, '', $9, 'needs_letter', 0, 1, 1, $10)",
                &[
                    &keys.bucket(),
                    &id.uuid(),
                    &self.incident.uuid(),
                    &keys.reference.as_slice(),
                    &keys.contact.as_slice(),
                    &sealed,
                    &like.exposed,
                    &like.locale,
                    &like.flags,
                    &keys.email.map(Vec::from),
                ],
            )
            .await
            .unwrap();
            ids.push(id);
        }
        ids
    }

    /// One person.
    pub async fn person(&self, like: &Someone<'_>) -> PersonId {
        self.people(1, like).await[0]
    }

    /// A question of that person.
    pub async fn asks(&self, person: PersonId, text: &str) -> Ticket {
        let asked = intake::ask(&self.app, self.incident, person, "", text).await;
        asked.unwrap().ticket().clone()
    }

    /// The ticket in the database.
    pub async fn look(&self, ticket: &Ticket) -> Ticket {
        let mut conn = self.app.db.get().await.unwrap();
        store::find(&mut conn, &self.app.keys, ticket.id)
            .await
            .unwrap()
    }

    /// Claims messages of the outbox that are due, as a sender does.
    pub async fn claim(&self, most: i64) -> Vec<candor::outbox::Claimed> {
        let mut conn = self.app.db.get().await.unwrap();
        let (keys, now, lease) = (&self.app.keys, self.app.now(), TimeDelta::minutes(15));
        candor::outbox::store::claim(&mut conn, keys, most, now, lease)
            .await
            .unwrap()
    }

    /// The messages of the ticket, as kind and text.
    pub async fn thread(&self, ticket: &Ticket) -> Vec<(String, String)> {
        let mut conn = self.app.db.get().await.unwrap();
        let thread = store::thread(&mut conn, &self.app.keys, ticket, 0)
            .await
            .unwrap();
        let read = |m: candor::ticket::Message| (m.kind.to_string(), m.text.unwrap());
        thread.into_iter().map(read).collect()
    }

    /// Its moves, as `from>to by`.
    pub async fn moves(&self, ticket: &Ticket) -> Vec<String> {
        let mut conn = self.app.db.get().await.unwrap();
        let moves = store::history(&mut conn, &self.app.keys, ticket)
            .await
            .unwrap();
        let told = moves.into_iter().map(|m| {
            let from = m.from.map_or("", TicketStatus::as_str);
            let by = m.actor.split(':').next().unwrap_or_default().to_owned();
            format!("{from}>{} {by}", m.to)
        });
        told.collect()
    }

    /// The agent answers, and sets the next status.
    pub async fn replies(&self, ticket: &Ticket, text: &str, then: Then) -> Ticket {
        let seen = agent::Seen::of(ticket);
        let replied = agent::reply(&self.app, self.agent, ticket.id, seen, text, &then).await;
        replied.unwrap()
    }

    /// A ticket brought to `status` by legal moves.
    pub async fn ticket_at(&self, status: TicketStatus) -> Ticket {
        use TicketStatus::{Closed, New, OnHold, Open, Pending, Solved};
        let person = self.person(&ANN).await;
        let asked = self.asks(person, "What now?").await;
        let then = self.then(status);
        match status {
            New => asked,
            Open | Solved => self.replies(&asked, "Well.", then).await,
            Pending => {
                let open = self.replies(&asked, "Well.", Then::to(Open)).await;
                self.replies(&open, "Which card?", then).await
            }
            OnHold | Closed => {
                let open = self.replies(&asked, "Well.", Then::to(Open)).await;
                let by = candor::actor::Actor::Staff(self.agent);
                agent::transition(&self.app, by, open.id, open.version, &then)
                    .await
                    .unwrap()
            }
        }
    }

    /// A move with every argument that any move needs.
    pub fn then(&self, to: TicketStatus) -> Then {
        let resolution = match to {
            TicketStatus::Closed => TicketResolution::Duplicate,
            _ => TicketResolution::Answered,
        };
        let review = self.app.now() + TimeDelta::days(2);
        Then::to(to)
            .because("a reason")
            .review(review)
            .ended(resolution)
    }
}
