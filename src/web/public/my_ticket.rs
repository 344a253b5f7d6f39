//! One question of a customer: its state, what happens next and by when, and the conversation.

use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::problem::{COPY, ProblemPage};
use super::unlock::{self, Unlock};
use crate::app::App;
use crate::ticket::intake::{self, Answered, IntakeError};
use crate::ticket::number::Number;
use crate::ticket::status::Hearing;
use crate::ticket::{self, MessageKind, Ticket, TicketResolution, TicketStatus};
use crate::web::caller::Visitor;
use crate::web::conversation::{Message, sentence};
use crate::web::figures::filters;
use crate::web::form::Form;
use crate::web::frame;
use crate::web::page::{self, Faults, Moment, PublicFrame};
use crate::web::problem::{Answer, Problem};

/// `/s/{token}/tickets/{number}`
#[derive(Template)]
#[template(path = "public/my_ticket.html")]
pub struct MyTicket {
    /// The frame.
    pub visit: PublicFrame,
    /// The link's token, for the forms.
    pub token: String,
    /// As the customer quotes it.
    pub number: String,
    /// What it is: a question, or a call.
    pub name: String,
    /// Whether it is the log of a call, which is for staff only.
    pub is_call: bool,
    /// The ticket's state, for its tone.
    pub status: TicketStatus,
    /// The customer label of the state.
    pub label: String,
    /// What happens next, a sentence.
    pub next: String,
    /// By when, if promised.
    pub by: Option<Moment>,
    /// Whether that is past: then the page says that we are late.
    pub late: bool,
    /// Whether it was closed since another question has the answer.
    pub elsewhere: bool,
    /// Number and name of the person's other questions, where one of them may have the answer instead.
    pub others: Vec<(String, String)>,
    /// Numbers of the questions that this one follows, or that follow it.
    pub connected: Vec<String>,
    /// Customer and agent messages, the oldest first; none before the one-time code.
    pub thread: Option<Vec<Message>>,
    /// The step to tier 1.
    pub unlock: Unlock,
    /// The reply form; none before the one-time code.
    pub reply: Option<Reply>,
    /// Whether "this did not help" is offered: the ticket is solved, and reopens.
    pub solved: bool,
    /// Whether what is written here begins a new question that follows this one.
    pub follows_up: bool,
}

impl MyTicket {
    /// What the field for the customer's words asks for.
    fn asks(&self) -> &'static str {
        match self.follows_up {
            true => "Your question",
            false => "Your reply",
        }
    }
}

/// The reply form, as typed.
#[derive(Debug, Clone, Default)]
pub struct Reply {
    /// The words.
    pub text: String,
    /// Why they were refused; field `text`.
    pub faults: Faults,
}

/// What the form sends.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Typed {
    text: String,
}

/// `GET /s/{token}/tickets/{number}`.
///
/// # Errors
/// 404 for a number that is not theirs.
pub async fn show(
    visitor: Visitor,
    req: HttpRequest,
    app: Data<App>,
    path: Path<(String, String)>,
) -> Answer {
    let number = number(&path)?;
    let unlock = Unlock::default();
    page(
        &app,
        &req,
        &visitor,
        &number,
        StatusCode::OK,
        Reply::default(),
        unlock,
    )
    .await
}

/// `POST /s/{token}/tickets/{number}/messages`: the customer writes back.
///
/// # Errors
/// As [`show`].
pub async fn answer(
    visitor: Visitor,
    req: HttpRequest,
    app: Data<App>,
    path: Path<(String, String)>,
    form: Form<Typed>,
) -> Answer {
    let number = number(&path)?;
    if !unlock::is_open(&app, &req, &visitor) {
        return locked(&app, &req, form.typed.text);
    }
    let ticket = find(&app, &visitor, &number).await?;
    let said = intake::answer_back(&app, visitor.person.id, ticket.id, &form.text).await;
    said_or_shown(&app, &req, &visitor, &number, form, said).await
}

