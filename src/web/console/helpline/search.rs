//! Finding a ticket by its number or by its person.

use actix_web::http::{StatusCode, header};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use super::lookup::{self, Match};
use super::work::{self, TicketRow, Work};
use crate::app::App;
use crate::audit::Action;
use crate::id::{IncidentId, PersonId};
use crate::incident::Incident;
use crate::staff::Right;
use crate::staff::right::SeeTickets;
use crate::ticket::store;
use crate::web::caller::{Allowed, Signed};
use crate::web::console::names::Names;
use crate::web::figures::{count, filters};
use crate::web::form::Form;
use crate::web::frame;
use crate::web::page::{self, Area, ConsoleFrame, Faults};
use crate::web::problem::{Answer, Problem};

/// The maximum number of people to show the tickets of.
const MAX_PEOPLE: usize = 20;

/// `/console/helpline/find`
#[derive(Template)]
#[template(path = "console/helpline/search.html")]
pub struct Search {
    /// The frame.
    pub desk: ConsoleFrame,
    /// The queue and my tickets.
    pub work: Work,
    /// What was typed.
    pub sought: String,
    /// Why nothing was looked up; field `sought`.
    pub faults: Faults,
    /// The result in a sentence; empty before the search.
    pub summary: String,
    /// The people who match, with their tickets. The page does not show who they are, since the caller is not verified.
    pub people: Vec<Person>,
}

/// A person who matches.
#[derive(Debug, Clone, Default)]
pub struct Person {
    /// The title of their incident.
    pub incident: String,
    /// Their tickets, the newest first.
    pub tickets: Vec<TicketRow>,
}

/// The form.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Typed {
    sought: String,
}

/// `GET /console/helpline/find`: the empty form.
///
/// # Errors
/// Database errors.
pub(crate) async fn show(who: Allowed<SeeTickets>, req: HttpRequest, app: Data<App>) -> Answer {
    let nothing = (Typed::default(), Faults::default());
    page(&app, &req, &who, StatusCode::OK, nothing, None).await
}

/// `POST /console/helpline/find`: a POST, since browsers and servers keep the addresses of pages, and those must not
/// contain an e-mail address.
///
/// # Errors
/// Database errors.
pub(crate) async fn find(
    who: Allowed<SeeTickets>,
    req: HttpRequest,
    app: Data<App>,
    mut form: Form<Typed>,
) -> Answer {
    let said = form.sought.trim().to_owned();
    if said.is_empty() {
        form.fault(
            "sought",
            "Type a ticket number, a reference or an e-mail address.",
        );
        let refused = (form.typed, form.faults);
        return page(
            &app,
            &req,
            &who,
            StatusCode::UNPROCESSABLE_ENTITY,
            refused,
            None,
        )
        .await;
    }
    let incidents = lookup::incidents(&mut *app.db.get().await?).await?;
    let people = match lookup::look_up(&app, &incidents, None, &said).await? {
        Match::Ticket(ticket) => {
            let to = format!("/console/tickets/{}", ticket.id);
            return Ok(HttpResponse::SeeOther()
                .insert_header((header::LOCATION, to))
                .finish());
        }
        // Without the right to see people, the answer is the same as for a person who does not exist.
        Match::People(_) if !who.may(Right::SeePeople) => Vec::new(),
        Match::People(people) => people,
    };
    who.saw(&app, Action::PeopleFind, "helpline", people.len());
    let found = (incidents, people);
    let typed = (form.typed, form.faults);
    page(&app, &req, &who, StatusCode::OK, typed, Some(found)).await
}

/// The searched incidents, and the people who match.
type Found = (Vec<Incident>, Vec<(IncidentId, PersonId)>);

async fn page(
    app: &App,
    req: &HttpRequest,
    who: &Signed,
    status: StatusCode,
    (typed, faults): (Typed, Faults),
    found: Option<Found>,
) -> Answer {
    let mut conn = app.db.get().await?;
    let names = Names::load(&mut conn).await?;
    let work = work::work(app, &mut conn, who, &names).await?;
    let desk = frame::console(app, &mut conn, req, who, Area::Helpline).await?;
    drop(conn);
    let summary = found.as_ref().map(|(_, people)| summary(people.len()));
    let people = match &found {
        Some(found) => tickets(app, who, &names, found).await?,
        None => Vec::new(),
    };
    let view = Search {
        desk,
        work,
        sought: typed.sought,
        faults,
        summary: summary.unwrap_or_default(),
        people,
    };
    Ok(page::show(status, &view)?)
}

fn summary(people: usize) -> String {
    match people {
        0 => "No ticket and no person matches this.".to_owned(),
        1 => "One person matches.".to_owned(),
        n if n > MAX_PEOPLE => format!(
            "{} people match. The tickets of {MAX_PEOPLE} of them are below: ask for the reference.",
            count(i64::try_from(n).unwrap_or(i64::MAX))
        ),
        n => format!("{n} people match."),
    }
}

async fn tickets(
    app: &App,
    who: &Signed,
    names: &Names,
    (incidents, people): &Found,
) -> Result<Vec<Person>, Problem> {
    let mut conn = app.db.get().await?;
    let shown: Vec<_> = people.iter().take(MAX_PEOPLE).collect();
    let ids: Vec<_> = shown.iter().map(|(_, person)| *person).collect();
    let tickets = store::of_people(&mut conn, &app.keys, &ids).await?;
    let one = |(incident, person): &(IncidentId, PersonId)| {
        let of = incidents.iter().find(|of| of.id == *incident);
        let theirs = tickets.iter().filter(|one| one.person == Some(*person));
        Person {
            incident: of.map(|of| of.title.clone()).unwrap_or_default(),
            tickets: theirs.map(|one| work::row(app, names, one)).collect(),
        }
    };
    let all = shown.into_iter().map(one).collect();
    let shown = tickets.len();
    who.saw(app, Action::TicketsRead, "helpline", shown);
    Ok(all)
}
