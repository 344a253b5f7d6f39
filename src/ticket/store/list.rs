//! Tickets in lists and in figures: keyset-paged, never counted to the end.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;

use super::page::{Cursor, Page, Range, ranges};
use super::row::{Row, read};
use super::waiting::in_line;
use crate::db::schema::{incident, ticket, ticket_message};
use crate::db::{Conn, Result};
use crate::id::{IncidentId, PersonId, StaffId, TicketId};
use crate::seal::{IncidentKey, Keyring};
use crate::ticket::status::TicketStatus;
use crate::ticket::{MessageKind, Ticket, TicketChannel, message_owner};

/// Most tickets a page may have.
pub const PAGE_LIMIT: i64 = 200;

/// Which tickets a list shows.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of one incident.
    pub incident: Option<IncidentId>,
    /// In these statuses; empty is all.
    pub status: Vec<TicketStatus>,
    /// Of this agent.
    pub assignee: Option<StaffId>,
    /// Of this person.
    pub person: Option<PersonId>,
}

type Condition = Box<dyn BoxableExpression<ticket::table, diesel::pg::Pg, SqlType = Bool>>;

/// The order of a list.
#[derive(Clone, Copy)]
enum By {
    Opened,
    Changed,
}

/// Tickets by when they were opened, newest first. That never changes, so that pages that follow each other by their
/// cursors have each ticket once, whatever changes between the pages.
///
/// # Errors
/// The database's.
pub async fn list(
    conn: &mut Conn,
    keys: &Keyring,
    filter: &Filter,
    after: Option<Cursor>,
    limit: i64,
) -> Result<Page> {
    let limit = limit.clamp(1, PAGE_LIMIT);
    let mut items = Vec::new();
    for range in ranges(after, [Range::SameTime, Range::Earlier]) {
        let room = limit + 1 - i64::try_from(items.len()).unwrap_or(i64::MAX);
        if room > 0 {
            items.extend(some(conn, keys, filter, (By::Opened, range), room).await?);
        }
    }
    Ok(Page::cut(items, limit, |t| t.created_at))
}

async fn some(
    conn: &mut Conn,
    keys: &Keyring,
    filter: &Filter,
    (by, range): (By, Range),
    limit: i64,
) -> Result<Vec<Ticket>> {
    let mut query = ticket::table
        .inner_join(incident::table.on(incident::id.eq(ticket::incident_id)))
        .select((Row::as_select(), incident::wrapped_key))
        .limit(limit)
        .into_boxed();
    query = match by {
        By::Opened => query.order((ticket::created_at.desc(), ticket::id)),
        By::Changed => query.order((ticket::updated_at.desc(), ticket::id)),
    };
    if let Some(incident) = filter.incident {
        query = query.filter(ticket::incident_id.eq(incident));
    }
    if !filter.status.is_empty() {
        query = query.filter(ticket::status.eq_any(filter.status.clone()));
    }
    if let Some(assignee) = filter.assignee {
        query = query.filter(ticket::assignee.eq(assignee));
    }
    if let Some(person) = filter.person {
        query = query.filter(ticket::person_id.eq(person));
    }
    query = match range {
        Range::SameTime(Cursor { at, id, .. }) => {
            query.filter(ticket::created_at.eq(at).and(ticket::id.gt(id)))
        }
        Range::Earlier(Cursor { at, .. }) => query.filter(ticket::created_at.lt(at)),
        Range::All | Range::SameUrgency(_) | Range::LessUrgent(_) => query,
    };
    read(keys, query.load(conn).await?)
}

/// The tickets in line, in the order in which they will be taken.
///
/// # Errors
/// The database's.
pub async fn queue(
    conn: &mut Conn,
    keys: &Keyring,
    after: Option<Cursor>,
    limit: i64,
) -> Result<Page> {
    let limit = limit.clamp(1, PAGE_LIMIT);
    let mut items = Vec::new();
    for range in ranges(after, [Range::SameUrgency, Range::LessUrgent]) {
        let room = limit + 1 - i64::try_from(items.len()).unwrap_or(i64::MAX);
        if room > 0 {
            items.extend(queued(conn, keys, range, room).await?);
        }
    }
    Ok(Page::cut(items, limit, |t| t.queued_at))
}

async fn queued(conn: &mut Conn, keys: &Keyring, range: Range, limit: i64) -> Result<Vec<Ticket>> {
    let mut query = ticket::table
        .inner_join(incident::table.on(incident::id.eq(ticket::incident_id)))
        .select((Row::as_select(), incident::wrapped_key))
        .filter(in_line())
        .order((ticket::urgency.desc(), ticket::queued_at, ticket::id))
        .limit(limit)
        .into_boxed();
    query = match range {
        Range::SameUrgency(Cursor { urgency, at, id }) => {
            let behind = diesel::dsl::sql::<Bool>("(ticket.queued_at, ticket.id) > (")
                .bind::<Timestamptz, _>(at)
                .sql(", ")
                .bind::<SqlUuid, _>(id)
                .sql(")");
            query.filter(ticket::urgency.eq(urgency)).filter(behind)
        }
        Range::LessUrgent(Cursor { urgency, .. }) => query.filter(ticket::urgency.lt(urgency)),
        Range::All | Range::SameTime(_) | Range::Earlier(_) => query,
    };
    read(keys, query.load(conn).await?)
}

