//! The helpline page: the button for the next ticket, the queue, the tickets of the reader, and the list for leads.

use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use super::work;
pub use super::work::{TicketRow, Work};
use crate::app::App;
use crate::audit::Action;
use crate::db::Conn;
use crate::db::enums::UnknownWord;
use crate::staff::Right;
use crate::staff::right::{SeeTickets, WorkTickets};
use crate::ticket::TicketStatus;
use crate::ticket::agent;
use crate::ticket::store::{self, Cursor, Filter};
use crate::web::caller::Allowed;
use crate::web::console::names::Names;
use crate::web::figures::filters;
use crate::web::form::{Form, Nothing};
use crate::web::frame;
use crate::web::page::{self, Area, ConsoleFrame, Flash, Tone};
use crate::web::problem::{Answer, Kind, Problem};

/// `/console/helpline`
#[derive(Template)]
#[template(path = "console/helpline/page.html")]
pub struct Helpline {
    /// The frame.
    pub desk: ConsoleFrame,
    /// The queue and my tickets.
    pub work: Work,
    /// For leads: the waiting tickets, the most urgent first, or the tickets in one state, the latest first.
    pub list: Option<TicketList>,
}

/// The leads' list.
#[derive(Debug, Clone, Default)]
pub struct TicketList {
    /// The state; `None` for waiting tickets.
    pub status: Option<TicketStatus>,
    /// One page of the tickets.
    pub tickets: Vec<TicketRow>,
    /// The cursor of the next page.
    pub next: Option<String>,
}

impl TicketList {
    /// The states to choose from.
    fn states(&self) -> &'static [TicketStatus] {
        TicketStatus::ALL
    }

    fn shows(&self, status: &TicketStatus) -> bool {
        self.status == Some(*status)
    }
}

/// How many tickets a page of the list has.
const PAGE: i64 = 50;

/// The query: state and page of the list.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Asked {
    status: String,
    after: String,
    nobody: Option<String>,
}

/// `GET /console/helpline`.
///
/// # Errors
/// 400 for an unknown state or a wrong cursor.
pub(crate) async fn show(
    who: Allowed<SeeTickets>,
    req: HttpRequest,
    app: Data<App>,
    asked: Query<Asked>,
) -> Answer {
    let mut conn = app.db.get().await?;
    let names = Names::load(&mut conn).await?;
    let flash = asked.nobody.is_some().then(|| Flash {
        tone: Tone::Done,
        text: "No ticket waits. New questions appear here by urgency.".to_owned(),
    });
    let list = match who.may(Right::LeadTickets) {
        true => Some(list(&app, &mut conn, &names, &asked).await?),
        false => None,
    };
    if let Some(list) = &list {
        who.saw(&app, Action::TicketsRead, "queue", list.tickets.len());
    }
    let desk = frame::console(&app, &mut conn, &req, &who, Area::Helpline).await?;
    let view = Helpline {
        desk: ConsoleFrame { flash, ..desk },
        work: work::work(&app, &mut conn, &who, &names).await?,
        list,
    };
    Ok(page::show(StatusCode::OK, &view)?)
}

/// `POST /console/helpline/next`: assigns the most urgent ticket to the reader.
///
/// # Errors
/// Database errors.
pub(crate) async fn next(
    who: Allowed<WorkTickets>,
    app: Data<App>,
    _form: Form<Nothing>,
) -> Answer {
    let to = match agent::take_next(&app, who.id).await? {
        Some(ticket) => format!("/console/tickets/{}", ticket.id),
        None => "/console/helpline?nobody".to_owned(),
    };
    Ok(HttpResponse::SeeOther()
        .insert_header((header::LOCATION, to))
        .finish())
}

async fn list(
    app: &App,
    conn: &mut Conn,
    names: &Names,
    asked: &Asked,
) -> Result<TicketList, Problem> {
    let unreadable = |why: &dyn std::fmt::Display| Problem::new(Kind::BadRequest).because(why);
    let after = match asked.after.as_str() {
        "" => None,
        cursor => Some(cursor.parse::<Cursor>().map_err(|e| unreadable(&e))?),
    };
    let status = match asked.status.as_str() {
        "" => None,
        word => Some(word.parse().map_err(|e: UnknownWord| unreadable(&e))?),
    };
    let page = match status {
        None => store::queue(conn, &app.keys, after, PAGE).await?,
        Some(status) => {
            let filter = Filter {
                status: vec![status],
                ..Filter::default()
            };
            store::list(conn, &app.keys, &filter, after, PAGE).await?
        }
    };
    Ok(TicketList {
        status,
        tickets: page
            .items
            .iter()
            .map(|ticket| work::row(app, names, ticket))
            .collect(),
        next: page.next.map(|cursor| cursor.to_string()),
    })
}
