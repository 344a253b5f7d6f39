//! A request whose transaction met another one in the database (a deadlock, or a state that has changed) was rolled back
//! and is run once more, before its caller hears of it.

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

/// Octets of a body that are kept to be read again.
const LONGEST: usize = 1 << 20;

/// Runs a request, and once more if it may succeed then: if it was a POST with a short body, and changed nothing.
///
/// # Errors
/// Those of the run that counts.
pub async fn twice<B: MessageBody>(
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
    tracing::info!("a request met another one in the database and is run again");
    let mut req = ServiceRequest::from_parts(req, body);
    // Where its address was read up to.
    *req.match_info_mut() = route;
    run(req).await
}

fn may_run_again<B>(answer: &ServiceResponse<B>) -> bool {
    let problem = answer.response().error();
    let problem = problem.and_then(|error| error.as_error::<Problem>());
    problem.is_some_and(Problem::may_run_again)
}

/// What has passed of a body.
#[derive(Clone, Default)]
struct Kept(Rc<RefCell<Passed>>);

#[derive(Default)]
struct Passed {
    pieces: Vec<Bytes>,
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

    /// The body to be read again; `None` if it was not read to its end, or is too long.
    fn body(&self) -> Option<Payload> {
        let mut passed = self.0.borrow_mut();
        if !passed.is_whole || passed.octets > LONGEST {
            return None;
        }
        let pieces = std::mem::take(&mut passed.pieces);
        Some(Payload::Stream {
            payload: Box::pin(stream::iter(pieces.into_iter().map(Ok))),
        })
    }
}

/// A body of which the pieces are kept while they pass.
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
            Poll::Ready(Some(Ok(piece))) => {
                passed.octets += piece.len();
                match passed.octets > LONGEST {
                    true => passed.pieces.clear(),
                    false => passed.pieces.push(piece.clone()),
                }
            }
            Poll::Ready(None) => passed.is_whole = true,
            _ => {}
        }
        drop(passed);
        next
    }
}
