//! `/api/v1/tickets`: the helpline for programs.

use actix_web::http::header;
use actix_web::web::{Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::incidents::named;
use super::ticket_view::{MessageView, TicketView};
use super::{Json, Page, Paging, seen_version, versioned};
use crate::app::App;
use crate::audit::Action;
use crate::id::{PersonId, StaffId, TicketId};
use crate::staff::right::{SeeTickets, WorkTickets};
use crate::ticket::agent::{self, AgentError, Caller, Conflict, Seen};
use crate::ticket::intake::{self, IntakeError};
use crate::ticket::move_check::Refusal;
use crate::ticket::store::{self, Cursor, Filter};
use crate::ticket::{Then, Ticket, TicketChannel, TicketResolution, TicketStatus};
use crate::web::caller::Allowed;
use crate::web::problem::{Answer, Kind, Problem};

fn shown(answer: HttpResponseBuilder, ticket: Ticket) -> HttpResponse {
    versioned(answer, ticket.version, &TicketView::of(ticket))
}

/// The body of [`open`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct New {
    incident: String,
    /// `web`: the person's own words, to be put in line. `phone`: what was said in a call that the
    /// caller of the API has taken; the ticket is theirs.
    channel: TicketChannel,
    person: Option<PersonId>,
    /// The language of a caller who was not found.
    #[serde(default = "english")]
    locale: String,
    #[serde(default)]
    subject: String,
    text: String,
    /// Of a call: whether the caller was verified. Only then does the person read of the call on their page.
    #[serde(default)]
    caller_verified: bool,
}

fn english() -> String {
    "en".to_owned()
}

/// `POST /tickets`.
///
/// # Errors
/// 404 without such an incident or person; words that are refused.
pub(crate) async fn open(who: Allowed<WorkTickets>, app: Data<App>, new: Json<New>) -> Answer {
    let new = new.0;
    let refused = |why| Problem::new(Kind::NotAccepted).because(why);
    let incident = named(&mut *app.db.get().await?, &new.incident).await?.id;
    let ticket = match (new.channel, new.person) {
        (TicketChannel::Web, Some(person)) => {
            let asked = intake::ask(&app, incident, person, &new.subject, &new.text).await;
            let ticket = asked.map_err(not_taken)?.ticket().clone();
            agent::record_taken_in(&app, who.id, &ticket).await?;
            ticket
        }
        (TicketChannel::Web, None) => {
            return Err(refused(
                "a question from the web needs its person: name the person",
            ));
        }
        (TicketChannel::Phone, person) => {
            let caller = Caller {
                incident,
                person,
                locale: &new.locale,
                topic: &new.subject,
                verified: new.caller_verified,
            };
            agent::open_for_caller(&app, who.id, &caller, &new.text)
                .await
                .map_err(refusal)?
        }
        (TicketChannel::Mail, _) => return Err(refused("tickets are opened by web or by phone")),
    };
    let mut answer = HttpResponse::Created();
    answer.insert_header((header::LOCATION, format!("/api/v1/tickets/{}", ticket.id)));
    Ok(shown(answer, ticket))
}

/// The query of [`list`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Which {
    incident: Option<String>,
    /// Several are separated by commas.
    status: Option<String>,
    assignee: Option<StaffId>,
    person: Option<PersonId>,
    cursor: Option<String>,
    limit: Option<i64>,
}

/// `GET /tickets?incident=…&status=…&assignee=…&person=…`: by when they were opened, the newest first: an order that no change touches, so that pages miss none.
///
/// # Errors
/// 404 without such an incident.
pub(crate) async fn list(who: Allowed<SeeTickets>, app: Data<App>, which: Query<Which>) -> Answer {
    let which = which.into_inner();
    let bad = |why: &dyn std::fmt::Display| Problem::new(Kind::BadRequest).because(why);
    let limit = Paging {
        cursor: None,
        limit: which.limit,
    }
    .limit()?;
    let after = which
        .cursor
        .map(|cursor| cursor.parse::<Cursor>())
        .transpose()
        .map_err(|e| bad(&e))?;
    let words = which.status.iter().flat_map(|words| words.split(','));
    let status = words
        .map(str::parse)
        .collect::<Result<Vec<TicketStatus>, _>>()
        .map_err(|e| bad(&e))?;
    let mut conn = app.db.get().await?;
    let incident = match which.incident {
        Some(name) => Some(named(&mut conn, &name).await?.id),
        None => None,
    };
    let filter = Filter {
        incident,
        status,
        assignee: which.assignee,
        person: which.person,
    };
    let page = store::list(&mut conn, &app.keys, &filter, after, limit).await?;
    let of = incident.map_or_else(|| "all".to_owned(), |id| id.to_string());
    who.saw(&app, Action::TicketsRead, of, page.items.len());
    Ok(HttpResponse::Ok().json(Page {
        items: page.items.into_iter().map(TicketView::of).collect(),
        next: page.next.map(|next| next.to_string()),
    }))
}

/// `GET /tickets/{id}`, with its thread and its history.
///
/// # Errors
/// 404.
pub(crate) async fn show(who: Allowed<SeeTickets>, app: Data<App>, id: Path<TicketId>) -> Answer {
    let mut conn = app.db.get().await?;
    let ticket = store::find(&mut conn, &app.keys, *id).await?;
    who.saw(&app, Action::TicketRead, ticket.id, 1);
    let thread = store::thread(&mut conn, &app.keys, &ticket, 0).await?;
    let history = store::history(&mut conn, &app.keys, &ticket).await?;
    let version = ticket.version;
    let view = TicketView::of(ticket).whole(thread, history);
    Ok(versioned(HttpResponse::Ok(), version, &view))
}