/// The tickets that an agent has, last changed first; nothing of forgotten incidents.
///
/// # Errors
/// The database's.
pub async fn mine(conn: &mut Conn, keys: &Keyring, agent: StaffId) -> Result<Vec<Ticket>> {
    use TicketStatus::{OnHold, Open, Pending};
    let filter = Filter {
        assignee: Some(agent),
        status: vec![Open, Pending, OnHold],
        ..Filter::default()
    };
    let mut mine = some(conn, keys, &filter, (By::Changed, Range::All), PAGE_LIMIT).await?;
    mine.retain(|ticket| ticket.subject.is_some());
    Ok(mine)
}

/// All tickets of a person, newest first, for staff.
///
/// # Errors
/// The database's.
pub async fn of_person(conn: &mut Conn, keys: &Keyring, person: PersonId) -> Result<Vec<Ticket>> {
    of_people(conn, keys, &[person]).await
}

/// All tickets of these people, newest first, for staff.
///
/// # Errors
/// The database's.
pub async fn of_people(
    conn: &mut Conn,
    keys: &Keyring,
    people: &[PersonId],
) -> Result<Vec<Ticket>> {
    let most = PAGE_LIMIT * i64::try_from(people.len()).unwrap_or(1);
    let rows = ticket::table
        .inner_join(incident::table.on(incident::id.eq(ticket::incident_id)))
        .filter(ticket::person_id.eq_any(people))
        .select((Row::as_select(), incident::wrapped_key))
        .order((ticket::created_at.desc(), ticket::id.desc()))
        .limit(most)
        .load(conn)
        .await?;
    read(keys, rows)
}

/// Calls are left out: what a customer asks next is not added to the log of a call.
fn unfinished_of(person: PersonId) -> Condition {
    use TicketStatus::{New, OnHold, Open, Pending};
    Box::new(
        ticket::person_id
            .assume_not_null()
            .eq(person)
            .and(ticket::status.eq_any(vec![New, Open, Pending, OnHold]))
            .and(ticket::channel.ne(TicketChannel::Phone)),
    )
}

/// How many unfinished tickets a person has, calls left out.
///
/// # Errors
/// The database's.
pub async fn unfinished(conn: &mut Conn, person: PersonId) -> Result<i64> {
    Ok(ticket::table
        .filter(unfinished_of(person))
        .count()
        .get_result(conn)
        .await?)
}

/// The newest unfinished ticket of a person that is no call.
///
/// # Errors
/// `Missing`.
pub async fn newest_unfinished(conn: &mut Conn, person: PersonId) -> Result<TicketId> {
    Ok(ticket::table
        .filter(unfinished_of(person))
        .order((ticket::created_at.desc(), ticket::id.desc()))
        .select(ticket::id)
        .first(conn)
        .await?)
}

/// The unfinished ticket in which the person said exactly this since `since` and was not answered
/// yet: a form sent twice.
///
/// # Errors
/// The database's.
pub async fn asked_lately(
    conn: &mut Conn,
    key: &IncidentKey,
    person: PersonId,
    text: &str,
    since: DateTime<Utc>,
) -> Result<Option<TicketId>> {
    let rows: Vec<(TicketId, i32, Vec<u8>)> = ticket::table
        .inner_join(ticket_message::table.on(ticket_message::ticket_id.eq(ticket::id)))
        .filter(ticket::person_id.eq(person))
        .filter(ticket::status.ne(TicketStatus::Solved))
        .filter(ticket::status.ne(TicketStatus::Closed))
        .filter(ticket_message::kind.eq(MessageKind::Customer))
        .filter(ticket_message::created_at.ge(since))
        .order(ticket_message::created_at.desc())
        .limit(50)
        .select((ticket::id, ticket_message::no, ticket_message::sealed))
        .load(conn)
        .await?;
    let same = |(id, no, sealed): &(TicketId, i32, Vec<u8>)| {
        key.open(&message_owner(*id, *no), sealed)
            .is_ok_and(|said| said == text.as_bytes())
    };
    let Some((id, no, _)) = rows.iter().find(|row| same(row)) else {
        return Ok(None);
    };
    let answered = ticket_message::table
        .filter(
            ticket_message::ticket_id
                .eq(id)
                .and(ticket_message::no.gt(no)),
        )
        .filter(ticket_message::kind.eq(MessageKind::Agent));
    let answered: bool = diesel::select(diesel::dsl::exists(answered))
        .get_result(conn)
        .await?;
    Ok((!answered).then_some(*id))
}

/// How many messages a person has sent since then, in all their tickets.
///
/// # Errors
/// The database's.
pub async fn said_since(conn: &mut Conn, person: PersonId, since: DateTime<Utc>) -> Result<i64> {
    Ok(ticket::table
        .inner_join(ticket_message::table.on(ticket_message::ticket_id.eq(ticket::id)))
        .filter(ticket::person_id.eq(person))
        .filter(ticket_message::kind.eq(MessageKind::Customer))
        .filter(ticket_message::created_at.ge(since))
        .count()
        .get_result(conn)
        .await?)
}
