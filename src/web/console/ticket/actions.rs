//! The actions of an agent on one ticket: reading, answering, noting, logging a call, changing the state, taking, releasing,
//! assigning. A refused action shows the page with the draft and the reason.

use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;

use super::draft::{Draft, field_of};
use super::page;
use crate::app::App;
use crate::audit::Action;
use crate::db::enums::UnknownWord;
use crate::id::StaffId;
use crate::staff::right::{LeadTickets, SeeTickets, WorkTickets};
use crate::ticket::agent::{self, AgentError, Seen};
use crate::ticket::{Then, Ticket, TicketResolution, TicketStatus, store};
use crate::web::caller::{Allowed, Signed};
use crate::web::form::resubmit::accepted;
use crate::web::form::{self, Form};
use crate::web::page::{Fault, Faults};
use crate::web::problem::{self, Answer, Problem};

/// The query: the open tab and the last action.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Asked {
    #[serde(rename = "as")]
    tab: String,
    did: String,
}

/// The kind of message.
#[derive(Deserialize, Default, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Kind {
    #[default]
    Reply,
    Note,
    Call,
}

/// The form of the composer.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Written {
    kind: Kind,
    text: String,
    /// The note; absent if the form has one text only.
    note: Vec<String>,
    /// `as-note` or `as-reply`: opens that tab and sends nothing.
    act: String,
    version: i32,
    messages: Option<i32>,
    then: Option<TicketStatus>,
    resolution: Option<TicketResolution>,
    reason: String,
    review_on: String,
}

/// The form of a button. `to` is a state, with a resolution if it needs one: `closed:spam`.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Moved {
    to: String,
    version: i32,
}

/// The form that assigns a ticket.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Given {
    #[serde(alias = "to")]
    agent: Option<StaffId>,
    version: i32,
}

/// `GET /console/tickets/{ticket}`, by id or number.
///
/// # Errors
/// 404.
pub(crate) async fn show(
    who: Allowed<SeeTickets>,
    req: HttpRequest,
    app: Data<App>,
    path: Path<String>,
    asked: Query<Asked>,
) -> Answer {
    let name = path.parse().map_err(|_| Problem::not_found())?;
    let of = page::load(&app, &who, &name).await?;
    who.saw(&app, Action::TicketRead, of.ticket.id, 1);
    let draft = Draft {
        as_note: asked.tab == "note",
        did: asked.did.clone(),
        ..Draft::default()
    };
    page::show_desk(&app, &req, &who, of, StatusCode::OK, draft).await
}

/// `POST …/messages`: a reply with the next state, a note, or the log of a call.
///
/// # Errors
/// 404. The page says why a message is refused, and keeps the draft.
pub(crate) async fn write(
    who: Allowed<WorkTickets>,
    req: HttpRequest,
    app: Data<App>,
    path: Path<String>,
    form: Form<Written>,
) -> Answer {
    let ticket = find(&app, &path).await?;
    let written = form.typed;
    if written.act.starts_with("as-") {
        let draft = draft(&written, written.act == "as-note");
        return page::show(&app, &req, &who, &ticket, StatusCode::OK, draft).await;
    }
    let is_note = written.kind == Kind::Note;
    let draft = draft(&written, is_note);
    let then = match then(&ticket, &written, app.now()) {
        _ if is_note => None,
        Ok(then) => Some(then),
        Err(fault) => {
            let faults = Faults(vec![fault]);
            let draft = Draft { faults, ..draft };
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            return page::show(&app, &req, &who, &ticket, status, draft).await;
        }
    };
    match send(&app, &who, &ticket, &written, then).await {
        Ok(ticket) => {
            let did = if is_note { "note" } else { "reply" };
            done_with(&app, &req, &who, &ticket, (did, draft.without_sent())).await
        }
        Err(error) => refused(&app, &req, &who, &ticket, error, draft).await,
    }
}

/// Saves the message of the form. `then`: the next state; `None` for a note.
async fn send(
    app: &App,
    who: &Signed,
    ticket: &Ticket,
    written: &Written,
    then: Option<Then>,
) -> Result<Ticket, AgentError> {
    let seen = Seen {
        version: written.version,
        messages: written.messages,
    };
    let text = &written.text;
    match then {
        None => agent::note(app, who.id, ticket.id, written.note.last().unwrap_or(text)).await,
        Some(then) if written.kind == Kind::Call => {
            agent::log_call(app, who.id, ticket.id, seen, text, &then).await
        }
        Some(then) => agent::reply(app, who.id, ticket.id, seen, text, &then).await,
    }
}

