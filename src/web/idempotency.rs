//! Every POST of the API is done once: a repeated one, under the same `Idempotency-Key`, gets the
//! first answer to the byte. The key belongs to the account and to the whole request: method, address
//! and body. An affected list is streamed; its hash is taken while it passes.

use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::body::{self, BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::{Method, StatusCode, header};
use actix_web::middleware::Next;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpMessage, HttpResponse};
use futures_util::future::{Either, select};
use futures_util::{FutureExt, Stream, StreamExt, stream};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tracing::Instrument;

use crate::app::App;
use crate::db;
use crate::seal::Digest;
use crate::staff::replay::once::{self, Settled, claim, release, settle};
use crate::staff::replay::running::{self, Running};
use crate::staff::replay::{Answer, Claim, Request};
use crate::web::body::whole;
use crate::web::problem::{Kind, Problem};
use crate::web::who::{self, Signed, refuse};

/// Longest key, in octets.
const LONGEST: usize = 255;

/// Octets of an answer that is kept. Those of the API are far shorter.
const LONGEST_ANSWER: usize = 256 << 10;

/// The headers that belong to an answer.
const KEPT: [header::HeaderName; 3] = [header::CONTENT_TYPE, header::LOCATION, header::ETAG];

/// After so many seconds at most a caller asks again whether a request has ended.
const LONGEST_WAIT: u32 = 5;

type Chunks = Pin<Box<dyn Stream<Item = Result<Bytes, PayloadError>>>>;

/// Middleware of the API, inside the one that recognises keys.
pub async fn once(
    mut req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    if req.method() != Method::POST {
        return Ok(next.call(req).await?.map_into_boxed_body());
    }
    let (app, mut request, hash) = match begin(&mut req).await {
        Ok(begun) => begun,
        Err(problem) => return Ok(refuse(req, problem)),
    };
    let mut claimed = claim(&app, &request).await;
    if let (Ok(Claim::Another), Some(hash)) = (&claimed, &hash) {
        // Which list it was is known only at its end.
        drain(req.take_payload()).await;
        request.hash = hash.finish();
        claimed = claim(&app, &request).await;
    }
    let problem = match claimed {
        Ok(Claim::Fresh) => {
            // In a task of its own: a caller who hangs up does not end it half way.
            let run = run(app, request, hash, req, next).in_current_span();
            return actix_web::rt::spawn(run).await.map_err(Problem::broken)?;
        }
        Ok(Claim::Answered(answer)) => match given(&answer) {
            Ok(response) => return Ok(req.into_response(response)),
            Err(error) => Problem::broken(error),
        },
        Ok(Claim::Running(seconds)) => Problem::still_running(seconds.min(LONGEST_WAIT)),
        Ok(Claim::Another) => Problem::new(Kind::KeyReused),
        Ok(Claim::Unreadable) => Problem::new(Kind::InTheWay).because(
            "this request was done before under the same Idempotency-Key, but its answer cannot be read any more: the \
             master key was replaced since. Look whether what you asked for is there; do not send it again",
        ),
        // What an earlier request with this key did is not known here.
        Err(error) => error.into(),
    };
    Ok(refuse(req, problem))
}

/// Reads what makes the request itself: its key, and the hash of its address and body.
async fn begin(req: &mut ServiceRequest) -> Result<(Data<App>, Request, Option<Passing>), Problem> {
    let app = who::app(req)?;
    let by = req.extensions().get::<Signed>().map(|signed| signed.id);
    let by = by.ok_or(Problem::new(Kind::NotSignedIn))?;
    let key = req
        .headers()
        .get("idempotency-key")
        .and_then(|value| value.to_str().ok());
    let key = key
        .map(str::trim)
        .filter(|key| (1..=LONGEST).contains(&key.len()))
        .ok_or(Problem::new(Kind::IdempotencyKeyMissing))?
        .to_owned();
    let address = req.uri().path_and_query().map_or("", |path| path.as_str());
    let hash = Passing::new(address);
    let streamed = req.content_type() == "text/csv";
    let body: Chunks = if streamed {
        let hash = hash.clone();
        Box::pin(req.take_payload().inspect(move |chunk| {
            if let Ok(chunk) = chunk {
                hash.pass(chunk);
            }
        }))
    } else {
        let mut payload = req.take_payload();
        let body = whole(req.request(), &mut payload).await?;
        hash.pass(&body);
        Box::pin(stream::iter([Ok(body)]))
    };
    req.set_payload(Payload::Stream { payload: body });
    let request = Request::new(by, key, hash.finish());
    Ok((app, request, streamed.then_some(hash)))
}

/// Lets the handler do what is asked for, and keeps its answer in the same transaction.
async fn run(
    app: Data<App>,
    mut request: Request,
    hash: Option<Passing>,
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let here = db::request::Request::joining();
    let running = running(&app, &request, hash.clone())?;
    let handled = running::run(running, here.run(next.call(req)));
    let (answer, tx) = (
        renewing(&app, &request, handled).await,
        db::Tx::of_request(&here).await,
    );
    let answer = match answer {
        Ok(answer) if is_final(answer.status()) => answer,
        other => {
            if let Ok(Some(tx)) = tx {
                tx.roll_back().await;
            }
            give_back(&app, &request).await;
            return Ok(other?.map_into_boxed_body());
        }
    };
    if let Some(hash) = hash {
        request.hash = hash.finish();
    }
    let is_done = answer.status().is_success() || answer.status().is_redirection();
    let (req, response) = answer.into_parts();
    let settled = match (tx, is_done) {
        (Ok(tx), true) => keep(&app, &request, response, tx).await,
        (Ok(tx), false) => {
            // A refusal changes nothing.
            if let Some(tx) = tx {
                tx.roll_back().await;
            }
            keep(&app, &request, response, None).await
        }
        (Err(error), _) => Err(Settled::Undone(error)),
    };
    let problem = match settled {
        Ok(response) => {
            here.committed().await;
            return Ok(ServiceResponse::new(req, response));
        }
        Err(Settled::Lost) => Problem::still_running(1),
        Err(Settled::Undone(error)) => {
            give_back(&app, &request).await;
            here.run(async { Problem::from(error) }).await
        }
        Err(Settled::Unsure(error)) => {
            tracing::warn!(%error, "whether a request was committed is not known");
            Problem::unsure()
        }
        Err(Settled::Kept) => Problem::broken("an answer was kept and is gone"),
    };
    let response = HttpResponse::from_error(problem);
    Ok(ServiceResponse::new(req, response))
}

