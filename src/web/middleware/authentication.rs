//! Authentication of requests: by session in the console, by API key in the API, by status link under `/s/{token}`. No
//! part accepts the credentials of another one, so that a cookie alone never opens the API.

use std::rc::Rc;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{Method, StatusCode, header};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{HttpMessage, HttpResponse};

use crate::actor::{Actor, System};
use crate::app::App;
use crate::audit::Action;
use crate::incident;
use crate::link::StatusLink;
use crate::person::store;
use crate::postal;
use crate::staff::key::{self, ApiKey};
use crate::staff::session;
use crate::web::caller::{Signed, Visitor, app, refuse, session_token};
use crate::web::problem::{Kind, Problem};
use crate::web::{control_characters, form, request_id, sign_in};

/// Middleware of `/s/{token}`. It refuses a forged link by its MAC, a revoked one by the person's epoch, and one of a
/// forgotten incident by the missing key: all with the same 404.
pub(crate) async fn by_link(
    mut req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    if let Some(answer) = without_punctuation(&req) {
        return Ok(req.into_response(answer));
    }
    match visitor(&req).await {
        Ok(visitor) => {
            request_id::acts(visitor.actor(), None);
            req.extensions_mut().insert(visitor);
            Ok(next.call(req).await?.map_into_boxed_body())
        }
        Err(problem) => {
            keep_form(&mut req, &problem).await;
            Ok(refuse(req, problem))
        }
    }
}

/// Keeps the form for the page that says that the database is away.
async fn keep_form(req: &mut ServiceRequest, problem: &Problem) {
    if req.method() == Method::POST && problem.kind() == Kind::Away {
        form::keep(req).await;
    }
}

/// Redirects from a status link with punctuation at its end to the link itself. Mail software adds a full stop, a bracket,
/// a quotation mark, or the `=` of a broken line.
fn without_punctuation(req: &ServiceRequest) -> Option<HttpResponse> {
    let token = req.match_info().get("token")?;
    let token = String::from_utf8(control_characters::decoded(token.as_bytes())).ok()?;
    let (link, tail) = token.split_at_checked(StatusLink::LENGTH)?;
    let is_link = link
        .bytes()
        .all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_'));
    let reads = matches!(*req.method(), Method::GET | Method::HEAD);
    let is_tail = reads && is_link && !tail.is_empty() && !tail.contains(char::is_alphanumeric);
    // The rest of the path after the token is kept; the punctuation, escaped or not, is dropped.
    let behind = req.path().splitn(4, '/').nth(3);
    let behind = behind.map_or(String::new(), |behind| format!("/{behind}"));
    let plain = behind.bytes().all(|octet| octet.is_ascii_graphic());
    (is_tail && plain).then(|| {
        HttpResponse::SeeOther()
            .insert_header((header::LOCATION, format!("/s/{link}{behind}")))
            .finish()
    })
}

async fn visitor(req: &ServiceRequest) -> Result<Visitor, Problem> {
    let app = app(req)?;
    let token = req.match_info().get("token").unwrap_or_default().to_owned();
    let link = StatusLink::check(&token, &app.keys).ok_or_else(Problem::not_found)?;
    let mut conn = app.db.get().await?;
    let person = store::find_row(&mut conn, link.person).await?;
    let key = incident::store::wrapped_key(&mut conn, person.incident).await?;
    if person.link_epoch != link.epoch || key.is_none() {
        return Err(Problem::not_found());
    }
    let letters_back = postal::store::count_returned(&mut conn, person.id).await?;
    Ok(Visitor {
        person: Rc::new(person),
        token,
        letters_back,
    })
}

/// Middleware of the console: authenticates by session. The form of a visitor who is not signed in is not lost: the page
/// that asks to sign in shows its text.
pub(crate) async fn by_session(
    mut req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let app = match app(&req) {
        Ok(app) => app,
        Err(problem) => return Ok(refuse(req, problem)),
    };
    let token = session_token(&app, req.request());
    let staff = match token {
        Some(token) => session::find(&app, token).await.map_err(Problem::from),
        None => Ok(None),
    };
    match staff {
        Ok(Some(staff)) => {
            let signed = Signed::new(staff, token);
            request_id::acts(signed.actor(), None);
            req.extensions_mut().insert(signed);
        }
        Ok(None) if req.method() == Method::POST && req.path() != sign_in::PATH => {
            let typed = form::keep(&mut req).await;
            return Ok(refuse(req, Problem::new(Kind::NotSignedIn).typed(typed)));
        }
        Ok(None) => {}
        Err(problem) => {
            keep_form(&mut req, &problem).await;
            return Ok(refuse(req, problem));
        }
    }
    let answer = next.call(req).await?.map_into_boxed_body();
    note_refusal(&answer);
    Ok(answer)
}

/// Counts for the audit log that a member of staff tried something that their roles do not allow.
fn note_refusal(answer: &ServiceResponse<BoxBody>) {
    let req = answer.request();
    let signed = req.extensions().get::<Signed>().cloned();
    if answer.status() == StatusCode::FORBIDDEN
        && let (Some(signed), Some(app)) = (signed, req.app_data::<Data<App>>())
    {
        // The pattern of the route, not the path, which may name a person.
        let route = req.match_pattern().unwrap_or_default();
        let what = format!("{} {route}", req.method());
        signed.saw(app, Action::ActRefused, what, 0);
    }
}

/// Middleware of the API: authenticates by key.
pub(crate) async fn by_key(
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let key = req
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| bearer(value.to_str().ok()?))
        .and_then(ApiKey::parse);
    let staff = match (key, app(&req)) {
        (Some(key), Ok(app)) => key::find(&app, key).await.map_err(Problem::from),
        (None, Ok(_)) => Ok(None),
        (_, Err(problem)) => Err(problem),
    };
    match staff {
        Ok(Some((key, staff))) => {
            let signed = Signed::new(staff, None);
            request_id::acts(signed.actor(), Some(key));
            req.extensions_mut().insert(signed);
            let answer = next.call(req).await?.map_into_boxed_body();
            note_refusal(&answer);
            Ok(answer)
        }
        Ok(None) => {
            if let (Some(_), Ok(app)) = (key, app(&req)) {
                let actor = Actor::System(System::SignIn);
                app.noticed
                    .note(app.now(), actor, Action::KeyRefused, "unknown key", 0);
            }
            Ok(refuse(req, Problem::new(Kind::NotSignedIn)))
        }
        Err(problem) => Ok(refuse(req, problem)),
    }
}

/// The credentials of the scheme Bearer, case-insensitive (RFC 9110 §11.1).
fn bearer(value: &str) -> Option<&str> {
    let (scheme, key) = value.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}
