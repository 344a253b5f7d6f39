//! The log line and the metrics of every request.

use std::time::Instant;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::HeaderValue;
use actix_web::middleware::Next;
use tracing::Instrument;

use crate::web::caller;
use crate::web::request_id::{self, RequestId};

/// Middleware: gives the request its id, counts it, and writes one log line. The line has the pattern of the route, not
/// the path, which may be a status link, nor the query.
pub(crate) async fn log_request(
    req: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let begun = Instant::now();
    let app = caller::app(&req)?;
    let id = RequestId::begin(&req);
    let span = id.span();
    let mut answer = next.call(req).instrument(span.clone()).await?;
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        answer.headers_mut().insert(request_id::HEADER, value);
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
