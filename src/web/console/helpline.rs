//! The helpline: one button for the next ticket, two numbers, and my own tickets.

use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use super::work::{self, Names};
use crate::app::App;
use crate::db::Conn;
use crate::db::enums::UnknownWord;
use crate::staff::Right;
use crate::staff::right::{SeeTickets, WorkTickets};
use crate::ticket::desk;
use crate::ticket::store::{self, Cursor, Filter};
use crate::web::figures::filters;
use crate::web::form::Form;
use crate::web::frame;
use crate::web::page::{self, Area, Desk, Flash, Moment, Tone};
use crate::web::problem::{Answer, Kind, Problem};
use crate::web::who::Allowed;

/// `/console/helpline`
#[derive(Template)]
#[template(path = "console/helpline.html")]
pub struct Helpline {
    /// The frame.
    pub desk: Desk,
    /// The queue and my tickets.
    pub work: Work,
    /// For leads: who waits, the most urgent first, or the tickets in one state, the latest first.
    pub list: Option<TicketList>,
}

/// What an agent has before them; also the left zone of the ticket page.
#[derive(Debug, Clone, Default)]
pub struct Work {
    /// Whether this person takes tickets.
    pub may_take: bool,
    /// Tickets waiting, rounded, in words: `about 40`.
    pub waiting: String,
    /// How long the oldest has waited, in words: `32 min`; empty when none waits.
    pub oldest: String,
    /// My open tickets, the soonest due first.
    pub mine: Vec<TicketRow>,
}

/// One ticket in a list.
#[derive(Debug, Clone)]
pub struct TicketRow {
    /// Its id.
    pub id: String,
    /// As the customer quotes it.
    pub number: String,
    /// Its state.
    pub status: String,
    /// Its score: higher is answered sooner.
    pub urgency: i64,
    /// Why it stands where it stands: `severity 5 · harm reported · waits 2 h`.
    pub why: String,
    /// Who holds it; empty for nobody.
    pub assignee: String,
    /// When an answer is due.
    pub due: Option<Moment>,
}

/// The leads' list.
#[derive(Debug, Clone, Default)]
pub struct TicketList {
    /// The state shown; empty for the line of those who wait.
    pub status: String,
    /// One page of them.
    pub tickets: Vec<TicketRow>,
    /// The cursor of the next page.
    pub next: Option<String>,
}

impl TicketList {
    /// The states one may look at.
    fn states(&self) -> [&'static str; 5] {
        ["new", "open", "pending", "on_hold", "solved"]
    }
}

/// How many tickets a page of the leads' list has.
const PAGE: i64 = 50;

/// Which page of the leads' list.
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
/// 400 for a state or cursor that is not from here.
pub async fn show(
    who: Allowed<SeeTickets>,
    req: HttpRequest,
    app: Data<App>,
    asked: Query<Asked>,
) -> Answer {
    let mut conn = app.db.get().await?;
    let names = Names::load(&mut conn).await?;
    let flash = asked.nobody.is_some().then(|| Flash {
        tone: Tone::Done,
        text: "Nobody waits. New questions appear here by urgency.".to_owned(),
    });
    let list = match who.may(Right::LeadTickets) {
        true => Some(list(&app, &mut conn, &names, &asked).await?),
        false => None,
    };
    let desk = frame::console(&app, &mut conn, &req, &who, Area::Helpline).await?;
    let view = Helpline {
        desk: Desk { flash, ..desk },
        work: work::work(&app, &mut conn, &who, &names).await?,
        list,
    };
    Ok(page::show(StatusCode::OK, &view)?)
}

/// `POST /console/helpline/next`: the most urgent ticket, for me.
///
/// # Errors
/// The database's.
pub async fn next(who: Allowed<WorkTickets>, app: Data<App>, _form: Form<()>) -> Answer {
    let taken = desk::take_next(&app, who.id).await.map_err(Problem::from)?;
    let to = match taken {
        Some(ticket) => format!("/console/tickets/{}", ticket.id),
        None => "/console/helpline?nobody".to_owned(),
    };
    Ok(HttpResponse::SeeOther().insert_header((header::LOCATION, to)).finish())
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
    let page = match asked.status.as_str() {
        "" => store::queue(conn, &app.keys, after, PAGE).await?,
        word => {
            let status = vec![word.parse().map_err(|e: UnknownWord| unreadable(&e))?];
            let filter = Filter { status, ..Filter::default() };
            store::list(conn, &app.keys, &filter, after, PAGE).await?
        }
    };
    Ok(TicketList {
        status: asked.status.clone(),
        tickets: page.items.iter().map(|ticket| work::row(app, names, ticket)).collect(),
        next: page.next.map(|cursor| cursor.to_string()),
    })
}