/// `POST /s/{token}/tickets/{number}/reopen`: "this did not help", with or without words.
///
/// # Errors
/// As [`show`].
pub async fn reopen(
    visitor: Visitor,
    req: HttpRequest,
    app: Data<App>,
    path: Path<(String, String)>,
    form: Form<Typed>,
) -> Answer {
    let number = number(&path)?;
    if !unlock::is_open(&app, &req, &visitor) {
        return locked(&app, &req, form.typed.text);
    }
    let ticket = find(&app, &visitor, &number).await?;
    let said = intake::did_not_help(&app, visitor.person.id, ticket.id, &form.text).await;
    said_or_shown(&app, &req, &visitor, &number, form, said).await
}

async fn said_or_shown(
    app: &App,
    req: &HttpRequest,
    visitor: &Visitor,
    number: &Number,
    mut form: Form<Typed>,
    said: Result<Answered, IntakeError>,
) -> Answer {
    match said {
        Ok(answered) => {
            let to = format!("/s/{}/tickets/{}", visitor.token, answered.ticket().number);
            Ok(HttpResponse::SeeOther()
                .insert_header((header::LOCATION, to))
                .finish())
        }
        Err(IntakeError::Words(why)) => {
            form.fault("text", sentence(why));
            let reply = Reply {
                text: form.typed.text,
                faults: form.faults,
            };
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            page(app, req, visitor, number, status, reply, Unlock::default()).await
        }
        Err(IntakeError::Missing) => Err(Problem::not_found()),
        Err(IntakeError::Db(error)) => Err(error.into()),
    }
}

/// The page, with what was typed and refused.
///
/// # Errors
/// As [`show`].
pub async fn page(
    app: &App,
    req: &HttpRequest,
    visitor: &Visitor,
    number: &Number,
    status: StatusCode,
    reply: Reply,
    unlock: Unlock,
) -> Answer {
    let ticket = find(app, visitor, number).await?;
    let is_open = unlock::is_open(app, req, visitor);
    let thread = match is_open {
        true => Some(thread(app, &ticket).await?),
        false => None,
    };
    let unlock = Unlock {
        back: format!("/tickets/{number}"),
        ..unlock
    };
    let unlock = match is_open {
        true => unlock,
        false => unlock.now(app, visitor).await?,
    };
    let now = app.now();
    let hears = ticket.hears(now, app.config.helpline.reopen_days);
    let due = ticket.due_at(app.config.helpline.answer_hours);
    let connected = ticket::store::connected(&mut *app.db.get().await?, &ticket).await?;
    let others = others(app, &ticket).await?;
    let by_mail = visitor.person.may_be_mailed();
    let view = MyTicket {
        visit: frame::visit(app, req),
        token: visitor.token.clone(),
        number: number.to_string(),
        name: name(&ticket),
        is_call: ticket.is_call(),
        status: ticket.status,
        label: ticket.label_customer(now, hears).to_owned(),
        next: next(&ticket, hears, now, (by_mail, is_open)),
        elsewhere: is_elsewhere(&ticket),
        others: others
            .iter()
            .map(|other| (other.number.to_string(), name(other)))
            .collect(),
        by: due.map(Moment::exact),
        late: due.is_some_and(|due| due < now),
        connected: connected
            .into_iter()
            .map(|(_, number)| number.to_string())
            .collect(),
        reply: thread.is_some().then_some(reply),
        thread,
        unlock,
        solved: ticket.status == TicketStatus::Solved && hears == Hearing::Reopen,
        follows_up: hears == Hearing::FollowUp,
    };
    Ok(page::show(status, &view)?)
}

async fn find(app: &App, visitor: &Visitor, number: &Number) -> Result<Ticket, Problem> {
    let mut conn = app.db.get().await?;
    Ok(ticket::store::find_theirs(&mut conn, &app.keys, visitor.person.id, number).await?)
}

