//! What every answer carries (headers, a line in the log, a count), and the embedded files.

use std::time::Instant;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, Responder};
use tracing::Instrument;

use crate::app::App;
use crate::web::problem::{Answer, Problem};
use crate::web::request::{self, RequestId};
use crate::web::{page, who};

/// The policy of every page: our own files and nothing else.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
     connect-src 'self'; form-action 'self'; frame-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The policy of a document that shows somebody's HTML in a frame of ours: no script, no network, an
/// origin of its own. A handler sets it and the middleware leaves it.
pub const PREVIEW_POLICY: &str = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; \
     frame-ancestors 'self'";

const FIXED: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::CROSS_ORIGIN_OPENER_POLICY, "same-origin"),
    (header::CROSS_ORIGIN_RESOURCE_POLICY, "same-origin"),
    (header::CACHE_CONTROL, "no-store"),
];

/// Middleware: headers that a handler did not set itself. Answers are not stored unless it says so.
pub async fn headers(
    req: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let private = ["/s/", "/console", "/api"]
        .iter()
        .any(|p| req.path().starts_with(p));
    let tls = who::app(&req)?.config.http.public_url.is_https();
    let mut answer = next.call(req).await?;
    let mut set = |name: HeaderName, value| {
        if !answer.headers().contains_key(&name) {
            answer
                .headers_mut()
                .insert(name, HeaderValue::from_static(value));
        }
    };
    for (name, value) in FIXED {
        set(name, value);
    }
    if private {
        set(HeaderName::from_static("x-robots-tag"), "noindex, nofollow");
    }
    if tls {
        set(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    Ok(answer)
}

/// Middleware: gives the request its id, and writes one line with the pattern of its route; never its path, which may be
/// a status link, nor its query.
pub async fn log(
    req: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let begun = Instant::now();
    let app = who::app(&req)?;
    let id = RequestId::begin(&req);
    let span = id.span();
    let mut answer = next.call(req).instrument(span.clone()).await?;
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        answer.headers_mut().insert(request::HEADER, value);
    }
    let status = answer.status().as_u16();
    let class = ["1xx", "2xx", "3xx", "4xx", "5xx"];
    let class = class
        .get(usize::from(status / 100).wrapping_sub(1))
        .unwrap_or(&"other");
    app.metrics.requests.with_label_values(&[class]).inc();
    let route = answer.request().match_pattern();
    let route = route.as_deref().unwrap_or("none");
    let took = begun.elapsed();
    let durations = &app.metrics.request_seconds;
    durations
        .with_label_values(&[route, class])
        .observe(took.as_secs_f64());
    span.in_scope(|| {
        tracing::info!(
            method = answer.request().method().as_str(),
            route,
            status,
            ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            "request"
        );
    });
    Ok(answer)
}

/// `GET /assets/{file}`: its name changes with its content, so it may be kept for good.
///
/// # Errors
/// 404 for any other name.
pub async fn asset(file: Path<String>) -> Answer {
    let (kind, text) = page::asset(&format!("/assets/{file}")).ok_or_else(Problem::not_found)?;
    Ok(HttpResponse::Ok()
        .content_type(kind)
        .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .body(text))
}

/// `GET /robots.txt`.
pub async fn robots() -> impl Responder {
    "User-agent: *\nDisallow: /s/\nDisallow: /console\nDisallow: /api\n"
}

/// `GET /source`: where the source of the program is that serves these pages (AGPL-3.0, section 13).
///
/// # Errors
/// The server was built without its App.
pub async fn source(req: HttpRequest) -> Answer {
    let app = req.app_data::<Data<App>>();
    let app = app.ok_or_else(|| Problem::broken("the server was built without its App"))?;
    let url = &app.config.http.source_url;
    if !url.is_empty() {
        return Ok(HttpResponse::SeeOther()
            .insert_header((header::LOCATION, url.as_str()))
            .finish());
    }
    let (version, whom) = (
        env!("CARGO_PKG_VERSION"),
        &app.config.organisation.from_address,
    );
    Ok(HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .body(format!(
            "These pages are served by Candor {version}, which is free software under the GNU Affero General Public \
             License, version 3 or later. You may have its source: write to {whom}.\n"
        )))
}
