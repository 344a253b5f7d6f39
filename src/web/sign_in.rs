//! The door of the console: signing in and out.

use actix_web::cookie::time::Duration;
use actix_web::http::{StatusCode, header};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use crate::app::App;
use crate::staff::sign_in::{Attempts, SignInError, sign_in, sign_out};
use crate::web::console::staff::sign_in::SignIn;
use crate::web::form::{self, Form, Pressed, Query};
use crate::web::page::{self, Fault, Faults, Flash, Tone};
use crate::web::problem::Answer;
use crate::web::who::{Signed, came_from, cookie, no_session_cookie, session_cookie};

/// Where to sign in.
pub const PATH: &str = "/console/sign-in";
/// The name of the cookie by which a browser is known in which somebody signed in before.
const DEVICE_COOKIE: &str = "candor_device";
/// So long it is known after the last time.
const DEVICE_DAYS: i64 = 180;

/// What the form sends.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Typed {
    email: String,
    password: String,
    next: String,
}

/// What a link to the form may say.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Asked {
    next: String,
    signed_out: Option<String>,
}

/// `GET /console/sign-in`.
///
/// # Errors
/// A fault of the page itself.
pub async fn show(req: HttpRequest, app: Data<App>, asked: Query<Asked>) -> Answer {
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
pub async fn enter(
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
    let (status, wait) = match &outcome {
        Ok(signed_in) => {
            return Ok(HttpResponse::SeeOther()
                .insert_header((header::LOCATION, ours(&typed.next)))
                .cookie(session_cookie(&app, signed_in.token))
                .cookie(
                    cookie(&app, DEVICE_COOKIE, signed_in.device.clone(), PATH)
                        .max_age(Duration::days(DEVICE_DAYS))
                        .finish(),
                )
                .finish());
        }
        Err(SignInError::Db(_)) => (StatusCode::SERVICE_UNAVAILABLE, None),
        Err(SignInError::Refused) => (StatusCode::UNPROCESSABLE_ENTITY, None),
        Err(SignInError::TooMany(seconds)) => (StatusCode::TOO_MANY_REQUESTS, Some(*seconds)),
    };
    let text = match outcome {
        Err(SignInError::Db(error)) => return Err(error.into()),
        Err(refusal) => sentence(&refusal.to_string()),
        Ok(_) => String::new(),
    };
    let view = SignIn {
        organisation: app.config.organisation.name.clone(),
        csrf: form::token(&app, &req),
        email: typed.email,
        next: ours(&typed.next).to_owned(),
        faults: Faults(vec![Fault {
            field: "email".to_owned(),
            text,
        }]),
        flash: None,
    };
    let mut answer = page::show(status, &view)?;
    if let Some(seconds) = wait {
        answer
            .headers_mut()
            .insert(header::RETRY_AFTER, seconds.into());
    }
    Ok(answer)
}

/// `POST /console/sign-out`.
///
/// # Errors
/// The database's.
pub async fn leave(who: Signed, app: Data<App>, _: Pressed) -> Answer {
    if let Some(token) = who.session() {
        sign_out(&app, token).await?;
    }
    Ok(HttpResponse::SeeOther()
        .insert_header((header::LOCATION, format!("{PATH}?signed_out=1")))
        .cookie(no_session_cookie(&app))
        .finish())
}

/// Sends a stranger to the form, and back afterwards.
pub fn redirect(req: &HttpRequest) -> HttpResponse {
    let next = req.uri().path_and_query().map_or("", |path| path.as_str());
    let query = serde_urlencoded::to_string([("next", next)]).unwrap_or_default();
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, format!("{PATH}?{query}")))
        .finish()
}

/// A path of the console and nothing else: a link to the form must not lead elsewhere.
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

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters
        .next()
        .map(|c| c.to_uppercase().to_string())
        .unwrap_or_default();
    format!("{first}{}.", letters.as_str())
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
