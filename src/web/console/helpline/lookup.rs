//! Looking up what a caller says: a notice code, an e-mail address, a reference, a name with a postcode, or the number of a
//! ticket.

use crate::address::EmailAddress;
use crate::app::App;
use crate::db::{self, Conn};
use crate::delivery;
use crate::id::{IncidentId, PersonId};
use crate::incident::{self, Incident};
use crate::link::NoticeCode;
use crate::person::find::{Clue, find_each};
use crate::postal;
use crate::ticket::number::Number;
use crate::ticket::{self, Ticket};
use crate::web::problem::Problem;

/// What was found.
pub(crate) enum Match {
    /// These people, each with their incident. Several people can share a mailbox.
    People(Vec<(IncidentId, PersonId)>),
    /// The ticket with this number, if no person matches.
    Ticket(Box<Ticket>),
}

/// The incidents that are not forgotten, the newest first.
///
/// # Errors
/// Database errors.
pub(crate) async fn incidents(conn: &mut Conn) -> db::Result<Vec<Incident>> {
    let mut incidents = incident::store::list(conn).await?;
    incidents.retain(|incident| incident.forgotten_at.is_none());
    Ok(incidents)
}

/// Looks up `said` in the `known` incidents. A code or a ticket number belongs to one incident; everything else is looked
/// up in `chosen` only, if there is one.
///
/// # Errors
/// Database errors.
pub(crate) async fn look_up(
    app: &App,
    known: &[Incident],
    chosen: Option<IncidentId>,
    said: &str,
) -> Result<Match, Problem> {
    if let Some(found) = by_code(app, said).await? {
        return Ok(Match::People(vec![found]));
    }
    let mut left: Vec<&Incident> = known
        .iter()
        .filter(|of| chosen.is_none_or(|id| id == of.id))
        .collect();
    let order: Vec<IncidentId> = left.iter().map(|of| of.id).collect();
    let mut people: Vec<(IncidentId, PersonId)> = Vec::new();
    for clue in clues(said) {
        let found = find_each(app, &left, &clue).await?;
        people.extend(found.into_iter().map(|one| (one.incident, one.id)));
        left.retain(|of| people.iter().all(|(id, _)| *id != of.id));
    }
    people.sort_by_key(|(id, _)| order.iter().position(|of| of == id));
    if !people.is_empty() {
        return Ok(Match::People(people));
    }
    let ticket = by_number(app, known, said).await?;
    Ok(ticket.map_or(Match::People(people), |ticket| {
        Match::Ticket(Box::new(ticket))
    }))
}

/// The person of the notice or letter with this code.
async fn by_code(app: &App, said: &str) -> Result<Option<(IncidentId, PersonId)>, Problem> {
    let Some(code) = NoticeCode::parse(said) else {
        return Ok(None);
    };
    let mut conn = app.db.get().await?;
    let found = delivery::store::by_code(&mut conn, code.bucket(), code.key(&app.keys)).await?;
    if let Some(notice) = found.first() {
        return Ok(Some((notice.incident, notice.person)));
    }
    Ok(postal::code::whose(app, &mut conn, code).await?)
}

/// The ticket with this number; `None` for one of a forgotten incident, which cannot be read.
async fn by_number(app: &App, known: &[Incident], said: &str) -> db::Result<Option<Ticket>> {
    let Ok(number) = said.parse::<Number>() else {
        return Ok(None);
    };
    let mut conn = app.db.get().await?;
    match ticket::store::find_by_number(&mut conn, &app.keys, &number).await {
        Ok(ticket) => {
            let is_known = known.iter().any(|of| of.id == ticket.incident);
            Ok(Some(ticket).filter(|_| is_known))
        }
        Err(db::Error::Missing) => Ok(None),
        Err(other) => Err(other),
    }
}

/// The possible meanings: an e-mail address; or a reference, or a name and a postcode with a comma between.
fn clues(said: &str) -> Vec<Clue> {
    if let Ok(email) = EmailAddress::parse(said) {
        return vec![Clue::Email(email)];
    }
    let named = said
        .rsplit_once(',')
        .filter(|(name, postcode)| !name.trim().is_empty() && !postcode.trim().is_empty());
    let named = named.map(|(name, code)| Clue::NamePostcode(name.to_owned(), code.to_owned()));
    std::iter::once(Clue::Reference(said.to_owned()))
        .chain(named)
        .collect()
}
