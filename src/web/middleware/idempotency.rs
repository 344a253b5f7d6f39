//! Every POST of the API is done once. A repeated one with the same `Idempotency-Key` gets the first answer, byte for byte.
//! The key belongs to the account and to the whole request: method, address and body. An affected list is a stream; its
//! hash is computed while the import reads it.

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
use crate::db::{self, Guarded};
use crate::seal::Digest;
use crate::staff::replay::once::{self, Settled, claim, release, settle};
use crate::staff::replay::running::{self, Running};
use crate::staff::replay::{Answer, Claim, Request};
use crate::web::body::whole;
use crate::web::caller::{self, Signed, refuse};
use crate::web::problem::{Kind, Problem};

/// The longest key, in octets.
const LONGEST: usize = 255;

/// The longest answer, in octets, that is stored. Those of the API are far shorter.
const LONGEST_ANSWER: usize = 256 << 10;

/// The headers that are stored with an answer.
const KEPT: [header::HeaderName; 3] = [header::CONTENT_TYPE, header::LOCATION, header::ETAG];

/// The largest Retry-After, in seconds, of a request that is still running.
const LONGEST_WAIT: u32 = 5;

type Chunks = Pin<Box<dyn Stream<Item = Result<Bytes, PayloadError>>>>;

/// Middleware of the API. It runs after authentication by key.
pub(crate) async fn once(
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
        // The hash of a list is known only at its end.
        drain(req.take_payload()).await;
        request.hash = hash.finish();
        claimed = claim(&app, &request).await;
    }
    let problem = match claimed {
        Ok(Claim::Fresh) => {
            // In a task of its own: it goes on when the caller closes the connection.
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
            "this request was done before under the same Idempotency-Key. Its answer cannot be read, since the master key \
             was replaced. Check whether the result is there; do not send the request again",
        ),
        // Whether an earlier request with this key was done is not known here.
        Err(error) => error.into(),
    };
    Ok(refuse(req, problem))
}

/// Reads the key of the request, and computes the hash of its address and body.
async fn begin(
    req: &mut ServiceRequest,
) -> Result<(Data<App>, Request, Option<RunningHash>), Problem> {
    let app = caller::app(req)?;
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
    let hash = RunningHash::new(address);
    let streamed = req.content_type() == "text/csv";
    let body: Chunks = if streamed {
        let hash = hash.clone();
        Box::pin(req.take_payload().inspect(move |chunk| {
            if let Ok(chunk) = chunk {
                hash.update(chunk);
            }
        }))
    } else {
        let mut payload = req.take_payload();
        let body = whole(req.request(), &mut payload).await?;
        hash.update(&body);
        Box::pin(stream::iter([Ok(body)]))
    };
    req.set_payload(Payload::Stream { payload: body });
    let request = Request::new(by, key, hash.finish());
    Ok((app, request, streamed.then_some(hash)))
}

/// Runs the handler, and stores its answer in the same transaction.
async fn run(
    app: Data<App>,
    mut request: Request,
    hash: Option<RunningHash>,
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
            tracing::warn!(%error, "the commit of a request was interrupted: whether it was done is not known");
            Problem::unsure()
        }
        Err(Settled::Kept) => Problem::broken("a stored answer is missing"),
    };
    let response = HttpResponse::from_error(problem);
    Ok(ServiceResponse::new(req, response))
}

/// Stores the answer, and returns it as stored.
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

/// The short answer that an action of several transactions stores with its last one.
fn running(
    app: &App,
    request: &Request,
    streamed: Option<RunningHash>,
) -> Result<Arc<Running>, Problem> {
    let body = json!({
        "detail": "this was done; the answer was lost with the node or the database. Fetch the result"
    });
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    let body = body.to_string();
    let content = serde_json::to_vec(&Kept { headers, body }).map_err(Problem::broken)?;
    let whole = request.hash;
    Ok(Arc::new(Running {
        short: (200, once::seal(app, request, &content)),
        request: request.clone(),
        hash: Box::new(move || streamed.as_ref().map_or(whole, RunningHash::finish)),
    }))
}

/// Renews the claim for as long as the work takes.
async fn renewing<T>(app: &App, request: &Request, work: impl Future<Output = T>) -> T {
    let renew = async {
        loop {
            actix_web::rt::time::sleep(once::lease(app) / 3).await;
            // While the database is away, the claim expires and another run may take it. This run can then not store its
            // answer.
            if let Ok(Guarded::Refused) = once::renew(app, request).await {
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

/// Releases the key. If the database is away, the claim expires by itself.
async fn give_back(app: &App, request: &Request) {
    if let Err(error) = release(app, request).await {
        tracing::warn!(%error, "an Idempotency-Key could not be released: its claim expires by itself");
    }
}

/// Whether the answer is stored: the request was done, or refused for good. Otherwise (rights, limits, faults) its
/// transaction is rolled back, and the same request may succeed later.
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

/// An answer as it is stored.
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
        .map_err(|_| anyhow::anyhow!("the body of an answer could not be read"))?;
    let mut body = String::from_utf8(body.to_vec())?;
    if body.len() > LONGEST_ANSWER {
        body = json!({
            "detail": "this was done; the answer was too long to be stored and is not repeated. Fetch the result"
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

/// The hash of a request, computed while its body is read.
#[derive(Clone)]
struct RunningHash(Arc<Mutex<Digest>>);

impl RunningHash {
    fn new(address: &str) -> Self {
        let mut digest = Digest::new();
        digest.update(&(address.len() as u64).to_be_bytes());
        digest.update(address.as_bytes());
        Self(Arc::new(Mutex::new(digest)))
    }

    fn update(&self, chunk: &[u8]) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .update(chunk);
    }

    /// The hash of the part that was read so far.
    fn finish(&self) -> [u8; 32] {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .finish()
    }
}
