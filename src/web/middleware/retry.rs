//! One retry of a request after its transaction was rolled back because of another one (deadlock or serialisation failure,
//! SQLSTATE 40P01 and 40001), before the caller gets an answer.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::HttpMessage;
use actix_web::body::MessageBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::Method;
use actix_web::web::Bytes;
use futures_util::{Stream, stream};

use crate::web::problem::Problem;

/// The longest body, in octets, that is kept for a second run.
const LONGEST: usize = 1 << 20;

/// Runs a request. A POST with a short body that collided and changed nothing is run once more.
///
/// # Errors
/// Those of the last run.
pub(crate) async fn run_twice<B: MessageBody>(
    mut req: ServiceRequest,
    run: impl AsyncFn(ServiceRequest) -> Result<ServiceResponse<B>, actix_web::Error>,
) -> Result<ServiceResponse<B>, actix_web::Error> {
    if req.method() != Method::POST {
        return run(req).await;
    }
    let kept = Kept::default();
    match req.take_payload() {
        Payload::None => kept.0.borrow_mut().is_whole = true,
        payload => req.set_payload(kept.pass(payload)),
    }
    let route = req.match_info().clone();
    let answer = run(req).await?;
    let Some(body) = kept.body().filter(|_| may_run_again(&answer)) else {
        return Ok(answer);
    };
    let (req, _) = answer.into_parts();
    tracing::info!(
        "the transaction of a request collided with another one: running the request again"
    );
    let mut req = ServiceRequest::from_parts(req, body);
    // The router had consumed a part of the path.
    *req.match_info_mut() = route;
    run(req).await
}

fn may_run_again<B>(answer: &ServiceResponse<B>) -> bool {
    let problem = answer.response().error();
    let problem = problem.and_then(|error| error.as_error::<Problem>());
    problem.is_some_and(Problem::may_run_again)
}

/// The part of a body that has been read so far.
#[derive(Clone, Default)]
struct Kept(Rc<RefCell<Passed>>);

#[derive(Default)]
struct Passed {
    chunks: Vec<Bytes>,
    octets: usize,
    is_whole: bool,
}

impl Kept {
    fn pass(&self, payload: Payload) -> Payload {
        let passing = Passing {
            payload,
            kept: self.clone(),
        };
        Payload::Stream {
            payload: Box::pin(passing),
        }
    }

    /// The body for a second run; `None` if it was not read to its end, or is too long.
    fn body(&self) -> Option<Payload> {
        let mut passed = self.0.borrow_mut();
        if !passed.is_whole || passed.octets > LONGEST {
            return None;
        }
        let chunks = std::mem::take(&mut passed.chunks);
        Some(Payload::Stream {
            payload: Box::pin(stream::iter(chunks.into_iter().map(Ok))),
        })
    }
}

/// A body that keeps each chunk that its reader takes.
struct Passing {
    payload: Payload,
    kept: Kept,
}

impl Stream for Passing {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = Pin::new(&mut self.payload).poll_next(cx);
        let mut passed = self.kept.0.borrow_mut();
        match &next {
            Poll::Ready(Some(Ok(chunk))) => {
                passed.octets += chunk.len();
                match passed.octets > LONGEST {
                    true => passed.chunks.clear(),
                    false => passed.chunks.push(chunk.clone()),
                }
            }
            Poll::Ready(None) => passed.is_whole = true,
            _ => {}
        }
        drop(passed);
        next
    }
}