/// Redirects to the ticket; or shows it with what was typed and not sent.
async fn done_with(
    app: &App,
    req: &HttpRequest,
    who: &Signed,
    ticket: &Ticket,
    (did, draft): (&str, Draft),
) -> Answer {
    if draft.is_empty() {
        return Ok(to(ticket, did));
    }
    let draft = Draft {
        did: did.to_owned(),
        ..draft
    };
    let shown = page::show(app, req, who, ticket, StatusCode::OK, draft).await?;
    Ok(accepted(shown))
}

/// The draft in the composer while another button of the page was pressed.
fn typed(req: &HttpRequest) -> Draft {
    let Some(written) = form::also::<Written>(req) else {
        return Draft::default();
    };
    let draft = draft(&written, false);
    Draft {
        as_note: draft.reply.trim().is_empty() && !draft.note.trim().is_empty(),
        ..draft
    }
}

/// `POST …/transition`: changes the state without a message.
///
/// # Errors
/// As [`write()`].
pub(crate) async fn transition(
    who: Allowed<WorkTickets>,
    req: HttpRequest,
    app: Data<App>,
    path: Path<String>,
    form: Form<Moved>,
) -> Answer {
    let ticket = find(&app, &path).await?;
    let unreadable = |why: UnknownWord| Problem::new(problem::Kind::BadRequest).because(why);
    let (state, how) = form.to.split_once(':').unwrap_or((&form.to, ""));
    let mut then = Then::to(state.parse().map_err(unreadable)?);
    if !how.is_empty() {
        then = then.ended(how.parse().map_err(unreadable)?);
    }
    if ticket.status == TicketStatus::Solved {
        then = then.because("opened again by an agent");
    }
    match agent::transition(&app, who.actor(), ticket.id, form.version, &then).await {
        Ok(ticket) => done_with(&app, &req, &who, &ticket, ("move", typed(&req))).await,
        Err(error) => refused(&app, &req, &who, &ticket, error, typed(&req)).await,
    }
}

/// `POST …/take`: assigns it to the reader, whatever its place in the queue.
///
/// # Errors
/// As [`write()`].
pub(crate) async fn take(
    who: Allowed<WorkTickets>,
    req: HttpRequest,
    app: Data<App>,
    path: Path<String>,
    form: Form<Moved>,
) -> Answer {
    let ticket = find(&app, &path).await?;
    match agent::take(&app, who.id, ticket.id, form.version).await {
        Ok(ticket) => done_with(&app, &req, &who, &ticket, ("take", typed(&req))).await,
        Err(error) => refused(&app, &req, &who, &ticket, error, typed(&req)).await,
    }
}

/// `POST …/release`: returns it to the queue.
///
/// # Errors
/// As [`write()`].
pub(crate) async fn release(
    who: Allowed<WorkTickets>,
    req: HttpRequest,
    app: Data<App>,
    path: Path<String>,
    form: Form<Moved>,
) -> Answer {
    let ticket = find(&app, &path).await?;
    match agent::release(&app, who.id, ticket.id, form.version).await {
        Ok(ticket) => done_with(&app, &req, &who, &ticket, ("release", typed(&req))).await,
        Err(error) => refused(&app, &req, &who, &ticket, error, typed(&req)).await,
    }
}

/// `POST …/assign`: a lead assigns it to an agent.
///
/// # Errors
/// As [`write()`].
pub(crate) async fn assign(
    who: Allowed<LeadTickets>,
    req: HttpRequest,
    app: Data<App>,
    path: Path<String>,
    form: Form<Given>,
) -> Answer {
    let ticket = find(&app, &path).await?;
    let agent = form
        .agent
        .ok_or_else(|| Problem::new(problem::Kind::BadRequest).because("choose the agent"))?;
    match agent::assign(&app, who.id, ticket.id, form.version, agent).await {
        Ok(ticket) => done_with(&app, &req, &who, &ticket, ("assign", typed(&req))).await,
        Err(error) => refused(&app, &req, &who, &ticket, error, typed(&req)).await,
    }
}

