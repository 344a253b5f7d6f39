//! Bodies of requests. Each must keep arriving, and the number of bodies at one time is limited.
//!
//! A body that stalls ends with an error, and what waits for it (an import, a form) ends too. How many may be under
//! way follows from the descriptors that this process may open, so that half-sent requests leave some for others.

use std::cell::RefCell;
use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::{ConnectionType, StatusCode};
use actix_web::middleware::Next;
use actix_web::rt::time::{Instant, Sleep, sleep};
use actix_web::web::{Bytes, Data};
use actix_web::{FromRequest, HttpMessage, HttpRequest, ResponseError};
use futures_util::Stream;

use crate::web::Home;
use crate::web::caller::Signed;
use crate::web::problem::{Kind, Problem};

/// Octets that must arrive within the idle time. A client that sends single octets counts as silent.
const PROGRESS: usize = 1024;
/// A form or a JSON text must arrive within this many idle times.
const WHOLE_IN: u32 = 3;

/// The whole of a short body.
///
/// # Errors
/// [`Kind::TooLarge`], [`Kind::TooSlow`], or [`Kind::BadRequest`] if it was cut off.
pub(crate) fn whole(
    req: &HttpRequest,
    payload: &mut Payload,
) -> impl Future<Output = Result<Bytes, Problem>> + use<> {
    let body = Bytes::from_request(req, payload);
    async move { body.await.map_err(|error| of(&error)) }
}

/// Why a short body could not be read.
pub(crate) fn of(error: &actix_web::Error) -> Problem {
    match error.as_error::<PayloadError>() {
        Some(error) => of_payload(error),
        None if error.as_response_error().status_code() == StatusCode::PAYLOAD_TOO_LARGE => {
            Problem::new(Kind::TooLarge)
        }
        None => Problem::new(Kind::BadRequest).because("the body cannot be read"),
    }
}

/// Why a body ended early.
pub(crate) fn of_payload(error: &PayloadError) -> Problem {
    match error {
        PayloadError::Overflow => Problem::new(Kind::TooLarge),
        PayloadError::Io(error) if error.kind() == io::ErrorKind::TimedOut => {
            Problem::new(Kind::TooSlow)
        }
        error if error.status_code() == StatusCode::PAYLOAD_TOO_LARGE => {
            Problem::new(Kind::TooLarge)
        }
        _ => Problem::new(Kind::BadRequest).because("the body was cut off"),
    }
}

/// The bodies that are arriving now.
#[derive(Debug, Clone)]
pub(crate) struct Bodies(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// The largest number at one time.
    most: usize,
    /// The largest number from one network, of callers without an API key.
    of_one: usize,
    now: Mutex<HashMap<Option<IpAddr>, usize>>,
}

impl Bodies {
    /// A limit that leaves half of `descriptors` to everything else.
    pub(crate) fn within(descriptors: usize) -> Self {
        let most = (descriptors / 4).clamp(16, 4096);
        Self(Arc::new(Inner {
            most,
            of_one: (most / 2).max(8),
            now: Mutex::default(),
        }))
    }

    /// Reserves a place for one more body; `from` is the network of a caller without an API key.
    fn take(&self, from: Option<IpAddr>) -> Option<Place> {
        let mut now = self.0.now.lock().unwrap_or_else(PoisonError::into_inner);
        let of_one = now.get(&from).copied().unwrap_or(0);
        let is_full = now.values().sum::<usize>() >= self.0.most;
        if is_full || (from.is_some() && of_one >= self.0.of_one) {
            return None;
        }
        *now.entry(from).or_default() += 1;
        let bodies = self.clone();
        Some(Place { bodies, from })
    }
}

/// A reserved place; dropping it frees it.
#[derive(Debug)]
struct Place {
    bodies: Bodies,
    from: Option<IpAddr>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let now = self.bodies.0.now.lock();
        let mut now = now.unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = now.get_mut(&self.from) {
            *count -= 1;
            if *count == 0 {
                now.remove(&self.from);
            }
        }
    }
}

/// The rest of a body that no handler reads. While it is held, the connection closes after the answer;
/// if it were dropped, the server would read on for as long as the client sends.
#[derive(Clone, Default)]
struct Rest(Rc<RefCell<Option<Payload>>>);

/// Middleware, the outermost: closes connections with a request that was not read to its end, and those of callers who are not signed in.
/// An idle connection has no time limit for its next request. During shutdown all connections are closed.
pub(crate) async fn close(
    req: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let rest = Rest::default();
    req.extensions_mut().insert(rest.clone());
    let home = req.app_data::<Data<Home>>().cloned();
    let mut answer = next.call(req).await?;
    // A client that kept its connection to a node that shuts down would find it broken.
    let leaving = home.is_some_and(|home| home.leaving.is_cancelled());
    if leaving || answer.request().extensions().get::<Signed>().is_none() {
        let head = answer.response_mut().head_mut();
        head.set_connection_type(ConnectionType::Close);
    }
    Ok(answer.map_body(|_, body| Holding {
        body: Box::pin(body),
        _rest: rest,
    }))
}

