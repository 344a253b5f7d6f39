//! The actions of the second step: send the code, check it, close the details again.

use actix_web::http::{StatusCode, header};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use super::my_status::{self, Ask};
use super::unlock::{self, Unlock};
use super::{my_ticket, my_ticket::Reply};
use crate::app::App;
use crate::db;
use crate::postal;
use crate::ticket::code;
use crate::ticket::number::Number;
use crate::web::caller::Visitor;
use crate::web::form::{Form, Nothing};
use crate::web::page::{Fault, Faults};
use crate::web::problem::Answer;

/// What the forms send.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Typed {
    back: String,
    code: String,
    letter: String,
}

/// `POST /s/{token}/code`: sends a new code, if there is an address that may be used. The page shows the result.
pub(crate) async fn send(visitor: Visitor, app: Data<App>, form: Form<Typed>) -> Answer {
    code::send(&app, visitor.person.incident, visitor.person.id).await?;
    let back = Back::read(&form.back).path(&visitor);
    Ok(go(format!("{back}?code#unlock")).finish())
}

/// `POST /s/{token}/open`: the right code, of an e-mail or printed in a letter, opens the details for a while, on this
/// device.
pub(crate) async fn open(
    visitor: Visitor,
    req: HttpRequest,
    app: Data<App>,
    form: Form<Typed>,
) -> Answer {
    let back = Back::read(&form.back);
    if fits(&app, &visitor, &form.typed).await? {
        let cookie = unlock::cookie(&app, &visitor);
        return Ok(go(back.path(&visitor)).cookie(cookie).finish());
    }
    let unlock = Unlock {
        faults: Faults(vec![wrong_code(form.letter.is_empty())]),
        back: form.typed.back,
        code: form.typed.code,
        letter: form.typed.letter,
        ..Unlock::default()
    };
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    match back {
        Back::Status => my_status::page(&app, &req, &visitor, status, Ask::default(), unlock).await,
        Back::Ticket(number) => {
            let reply = Reply::default();
            my_ticket::page(&app, &req, &visitor, &number, status, reply, unlock).await
        }
    }
}

/// The error of a wrong code, by e-mail or from a postal letter.
fn wrong_code(by_email: bool) -> Fault {
    let (field, text) = match by_email {
        true => (
            "code",
            "This is not the code of our last e-mail, or it is too old or used up. Type it again, or let us \
             send a new one.",
        ),
        false => (
            "letter",
            "This is not the code of our last letter to you, or it was typed too often today. Compare it letter \
             by letter with the paper.",
        ),
    };
    Fault {
        field: field.to_owned(),
        text: text.to_owned(),
    }
}

/// Whether the typed code is right: the code of our last e-mail to the present address, or the
/// one printed in a letter.
async fn fits(app: &App, visitor: &Visitor, typed: &Typed) -> db::Result<bool> {
    let person = &visitor.person;
    match typed.letter.is_empty() {
        true => code::check(app, person.incident, person.id, &typed.code).await,
        false => postal::code::check(app, person.id, &typed.letter).await,
    }
}

/// `POST /s/{token}/leave`: closes the details on this device.
///
/// # Errors
/// A form that is not ours.
pub(crate) async fn leave(visitor: Visitor, _form: Form<Nothing>) -> Answer {
    let cookie = unlock::no_cookie(&visitor);
    Ok(go(Back::Status.path(&visitor)).cookie(cookie).finish())
}

/// The page from which the step was made. It comes from a form, so only these two are possible.
enum Back {
    Status,
    Ticket(Number),
}

impl Back {
    fn read(back: &str) -> Self {
        let number = back
            .strip_prefix("/tickets/")
            .and_then(|number| number.parse().ok());
        number.map_or(Self::Status, Self::Ticket)
    }

    fn path(&self, visitor: &Visitor) -> String {
        match self {
            Self::Status => format!("/s/{}", visitor.token),
            Self::Ticket(number) => format!("/s/{}/tickets/{number}", visitor.token),
        }
    }
}

fn go(to: String) -> actix_web::HttpResponseBuilder {
    let mut answer = HttpResponse::SeeOther();
    answer.insert_header((header::LOCATION, to));
    answer
}