/// `POST /tickets/take-next`: assigns the first waiting ticket to the caller; 204 if none waits.
pub(crate) async fn take_next(who: Allowed<WorkTickets>, app: Data<App>) -> Answer {
    Ok(
        match agent::take_next(&app, who.id).await.map_err(refusal)? {
            Some(ticket) => shown(HttpResponse::Ok(), ticket),
            None => HttpResponse::NoContent().finish(),
        },
    )
}

/// What is said: the words of the API for what the thread keeps.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Saying {
    /// To the customer, by mail and on their page.
    Reply,
    /// Among staff.
    Note,
    /// On the phone.
    Call,
}

/// The body of [`say`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewMessage {
    kind: Saying,
    text: String,
    /// The next status; left out, the present one stays.
    then: Option<TicketStatus>,
    reason: Option<String>,
    review_at: Option<DateTime<Utc>>,
    resolution: Option<TicketResolution>,
    version: Option<i32>,
    /// The number of the last message seen; with it, an unread one holds the message back.
    seen: Option<i32>,
}

/// `POST /tickets/{id}/messages`. A note needs no version, since it conflicts with nothing.
///
/// # Errors
/// 409 with what is new if the ticket changed, 422 for what a move needs.
pub(crate) async fn say(
    who: Allowed<WorkTickets>,
    req: HttpRequest,
    app: Data<App>,
    id: Path<TicketId>,
    new: Json<NewMessage>,
) -> Answer {
    let new = new.0;
    if matches!(new.kind, Saying::Note) {
        let noted = agent::note(&app, who.id, *id, &new.text)
            .await
            .map_err(refusal)?;
        return Ok(shown(HttpResponse::Created(), noted));
    }
    let seen = Seen {
        version: seen_version(&req, new.version)?,
        messages: new.seen,
    };
    let present = store::find(&mut *app.db.get().await?, &app.keys, *id)
        .await?
        .status;
    let then = Then {
        to: new.then.unwrap_or(present),
        reason: new.reason,
        review_at: new.review_at,
        resolution: new.resolution,
    };
    let said = match new.kind {
        Saying::Call => agent::log_call(&app, who.id, *id, seen, &new.text, &then).await,
        _ => agent::reply(&app, who.id, *id, seen, &new.text, &then).await,
    };
    Ok(shown(HttpResponse::Created(), said.map_err(refusal)?))
}

/// The body of [`transition`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    to: TicketStatus,
    reason: Option<String>,
    review_at: Option<DateTime<Utc>>,
    resolution: Option<TicketResolution>,
    version: Option<i32>,
}

/// `POST /tickets/{id}/transition`.
///
/// # Errors
/// 409 for an illegal move or a ticket that changed, 422 for what the move needs.
pub(crate) async fn transition(
    who: Allowed<WorkTickets>,
    req: HttpRequest,
    app: Data<App>,
    id: Path<TicketId>,
    step: Json<Step>,
) -> Answer {
    let version = seen_version(&req, step.0.version)?;
    let Step {
        to,
        reason,
        review_at,
        resolution,
        ..
    } = step.0;
    let then = Then {
        to,
        reason,
        review_at,
        resolution,
    };
    let moved = agent::transition(&app, who.actor(), *id, version, &then).await;
    Ok(shown(HttpResponse::Ok(), moved.map_err(refusal)?))
}

/// The problem of an action that was refused.
fn refusal(error: AgentError) -> Problem {
    let because = |kind, why: &AgentError| Problem::new(kind).because(why);
    match error {
        AgentError::Db(error) => error.into(),
        AgentError::Missing => Problem::not_found(),
        AgentError::NoSuchAgent | AgentError::Words(_) => because(Kind::NotAccepted, &error),
        AgentError::Refused(
            Refusal::IllegalMove { from, to } | Refusal::NotByHand { from, to },
        ) => {
            let legal: Vec<_> = from.offered().collect();
            because(Kind::IllegalMove, &error)
                .with("from", from)
                .with("to", to)
                .with("legal", legal)
        }
        AgentError::Refused(Refusal::Needs(need)) => {
            because(Kind::NotAccepted, &error).with("resolutions", need.resolutions())
        }
        AgentError::HeldBy(agent) => because(Kind::InTheWay, &error).with("held_by", agent),
        AgentError::Conflict(conflict) => {
            let problem = Problem::changed(
                format_args!(
                    "this ticket changed since you read it: {}",
                    conflict.changed
                ),
                &conflict.changed,
            );
            let Conflict { now, newer, .. } = *conflict;
            let newer: Vec<_> = newer.into_iter().map(MessageView::of).collect();
            problem
                .with("now", TicketView::of(now))
                .with("newer", newer)
        }
    }
}

fn not_taken(error: IntakeError) -> Problem {
    match error {
        IntakeError::Db(error) => error.into(),
        IntakeError::Missing => Problem::not_found(),
        IntakeError::Words(why) => Problem::new(Kind::NotAccepted).because(why),
    }
}