/// The ticket that a path names, by id or by number.
///
/// # Errors
/// 404.
pub(crate) async fn find(app: &App, name: &str) -> Result<Ticket, Problem> {
    let mut conn = app.db.get().await?;
    Ok(match name.parse() {
        Ok(id) => store::find(&mut conn, &app.keys, id).await?,
        Err(_) => {
            let number = name.parse().map_err(|_| Problem::not_found())?;
            store::find_by_number(&mut conn, &app.keys, &number).await?
        }
    })
}

/// Redirects to the ticket, which shows the message about the action.
pub(crate) fn to(ticket: &Ticket, did: &str) -> HttpResponse {
    let to = format!("/console/tickets/{}?did={did}", ticket.id);
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, to))
        .finish()
}

async fn refused(
    app: &App,
    req: &HttpRequest,
    who: &Signed,
    before: &Ticket,
    error: AgentError,
    draft: Draft,
) -> Answer {
    let (status, ticket, draft) = match error {
        AgentError::Db(error) => return Err(error.into()),
        AgentError::Missing => return Err(Problem::not_found()),
        AgentError::Conflict(conflict) => {
            let now = conflict.now.clone();
            (
                StatusCode::CONFLICT,
                now,
                Draft {
                    conflict: Some(conflict),
                    ..draft
                },
            )
        }
        AgentError::HeldBy(_) => {
            let ticket = find(app, &before.id.to_string()).await?;
            (StatusCode::CONFLICT, ticket, draft.refused("", &error))
        }
        AgentError::NoSuchAgent => (
            StatusCode::UNPROCESSABLE_ENTITY,
            before.clone(),
            draft.refused("agent", &error),
        ),
        AgentError::Words(_) => (
            StatusCode::UNPROCESSABLE_ENTITY,
            before.clone(),
            draft.refused("", &error),
        ),
        AgentError::Refused(refusal) => {
            let field = field_of(&refusal);
            (
                StatusCode::UNPROCESSABLE_ENTITY,
                before.clone(),
                draft.refused(field, &error),
            )
        }
    };
    page::show(app, req, who, &ticket, status, draft).await
}

fn draft(written: &Written, as_note: bool) -> Draft {
    let text = written.text.clone();
    let (note, reply) = match (written.note.last(), as_note) {
        (Some(note), _) => (note.clone(), text),
        (None, true) => (text, String::new()),
        (None, false) => (String::new(), text),
    };
    let resolution = written.resolution.map(|how| how.to_string());
    Draft {
        as_note,
        note,
        reply,
        resolution: resolution.unwrap_or_default(),
        reason: written.reason.clone(),
        review_on: written.review_on.clone(),
        ..Draft::default()
    }
}

/// The next state of the form. Without a choice the state stays.
fn then(ticket: &Ticket, written: &Written, now: DateTime<Utc>) -> Result<Then, Fault> {
    let to = written.then.unwrap_or(ticket.status);
    let mut then = Then::to(to);
    match to {
        TicketStatus::OnHold if written.then.is_some() => {
            then.reason = Some(written.reason.clone());
            then.review_at = Some(review(&written.review_on, now)?);
        }
        TicketStatus::Solved | TicketStatus::Closed => then.resolution = written.resolution,
        TicketStatus::Open if ticket.status == TicketStatus::Solved => {
            then.reason = Some("answered again by an agent".to_owned());
        }
        TicketStatus::New | TicketStatus::Open | TicketStatus::Pending | TicketStatus::OnHold => {}
    }
    Ok(then)
}

/// The moment of a review: 09:00 UTC on the chosen day, which must be in the future.
fn review(day: &str, now: DateTime<Utc>) -> Result<DateTime<Utc>, Fault> {
    let morning = |day: NaiveDate| day.and_hms_opt(9, 0, 0).map(|at| at.and_utc());
    let at = day
        .trim()
        .parse()
        .ok()
        .and_then(morning)
        .filter(|at| *at > now);
    at.ok_or_else(|| Fault {
        field: "review_on".to_owned(),
        text: "Enter a day after today, such as 2026-12-01.".to_owned(),
    })
}
