//! An affected list in pieces: the same for the console, whose script sends it so, and for the API. A piece is
//! the body of a PATCH and says in `Upload-Offset` where it begins, as tus 1.0 has it.

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use serde::Serialize;

use crate::app::App;
use crate::id::UploadId;
use crate::scope::Upload;
use crate::scope::upload::{self, PIECE, UploadError};
use crate::staff::right::ImportScope;
use crate::web::problem::{Answer, Kind, Problem};
use crate::web::who::Allowed;
use crate::web::{body, form};

/// Where a piece begins, or the next one would.
const OFFSET: &str = "upload-offset";
/// The token of a form, where a script sends what no form can.
const TOKEN: &str = "x-csrf-token";

/// An upload, as we promise it.
#[derive(Debug, Serialize)]
struct UploadView {
    id: UploadId,
    size: i64,
    received: i64,
}

/// Tells of an upload how far it is.
pub fn told(mut answer: HttpResponseBuilder, of: &Upload) -> HttpResponse {
    answer
        .insert_header((OFFSET, of.received.to_string()))
        .json(UploadView {
            id: of.id,
            size: of.size,
            received: of.received,
        })
}

/// `GET …/uploads/{upload}`: how much of it is here.
///
/// # Errors
/// 404, also for that of another.
pub async fn show(who: Allowed<ImportScope>, app: Data<App>, id: Path<String>) -> Answer {
    let upload = upload::find(&app, who.id, named(&id)?).await?;
    Ok(told(HttpResponse::Ok(), &upload))
}

/// `PATCH /api/v1/uploads/{upload}`: the next piece.
///
/// # Errors
/// 404; a piece that is not the next, is too large, or goes beyond the end.
pub async fn add(
    who: Allowed<ImportScope>,
    req: HttpRequest,
    app: Data<App>,
    id: Path<String>,
    payload: Payload,
) -> Answer {
    let start = header(&req, OFFSET).and_then(|start| start.parse().ok());
    let start = start.ok_or_else(|| {
        Problem::new(Kind::BadRequest).because("Upload-Offset must say where the piece begins")
    })?;
    let id = named(&id)?;
    let piece = payload.to_bytes_limited(PIECE).await;
    let piece = piece.map_err(|_| {
        Problem::new(Kind::TooLarge).because(format!("a piece has at most {PIECE} octets"))
    })?;
    let piece = piece.map_err(|error| body::of(&error))?;
    let upload = upload::add(&app, who.id, id, start, &piece).await?;
    Ok(told(HttpResponse::Ok(), &upload))
}

/// `PATCH /console/uploads/{upload}`: the same, from a page of ours.
///
/// # Errors
/// As [`add`], and a request that is not from our page.
pub async fn add_from_page(
    who: Allowed<ImportScope>,
    req: HttpRequest,
    app: Data<App>,
    id: Path<String>,
    payload: Payload,
) -> Answer {
    form::check(&req, header(&req, TOKEN).unwrap_or_default())?;
    add(who, req, app, id, payload).await
}

fn header<'r>(req: &'r HttpRequest, name: &str) -> Option<&'r str> {
    req.headers().get(name)?.to_str().ok()
}

/// The id in an address; what is none names nothing.
fn named(id: &str) -> Result<UploadId, Problem> {
    id.parse().map_err(|_| Problem::not_found())
}

impl From<UploadError> for Problem {
    fn from(error: UploadError) -> Self {
        let kind = match error {
            UploadError::Db(error) => return error.into(),
            UploadError::Key(broken) => return Self::broken(broken),
            UploadError::Draft(error) => return (*error).into(),
            UploadError::Missing => Kind::NotFound,
            UploadError::Forgotten | UploadError::Busy | UploadError::NotNext { .. } => {
                Kind::InTheWay
            }
            UploadError::NotASize | UploadError::TooMuch => Kind::NotAccepted,
        };
        let problem = Self::new(kind).because(&error);
        match error {
            UploadError::NotNext { received } => problem.with("received", received),
            _ => problem,
        }
    }
}
