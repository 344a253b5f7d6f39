//! A ticket with what else its page for agents shows of tickets: one statement, so that all of it is of one moment.

use std::cmp::Reverse;
use std::str::FromStr;
use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{Bytea, Integer, Nullable, Text, Timestamptz, Uuid};
use diesel_async::RunQueryDsl;

use super::list::PAGE_LIMIT;
use super::row::{Row, read, read_one};
use super::waiting::{self, Waiting, WaitingRow};
use crate::db::{Conn, Error, Result, statement};
use crate::id::{StaffId, TicketId};
use crate::seal::{IncidentKey, Keyring};
use crate::ticket::Ticket;
use crate::ticket::number::{NotANumber, Number};

/// How a path names a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TicketName {
    /// By its id.
    Id(TicketId),
    /// By the number that the customer knows.
    Number(Number),
}

impl FromStr for TicketName {
    type Err = NotANumber;

    fn from_str(text: &str) -> std::result::Result<Self, NotANumber> {
        match text.parse() {
            Ok(id) => Ok(Self::Id(id)),
            Err(_) => text.parse().map(Self::Number),
        }
    }
}

/// A ticket, and what else an agent sees of tickets on its page.
#[derive(Debug)]
pub struct Desk {
    /// The ticket.
    pub ticket: Ticket,
    /// The last moves that ended it.
    pub ends: Ends,
    /// The title of its incident.
    pub incident_title: String,
    /// The key of its incident; `None` once that was forgotten.
    pub key: Option<IncidentKey>,
    /// The tickets in line.
    pub waiting: Waiting,
    /// As [`super::mine`].
    pub mine: Vec<Ticket>,
    /// The other tickets of its person, newest first.
    pub others: Vec<Ticket>,
    /// As [`super::connected`].
    pub connected: Vec<Ticket>,
}

/// A move: the [`crate::actor::Actor`], as written, and when.
pub type Ended = (String, DateTime<Utc>);

/// The last moves that ended a ticket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ends {
    /// To solved.
    pub solved: Option<Ended>,
    /// To closed.
    pub closed: Option<Ended>,
}

/// The part of the page that a row belongs to, as `part`.
const OWN: i32 = 0;
const MINE: i32 = 1;
const OF_PERSON: i32 = 2;
const CONNECTED: i32 = 3;

/// The ticket for which `which` holds. Each part is found by an index of its own; the figures of waiting tickets are
/// computed once, not for each row.
fn question(which: &str) -> String {
    format!(
        "with own as (select * from ticket where {which}), shown as (
            select {OWN} as part, own.* from own
            union all
            (select {MINE}, t.* from ticket t where t.assignee = $2 and t.status in ('open', 'pending', 'on_hold')
                order by t.updated_at desc, t.id limit {PAGE_LIMIT})
            union all
            (select {OF_PERSON}, t.* from own join ticket t on t.person_id = own.person_id
                order by t.created_at desc, t.id desc limit {PAGE_LIMIT})
            union all
            select {CONNECTED}, t.* from own join ticket t on t.id = own.follow_up_of
            union all
            select {CONNECTED}, t.* from own join ticket t on t.follow_up_of = own.id
        )
        select t.*, i.title, i.wrapped_key, w.waiting, w.oldest, s.solved_by, s.solved_on, c.closed_by, c.closed_on
        from shown t join incident i on i.id = t.incident_id
        cross join ({waiting}) w
        left join lateral (select h.actor as solved_by, h.at as solved_on from ticket_history h
            where t.part = {OWN} and h.ticket_id = t.id and h.to_status = 'solved' order by h.id desc limit 1) s on true
        left join lateral (select h.actor as closed_by, h.at as closed_on from ticket_history h
            where t.part = {OWN} and h.ticket_id = t.id and h.to_status = 'closed' order by h.id desc limit 1) c on true",
        waiting = waiting::question(),
    )
}

static BY_ID: LazyLock<String> = LazyLock::new(|| question("ticket.id = $1"));
static BY_NUMBER: LazyLock<String> = LazyLock::new(|| question("ticket.number = $1"));

#[derive(QueryableByName)]
struct Shown {
    #[diesel(sql_type = Integer)]
    part: i32,
    #[diesel(embed)]
    ticket: Row,
    #[diesel(embed)]
    incident: IncidentRow,
    #[diesel(embed)]
    waiting: WaitingRow,
    #[diesel(embed)]
    ends: EndsRow,
}

#[derive(QueryableByName)]
struct IncidentRow {
    #[diesel(sql_type = Text)]
    title: String,
    #[diesel(sql_type = Nullable<Bytea>)]
    wrapped_key: Option<Vec<u8>>,
}

#[derive(QueryableByName)]
struct EndsRow {
    #[diesel(sql_type = Nullable<Text>)]
    solved_by: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    solved_on: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Text>)]
    closed_by: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    closed_on: Option<DateTime<Utc>>,
}

/// The ticket of this name, with what else the page shows to this agent.
///
/// # Errors
/// `Missing`.
pub async fn desk(
    conn: &mut Conn,
    keys: &Keyring,
    name: &TicketName,
    agent: StaffId,
) -> Result<Desk> {
    let rows: Vec<Shown> = match name {
        TicketName::Id(id) => {
            let asked = statement(&BY_ID).bind::<Uuid, _>(*id);
            asked.bind::<Uuid, _>(agent).load(conn).await?
        }
        TicketName::Number(number) => {
            let asked = statement(&BY_NUMBER).bind::<Text, _>(number.as_str());
            asked.bind::<Uuid, _>(agent).load(conn).await?
        }
    };
    let (mut own, mut mine, mut others, mut connected) = (None, vec![], vec![], vec![]);
    for row in rows {
        let with_key = |row: Shown| (row.ticket, row.incident.wrapped_key);
        match row.part {
            OWN => own = Some(row),
            MINE => mine.push(with_key(row)),
            OF_PERSON => others.push(with_key(row)),
            _ => connected.push(with_key(row)),
        }
    }
    let own = own.ok_or(Error::Missing)?;
    let (mut mine, mut others) = (read(keys, mine)?, read(keys, others)?);
    let mut connected = read(keys, connected)?;
    let wrapped = own.incident.wrapped_key.clone();
    let ticket = read_one(keys, (own.ticket, own.incident.wrapped_key))?;
    mine.retain(|one| one.subject.is_some());
    mine.sort_by_key(|one| (Reverse(one.updated_at), one.id));
    others.retain(|one| one.id != ticket.id);
    others.sort_by_key(|one| Reverse((one.created_at, one.id)));
    connected.sort_by_key(|one| (one.created_at, one.id));
    let key = wrapped.map(|wrapped| keys.incident_key(ticket.incident, &wrapped));
    let key = key
        .transpose()
        .map_err(|_| Error::inconsistent("incident", ticket.incident))?;
    Ok(Desk {
        ends: Ends {
            solved: own.ends.solved_by.zip(own.ends.solved_on),
            closed: own.ends.closed_by.zip(own.ends.closed_on),
        },
        incident_title: own.incident.title,
        waiting: own.waiting.into(),
        ticket,
        key,
        mine,
        others,
        connected,
    })
}
