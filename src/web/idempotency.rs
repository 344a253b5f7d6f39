//! Every POST of the API is done once: a repeated one, under the same `Idempotency-Key`, gets the
//! first answer to the byte. The key belongs to the account and to the whole request: method, address
//! and body. An affected list is streamed; its hash is taken while it passes.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::body::{self, BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::{Method, StatusCode, header};
use actix_web::middleware::Next;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpMessage, HttpResponse};
use futures_util::{Stream, StreamExt, stream};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tracing::Instrument;

use crate::app::App;
use crate::seal::Digest;
use crate::staff::replay::once::{claim, release, settle};
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
            // In a task of its own: a caller who hangs up does not leave the deed half recorded.
            let deed = run(app, request, hash, req, next).in_current_span();
            let deed = actix_web::rt::spawn(deed);
            return deed.await.map_err(Problem::broken)?;
        }
        Ok(Claim::Answered(answer)) => match given(&answer) {
            Ok(response) => return Ok(req.into_response(response)),
            Err(error) => Problem::broken(error),
        },
        Ok(Claim::Running) => Problem::new(Kind::StillRunning),
        Ok(Claim::Another) => Problem::new(Kind::KeyReused),
        Ok(Claim::Unreadable) => Problem::new(Kind::InTheWay).because(
            "this request was done before under the same Idempotency-Key, but its answer cannot be read any more: the \
             master key was replaced since. Look whether what you asked for is there; do not send it again",
        ),
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
    let request = Request {
        by,
        key,
        hash: hash.finish(),
    };
    Ok((app, request, streamed.then_some(hash)))
}

/// Lets the handler do the deed, and keeps its answer.
async fn run(
    app: Data<App>,
    mut request: Request,
    hash: Option<Passing>,
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let answer = match next.call(req).await {
        Ok(answer) => answer,
        Err(error) => {
            release(&app, &request).await.map_err(Problem::from)?;
            return Err(error);
        }
    };
    if !is_final(answer.status()) {
        release(&app, &request).await.map_err(Problem::from)?;
        return Ok(answer.map_into_boxed_body());
    }
    if let Some(hash) = hash {
        request.hash = hash.finish();
    }
    let (req, response) = answer.into_parts();
    let answer = taken(response).await.map_err(Problem::broken)?;
    settle(&app, &request, &answer)
        .await
        .map_err(Problem::from)?;
    Ok(ServiceResponse::new(
        req,
        given(&answer).map_err(Problem::broken)?,
    ))
}

/// Whether the deed was done or refused for good. Otherwise (rights, limits, faults) nothing was
/// done, and the same request may succeed later.
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
