//! What every request has to satisfy before a handler sees it: an address and cookies without control characters, a
//! body that is not compressed, and that goes on arriving.

use std::time::Duration;

use actix_web::HttpMessage;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{Method, header};
use actix_web::middleware::Next;
use actix_web::web::Data;

use crate::db::request::Request;
use crate::staff::networks::network;
use crate::web::body::{self, Bodies};
use crate::web::problem::{Kind, Problem};
use crate::web::rerun;
use crate::web::text::{self, Lines};
use crate::web::who::{self, refuse};

/// How the names of our cookies begin, after `__Host-`.
const OURS: &str = "candor";

/// Middleware, the innermost: refuses what no handler may see.
pub async fn enter(
    mut req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    if let Err(problem) = check(&req) {
        body::leave(&mut req);
        return Ok(refuse(req, problem));
    }
    if let Err(problem) = watch(&mut req) {
        return Ok(refuse(req, problem));
    }
    // Of requests of the API `idempotency` knows more.
    let reads = matches!(*req.method(), Method::GET | Method::HEAD);
    let watches = !reads && !req.path().starts_with("/api/");
    let run = async |req| match watches {
        true => Request::watched().run(next.call(req)).await,
        false => next.call(req).await,
    };
    Ok(rerun::twice(req, run).await?.map_into_boxed_body())
}

fn check(req: &ServiceRequest) -> Result<(), Problem> {
    text::check_address(req.path(), req.query_string())?;
    let cookies = req.cookies();
    for cookie in cookies.iter().flat_map(|cookies| cookies.iter()) {
        let name = cookie.name().trim_start_matches("__Host-");
        let found = text::control(cookie.value(), Lines::One);
        if let (true, Some(character)) = (name.starts_with(OURS), found) {
            return Err(text::refused("a cookie", character));
        }
    }
    // Inflating a stranger's octets costs a thousand times what sending them does (RFC 9110 §15.5.16).
    let encodings = req.headers().get_all(header::CONTENT_ENCODING);
    for encoding in encodings {
        if !encoding.as_bytes().eq_ignore_ascii_case(b"identity") {
            return Err(Problem::new(Kind::WrongType).because(
                "the body is compressed (Content-Encoding). Send it as it is, without that header",
            ));
        }
    }
    Ok(())
}

fn watch(req: &mut ServiceRequest) -> Result<(), Problem> {
    let app = who::app(req)?;
    let bodies = req.app_data::<Data<Bodies>>().cloned();
    let bodies = bodies.ok_or_else(|| Problem::broken("the server was built without Bodies"))?;
    // The API refuses who has no key before it reads a body.
    let by_key = req.path().starts_with("/api/");
    let from = (!by_key).then(|| network(who::came_from(req.request())));
    let idle = Duration::from_secs(app.config.http.body_idle_seconds.into());
    let is_short = req.method() != Method::PATCH
        && !matches!(req.content_type(), "text/csv" | "multipart/form-data");
    body::watch(req, &bodies, (from, idle), is_short)
}
