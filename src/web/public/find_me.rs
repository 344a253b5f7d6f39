//! "Am I affected?" without a link. Everyone gets the same answer, so that nobody can ask about
//! somebody else.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use askama::Template;
use serde::Deserialize;

use crate::address::EmailAddress;
use crate::app::App;
use crate::web::form::Form;
use crate::web::frame;
use crate::web::page::{self, Faults, Visit};
use crate::web::problem::Answer;

/// `/find-me`
#[derive(Template)]
#[template(path = "public/find_me.html")]
pub struct FindMe {
    /// The frame.
    pub visit: Visit,
    /// As typed.
    pub email: String,
    /// Something that is not an address; field `email`.
    pub faults: Faults,
    /// Whether the one answer is shown.
    pub answered: bool,
}

/// What the form sends.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Typed {
    email: String,
}

/// `GET /find-me`.
///
/// # Errors
/// A fault of the page itself.
pub async fn show(req: HttpRequest, app: Data<App>) -> Answer {
    let view = FindMe {
        visit: frame::visit(&app, &req),
        email: String::new(),
        faults: Faults::default(),
        answered: false,
    };
    Ok(page::show(StatusCode::OK, &view)?)
}

/// `POST /find-me`: looks nothing up and keeps nothing, so that neither the answer nor the time it
/// takes tells who is affected.
///
/// # Errors
/// A fault of the page itself.
pub async fn answer(req: HttpRequest, app: Data<App>, mut form: Form<Typed>) -> Answer {
    let typed = form.email.trim().to_owned();
    if EmailAddress::parse(&typed).is_err() {
        form.fault(
            "email",
            "This is not an e-mail address: it needs a name, an @ and a domain.",
        );
    }
    let (status, answered) = match form.faults.any() {
        true => (StatusCode::UNPROCESSABLE_ENTITY, false),
        false => (StatusCode::OK, true),
    };
    let view = FindMe {
        visit: frame::visit(&app, &req),
        email: if answered {
            String::new()
        } else {
            form.typed.email
        },
        faults: form.faults,
        answered,
    };
    Ok(page::show(status, &view)?)
}