/// The messages that the customer may read: their own and our answers.
async fn thread(app: &App, ticket: &Ticket) -> Result<Vec<Message>, Problem> {
    let mut conn = app.db.get().await?;
    let messages = ticket::store::thread(&mut conn, &app.keys, ticket, 0).await?;
    let ours = &app.config.organisation.name;
    let public = messages
        .into_iter()
        .filter(|message| message.kind.is_public());
    let shown = public.map(|message| {
        let who = match message.kind {
            MessageKind::Customer => "You",
            MessageKind::Agent | MessageKind::Note | MessageKind::Call => ours,
        };
        Message::of(
            &message,
            who.to_owned(),
            Moment::exact(message.at),
            String::new(),
        )
    });
    Ok(shown.collect())
}

fn number(path: &(String, String)) -> Result<Number, Problem> {
    path.1.parse().map_err(|_| Problem::not_found())
}

/// The name of a ticket for the customer. A caller who was not verified is not named as the customer.
pub(super) fn name(ticket: &Ticket) -> String {
    let (on, number) = (ticket.created_at.format("%-d %B %Y"), &ticket.number);
    match (ticket.is_call(), ticket.caller_verified) {
        (false, _) => format!("Question {number}"),
        (true, true) => format!("You called us on {on} ({number})"),
        (true, false) => format!("Somebody called us about you on {on} ({number})"),
    }
}

/// The other tickets of a person, if this one was closed as a duplicate: one of them has the answer.
async fn others(app: &App, ticket: &Ticket) -> Result<Vec<Ticket>, Problem> {
    let Some(person) = ticket.person.filter(|_| is_elsewhere(ticket)) else {
        return Ok(Vec::new());
    };
    let mut conn = app.db.get().await?;
    let mut others = ticket::store::shown_to(&mut conn, &app.keys, person).await?;
    others.retain(|other| other.id != ticket.id && !is_elsewhere(other));
    others.retain(|other| other.resolution != Some(TicketResolution::Spam));
    Ok(others)
}

/// Whether it was closed as a duplicate of another ticket.
fn is_elsewhere(ticket: &Ticket) -> bool {
    use TicketResolution::{Duplicate, Merged};
    matches!(ticket.resolution, Some(Duplicate | Merged))
}

/// What happens next. It names an e-mail only if the person may be mailed, and a form only if the page has one.
fn next(
    ticket: &Ticket,
    hears: Hearing,
    now: DateTime<Utc>,
    (by_mail, has_form): (bool, bool),
) -> String {
    let answer = match by_mail {
        true => "We answer by e-mail and here.",
        false => "We answer here: there is no e-mail address of yours that we may use.",
    };
    let first = match has_form {
        true => "",
        false => " To write, open your details below first.",
    };
    let next = match ticket.status {
        TicketStatus::New => return format!("An adviser reads your question next. {answer}"),
        TicketStatus::Open if ticket.is_in_line(now) => {
            return format!("It is in the queue. You kept your place. {answer}");
        }
        TicketStatus::Open => return format!("An adviser is working on it. {answer}"),
        TicketStatus::OnHold => {
            return "We are waiting for information from another office. We look at it again by the day below."
                .to_owned();
        }
        TicketStatus::Pending => "We asked you something. Answer here, and we go on.",
        TicketStatus::Solved if hears == Hearing::Reopen => {
            "We answered. Write again if something is open: this question reopens."
        }
        TicketStatus::Solved => {
            "We answered. If something is open, write here: that begins a new question, and we connect the two."
        }
        TicketStatus::Closed if is_elsewhere(ticket) => {
            "We closed this without an answer here: it is the same matter as another question. We answer that one."
        }
        TicketStatus::Closed => {
            "This is closed. What you write here begins a new question, and we connect the two."
        }
    };
    format!("{next}{first}")
}

/// The second step expired while the customer wrote: the page shows their text again.
fn locked(app: &App, req: &HttpRequest, typed: String) -> Answer {
    let page = ProblemPage {
        visit: frame::visit(app, req),
        title: "Please enter a one-time code first".to_owned(),
        text: "Your details are closed on this device. Nothing was sent yet.".to_owned(),
        advice: vec![
            "Copy your words below.".to_owned(),
            "Open your question again, ask for a code, and send them then.".to_owned(),
        ],
        reference: String::new(),
        typed,
        typed_hint: COPY,
        again: None,
    };
    Ok(page::show(StatusCode::FORBIDDEN, &page)?)
}