/// Keeps the answer; it is then given as it was kept.
async fn keep<B: MessageBody>(
    app: &App,
    request: &Request,
    response: HttpResponse<B>,
    tx: Option<db::Tx>,
) -> Result<HttpResponse, Settled> {
    let undone = |error: anyhow::Error| Settled::Undone(db::Error::Statement(error.to_string()));
    let answer = taken(response).await.map_err(undone)?;
    let response = given(&answer).map_err(undone)?;
    match settle(app, request, &answer, tx).await {
        Settled::Kept => Ok(response),
        other => Err(other),
    }
}

/// What acts of several transactions need to say that they are done.
fn running(
    app: &App,
    request: &Request,
    streamed: Option<Passing>,
) -> Result<Arc<Running>, Problem> {
    let body = json!({
        "detail": "this was done; its answer was lost with the node or the database. Read what was made"
    });
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    let body = body.to_string();
    let content = serde_json::to_vec(&Kept { headers, body }).map_err(Problem::broken)?;
    let whole = request.hash;
    Ok(Arc::new(Running {
        short: (200, once::seal(app, request, &content)),
        request: request.clone(),
        hash: Box::new(move || streamed.as_ref().map_or(whole, Passing::finish)),
    }))
}

/// Renews the claim for as long as the work takes.
async fn renewing<T>(app: &App, request: &Request, work: impl Future<Output = T>) -> T {
    let renew = async {
        loop {
            actix_web::rt::time::sleep(once::lease(app) / 3).await;
            // While the database is away it cannot be renewed: then another run may take the claim, and this one
            // cannot write its answer.
            if let Ok(false) = once::renew(app, request).await {
                return;
            }
        }
    };
    let renew = renew.then(|()| std::future::pending::<std::convert::Infallible>());
    match select(pin!(work), pin!(renew)).await {
        Either::Left((done, _)) => done,
        Either::Right((never, _)) => match never {},
    }
}

/// Frees the key; if the database is away, the end of the claim does.
async fn give_back(app: &App, request: &Request) {
    if let Err(error) = release(app, request).await {
        tracing::warn!(%error, "an Idempotency-Key stays claimed until its claim ends");
    }
}

/// Whether the request was done or refused for good. Otherwise (rights, limits, faults) what its transaction did is
/// rolled back, and the same request may succeed later.
fn is_final(status: StatusCode) -> bool {
    let passing = [
        StatusCode::UNAUTHORIZED,
        StatusCode::FORBIDDEN,
        StatusCode::REQUEST_TIMEOUT,
        StatusCode::PAYLOAD_TOO_LARGE,
        StatusCode::TOO_MANY_REQUESTS,
    ];
    !status.is_server_error() && !passing.contains(&status)
}

/// An answer as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    headers: Vec<(String, String)>,
    body: String,
}

async fn taken<B: MessageBody>(response: HttpResponse<B>) -> anyhow::Result<Answer> {
    let status = response.status().as_u16();
    let value = |name| {
        response
            .headers()
            .get(name)?
            .to_str()
            .ok()
            .map(str::to_owned)
    };
    let headers = KEPT
        .iter()
        .filter_map(|name| Some((name.to_string(), value(name)?)))
        .collect();
    let body = body::to_bytes(response.into_body())
        .await
        .map_err(|_| anyhow::anyhow!("the body of an answer broke off"))?;
    let mut body = String::from_utf8(body.to_vec())?;
    if body.len() > LONGEST_ANSWER {
        body = json!({
            "detail": "this was done; the answer was too long to be kept, so it is not repeated. Read what was made"
        })
        .to_string();
    }
    let content = serde_json::to_vec(&Kept { headers, body })?;
    Ok(Answer { status, content })
}

fn given(answer: &Answer) -> anyhow::Result<HttpResponse> {
    let kept: Kept = serde_json::from_slice(&answer.content)?;
    let mut response = HttpResponse::build(StatusCode::from_u16(answer.status)?);
    for (name, value) in kept.headers {
        response.insert_header((name, value));
    }
    Ok(response.body(kept.body))
}

async fn drain(mut payload: Payload) {
    while let Some(Ok(_)) = payload.next().await {}
}

/// The hash of a request while its body passes.
#[derive(Clone)]
struct Passing(Arc<Mutex<Digest>>);

impl Passing {
    fn new(address: &str) -> Self {
        let mut digest = Digest::new();
        digest.update(&(address.len() as u64).to_be_bytes());
        digest.update(address.as_bytes());
        Self(Arc::new(Mutex::new(digest)))
    }

    fn pass(&self, chunk: &[u8]) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .update(chunk);
    }

    /// The hash of what has passed so far.
    fn finish(&self) -> [u8; 32] {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .finish()
    }
}
