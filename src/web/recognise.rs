//! Recognises who is asking: the console knows people by session, the API by key, `/s/{token}` by
//! status link. None accepts what another does, so that a cookie alone never moves the API.

use std::rc::Rc;

use actix_web::HttpMessage;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{Method, StatusCode, header};
use actix_web::middleware::Next;
use actix_web::web::Data;

use crate::actor::Actor;
use crate::app::App;
use crate::incident;
use crate::link::StatusLink;
use crate::person::store;
use crate::staff::key::{self, ApiKey};
use crate::staff::session::{self, Token};
use crate::web::problem::{Kind, Problem};
use crate::web::who::{SESSION_COOKIE, Signed, Visitor, app, refuse};
use crate::web::{form, sign_in};

/// Middleware of `/s/{token}`: a forged link is refused by arithmetic, a revoked one by the person's
/// row, one of a forgotten incident by its missing key, all with the same 404.
pub async fn by_link(
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    match visitor(&req).await {
        Ok(visitor) => {
            req.extensions_mut().insert(visitor);
            Ok(next.call(req).await?.map_into_boxed_body())
        }
        Err(problem) => Ok(refuse(req, problem)),
    }
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
    Ok(Visitor {
        person: Rc::new(person),
        token,
    })
}

/// Middleware of the console: recognises a session. A stranger's form is not thrown away: its words
/// come back on the page that asks to sign in.
pub async fn by_session(
    mut req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let token = req
        .cookie(SESSION_COOKIE)
        .and_then(|cookie| Token::parse(cookie.value()));
    let staff = match token {
        Some(token) => match app(&req) {
            Ok(app) => session::find(&app, token).await.map_err(Problem::from),
            Err(problem) => Err(problem),
        },
        None => Ok(None),
    };
    match staff {
        Ok(Some(staff)) => {
            req.extensions_mut().insert(Signed::new(staff, token));
        }
        Ok(None) if req.method() == Method::POST && req.path() != sign_in::PATH => {
            let typed = form::words_of(&mut req).await;
            return Ok(refuse(req, Problem::new(Kind::NotSignedIn).typed(typed)));
        }
        Ok(None) => {}
        Err(problem) => return Ok(refuse(req, problem)),
    }
    let answer = next.call(req).await?.map_into_boxed_body();
    note_refusal(&answer);
    Ok(answer)
}

/// Counts for the audit log what a member of staff may not do and tried.
fn note_refusal(answer: &ServiceResponse<BoxBody>) {
    let req = answer.request();
    let signed = req.extensions().get::<Signed>().cloned();
    if answer.status() == StatusCode::FORBIDDEN
        && let (Some(signed), Some(app)) = (signed, req.app_data::<Data<App>>())
    {
        // The pattern of the route, never the address, which may name a person.
        let route = req.match_pattern().unwrap_or_default();
        let what = format!("{} {route}", req.method());
        signed.saw(app, "act.refused", what, 0);
    }
}

/// Middleware of the API: recognises a key.
pub async fn by_key(
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let key = req
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "))
        .and_then(|text| ApiKey::parse(text.trim()));
    let staff = match (key, app(&req)) {
        (Some(key), Ok(app)) => key::find(&app, key).await.map_err(Problem::from),
        (None, Ok(_)) => Ok(None),
        (_, Err(problem)) => Err(problem),
    };
    match staff {
        Ok(Some(staff)) => {
            req.extensions_mut().insert(Signed::new(staff, None));
            let answer = next.call(req).await?.map_into_boxed_body();
            note_refusal(&answer);
            Ok(answer)
        }
        Ok(None) => {
            if let (Some(_), Ok(app)) = (key, app(&req)) {
                let actor = Actor::System("sign-in");
                app.noticed
                    .note(app.now(), actor, "key.refused", "unknown key", 0);
            }
            Ok(refuse(req, Problem::new(Kind::NotSignedIn)))
        }
        Err(problem) => Ok(refuse(req, problem)),
    }
}
