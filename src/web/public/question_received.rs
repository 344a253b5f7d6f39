//! The page after a question: its number, and what happens next.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use askama::Template;
use chrono::TimeDelta;

use crate::app::App;
use crate::ticket;
use crate::web::caller::Visitor;
use crate::web::frame;
use crate::web::page::{self, Moment, PublicFrame};
use crate::web::problem::{Answer, Problem};

/// `/s/{token}/tickets/{number}/asked`
#[derive(Template)]
#[template(path = "public/question_received.html")]
pub struct QuestionReceived {
    /// The frame.
    pub visit: PublicFrame,
    /// The link's token.
    pub token: String,
    /// As the customer quotes it.
    pub number: String,
    /// How long others wait now, in rounded words; empty when unknown.
    pub wait: String,
    /// By when we answer, if promised and not past.
    pub by: Option<Moment>,
    /// Whether the answer goes to them by e-mail too.
    pub by_mail: bool,
}

/// `GET /s/{token}/tickets/{number}/asked`.
///
/// # Errors
/// 404 for a number that is not theirs.
pub async fn show(
    visitor: Visitor,
    req: HttpRequest,
    app: Data<App>,
    path: Path<(String, String)>,
) -> Answer {
    let (_, number) = path.into_inner();
    let number = number.parse().map_err(|_| Problem::not_found())?;
    let mut conn = app.db.get().await?;
    let person = visitor.person.id;
    let ticket = ticket::store::find_theirs(&mut conn, &app.keys, person, &number).await?;
    let waiting = ticket::store::waiting(&mut conn).await?;
    let now = app.now();
    // The new ticket waits as well: with less than a minute it is the only one.
    let wait = waiting
        .oldest
        .map(|since| now - since)
        .filter(|wait| *wait >= TimeDelta::minutes(1))
        .map(|wait| format!("up to {}", page::span(wait)));
    let view = QuestionReceived {
        visit: frame::visit(&app, &req),
        by: ticket
            .due_at(app.config.helpline.answer_hours)
            .filter(|due| *due > now)
            .map(Moment::exact),
        by_mail: visitor.person.may_be_mailed(),
        number: ticket.number.to_string(),
        wait: wait.unwrap_or_default(),
        token: visitor.token,
    };
    Ok(page::show(StatusCode::OK, &view)?)
}