/// The body of an answer, with the rest of the request's body.
struct Holding<B> {
    body: Pin<Box<B>>,
    _rest: Rest,
}

impl<B: MessageBody> MessageBody for Holding<B> {
    type Error = B::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        self.body.as_mut().poll_next(cx)
    }
}

/// Limits how slowly the body of a request may arrive.
///
/// # Errors
/// [`Kind::Busy`] if too many bodies are arriving.
pub(crate) fn watch(
    req: &mut ServiceRequest,
    bodies: &Bodies,
    (from, idle): (Option<IpAddr>, Duration),
    is_short: bool,
) -> Result<(), Problem> {
    let payload = match req.take_payload() {
        Payload::None => return Ok(()),
        payload => payload,
    };
    let rest = req.extensions().get::<Rest>().cloned().unwrap_or_default();
    let Some(place) = bodies.take(from) else {
        *rest.0.borrow_mut() = Some(payload);
        return Err(Problem::busy());
    };
    let watched = Watched {
        payload: Some(payload),
        rest,
        place: Some(place),
        idle,
        left: idle,
        whole: is_short.then(|| idle * WHOLE_IN),
        arrived: 0,
        waiting: None,
    };
    req.set_payload(Payload::Stream {
        payload: Box::pin(watched),
    });
    Ok(())
}

/// Refuses to read the body of a request; the connection closes after the answer.
pub(crate) fn leave(req: &mut ServiceRequest) {
    let payload = req.take_payload();
    if let Some(rest) = req.extensions().get::<Rest>() {
        *rest.0.borrow_mut() = Some(payload);
    }
}

/// A body that must keep arriving. Only the time during which its reader waits counts.
struct Watched {
    payload: Option<Payload>,
    rest: Rest,
    place: Option<Place>,
    idle: Duration,
    /// The time left until [`PROGRESS`] octets must have arrived.
    left: Duration,
    /// The time left until the whole body must have arrived, if it is a short one.
    whole: Option<Duration>,
    arrived: usize,
    waiting: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl Watched {
    fn arrives(&mut self, octets: usize) {
        if let Some((since, _)) = self.waiting.take() {
            let waited = since.elapsed();
            self.left = self.left.saturating_sub(waited);
            self.whole = self.whole.map(|whole| whole.saturating_sub(waited));
        }
        self.arrived += octets;
        if self.arrived >= PROGRESS {
            (self.arrived, self.left) = (0, self.idle);
        }
    }

    fn has_stalled(&mut self, cx: &mut Context<'_>) -> bool {
        let left = self.whole.map_or(self.left, |whole| whole.min(self.left));
        let (_, timer) = self
            .waiting
            .get_or_insert_with(|| (Instant::now(), Box::pin(sleep(left))));
        timer.as_mut().poll(cx).is_ready()
    }
}

impl Stream for Watched {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(payload) = self.payload.as_mut() else {
            return Poll::Ready(None);
        };
        match Pin::new(payload).poll_next(cx) {
            Poll::Ready(Some(Ok(piece))) => {
                self.arrives(piece.len());
                Poll::Ready(Some(Ok(piece)))
            }
            Poll::Ready(end) => {
                (self.payload, self.place) = (None, None);
                Poll::Ready(end)
            }
            Poll::Pending if self.has_stalled(cx) => {
                *self.rest.0.borrow_mut() = self.payload.take();
                self.place = None;
                let stalled = io::Error::from(io::ErrorKind::TimedOut);
                Poll::Ready(Some(Err(PayloadError::Io(stalled))))
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if let Some(payload) = self.payload.take() {
            *self.rest.0.borrow_mut() = Some(payload);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_network_cannot_take_all_places() {
        let bodies = Bodies::within(256);
        let from = |last| Some(IpAddr::from([192, 0, 2, last]));
        let first: Vec<_> = (0..32).map_while(|_| bodies.take(from(1))).collect();
        assert_eq!(first.len(), 32);
        assert!(bodies.take(from(1)).is_none());
        assert!(bodies.take(from(2)).is_some());
        let keys: Vec<_> = (0..100).map_while(|_| bodies.take(None)).collect();
        assert_eq!(keys.len(), 32);
        assert!(bodies.take(from(2)).is_none());
        drop(first);
        assert!(bodies.take(from(1)).is_some());
    }
}
