//! Checks of every request before a handler sees it: no control characters in the address and in our cookies, and a body
//! that is not compressed and keeps arriving.

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
use crate::web::caller::{self, refuse};
use crate::web::control_characters::{self, Lines};
use crate::web::middleware::retry;
use crate::web::problem::{Kind, Problem};

/// The first letters of the names of our cookies, after `__Host-`.
const OURS: &str = "candor";

/// Middleware, the innermost: refuses bad requests, and runs a request once more after a collision of its transaction.
pub(crate) async fn check_and_run(
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
    // The middleware `idempotency` does this for the API.
    let reads = matches!(*req.method(), Method::GET | Method::HEAD);
    let watches = !reads && !req.path().starts_with("/api/");
    let run = async |req| match watches {
        true => Request::watched().run(next.call(req)).await,
        false => next.call(req).await,
    };
    Ok(retry::run_twice(req, run).await?.map_into_boxed_body())
}

fn check(req: &ServiceRequest) -> Result<(), Problem> {
    control_characters::check_address(req.path(), req.query_string())?;
    let cookies = req.cookies();
    for cookie in cookies.iter().flat_map(|cookies| cookies.iter()) {
        let name = cookie.name().trim_start_matches("__Host-");
        let found = control_characters::control(cookie.value(), Lines::One);
        if let (true, Some(character)) = (name.starts_with(OURS), found) {
            return Err(control_characters::refused("a cookie", character));
        }
    }
    // To decompress a body may cost a thousand times what it costs to send it (RFC 9110 §15.5.16).
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
    let app = caller::app(req)?;
    let bodies = req.app_data::<Data<Bodies>>().cloned();
    let bodies = bodies.ok_or_else(|| Problem::broken("the server was built without Bodies"))?;
    // The API refuses requests without a key before it reads their body.
    let by_key = req.path().starts_with("/api/");
    let from = (!by_key).then(|| network(caller::came_from(req.request())));
    let idle = Duration::from_secs(app.config.http.body_idle_seconds.into());
    let is_short = req.method() != Method::PATCH
        && !matches!(req.content_type(), "text/csv" | "multipart/form-data");
    body::watch(req, &bodies, (from, idle), is_short)
}
