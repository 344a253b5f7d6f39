//! Signing in to the console, and out.

use actix_web::cookie::time::Duration;
use actix_web::http::{StatusCode, header};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use crate::app::App;
use crate::staff::sign_in::{Attempts, SignInError, sign_in, sign_out};
use crate::web::caller::{Signed, came_from, cookie, no_session_cookie, session_cookie};
use crate::web::console::staff::sign_in::SignIn;
use crate::web::conversation::sentence;
use crate::web::form::{self, Form, Pressed, Query};
use crate::web::page::{self, Fault, Faults, Flash, Tone};
use crate::web::problem::Answer;

/// Where to sign in.
pub(crate) const PATH: &str = "/console/sign-in";
/// The cookie that marks a browser in which an account has signed in before.
const DEVICE_COOKIE: &str = "candor_device";
/// How many days the mark lasts after the last sign-in.
const DEVICE_DAYS: i64 = 180;

/// What the form sends.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Typed {
    email: String,
    password: String,
    next: String,
}

/// The query of the page.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Asked {
    next: String,
    signed_out: Option<String>,
}

/// `GET /console/sign-in`.
///
/// # Errors
/// A fault of the page itself.
pub(crate) async fn show(req: HttpRequest, app: Data<App>, asked: Query<Asked>) -> Answer {
    let asked = asked.into_inner();
    let flash = asked.signed_out.map(|_| Flash {
        tone: Tone::Done,
        text: "You are signed out.".to_owned(),
    });
    let view = SignIn {
        organisation: app.config.organisation.name.clone(),
        csrf: form::token(&app, &req),
        email: String::new(),
        next: ours(&asked.next).to_owned(),
        faults: Faults::default(),
        flash,
    };
    Ok(page::show(StatusCode::OK, &view)?)
}

/// `POST /console/sign-in`.
///
/// # Errors
/// A form that is not ours, or the database's.
pub(crate) async fn enter(
    req: HttpRequest,
    app: Data<App>,
    attempts: Data<Attempts>,
    form: Form<Typed>,
) -> Answer {
    let typed = form.typed;
    let outcome = sign_in(
        &app,
        &attempts,
        came_from(&req),
        req.cookie(DEVICE_COOKIE)
            .as_ref()
            .map(|cookie| cookie.value()),
        (&typed.email, &typed.password),
    )
    .await;
    match outcome {
        Ok(signed_in) => Ok(HttpResponse::SeeOther()
            .insert_header((header::LOCATION, ours(&typed.next)))
            .cookie(session_cookie(&app, signed_in.token))
            .cookie(
                cookie(&app, DEVICE_COOKIE, signed_in.device, PATH)
                    .max_age(Duration::days(DEVICE_DAYS))
                    .finish(),
            )
            .finish()),
        Err(SignInError::Db(error)) => Err(error.into()),
        Err(refusal) => refused(&app, &req, typed, &refusal),
    }
}

/// The form again, with the reason of the refusal.
fn refused(app: &App, req: &HttpRequest, typed: Typed, why: &SignInError) -> Answer {
    let view = SignIn {
        organisation: app.config.organisation.name.clone(),
        csrf: form::token(app, req),
        email: typed.email,
        next: ours(&typed.next).to_owned(),
        faults: Faults(vec![Fault {
            field: "email".to_owned(),
            text: sentence(why),
        }]),
        flash: None,
    };
    let SignInError::TooMany(seconds) = why else {
        return Ok(page::show(StatusCode::UNPROCESSABLE_ENTITY, &view)?);
    };
    let mut answer = page::show(StatusCode::TOO_MANY_REQUESTS, &view)?;
    let headers = answer.headers_mut();
    headers.insert(header::RETRY_AFTER, (*seconds).into());
    Ok(answer)
}

/// `POST /console/sign-out`.
pub(crate) async fn leave(who: Signed, app: Data<App>, _: Pressed) -> Answer {
    if let Some(token) = who.session() {
        sign_out(&app, token).await?;
    }
    Ok(HttpResponse::SeeOther()
        .insert_header((header::LOCATION, format!("{PATH}?signed_out=1")))
        .cookie(no_session_cookie(&app))
        .finish())
}

/// Redirects to the form; it leads back to this page afterwards.
pub(crate) fn redirect(req: &HttpRequest) -> HttpResponse {
    let next = req.uri().path_and_query().map_or("", |path| path.as_str());
    let query = serde_urlencoded::to_string([("next", next)]).unwrap_or_default();
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, format!("{PATH}?{query}")))
        .finish()
}

/// `next` if it is a path of the console, else the dashboard, so that the form redirects to no other site.
fn ours(next: &str) -> &str {
    let inside =
        next == "/console" || next.starts_with("/console/") || next.starts_with("/console?");
    let plain = next.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    if inside && plain && !next.starts_with(PATH) {
        next
    } else {
        "/console"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signing_in_leads_nowhere_but_into_the_console() {
        for next in ["/console", "/console/tickets/tkt_1?as=note", "/console?x=1"] {
            assert_eq!(ours(next), next);
        }
        for next in [
            "",
            "//evil.example",
            "/consolefoo",
            "https://evil.example",
            "/console/\r\nx",
            "/s/x",
        ] {
            assert_eq!(ours(next), "/console", "{next}");
        }
    }
}
