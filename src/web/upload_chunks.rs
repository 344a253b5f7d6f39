//! Uploads of an affected list in chunks, for the script of the console and for the API. A chunk is
//! the body of a PATCH; the header `Upload-Offset` says where it begins (as in tus 1.0).

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use serde::Serialize;

use crate::app::App;
use crate::id::UploadId;
use crate::scope::Upload;
use crate::scope::upload::{self, PIECE};
use crate::staff::right::ImportScope;
use crate::web::caller::Allowed;
use crate::web::problem::{Answer, Kind, Problem};
use crate::web::{body, form};

/// The offset of this chunk, or of the next one.
const OFFSET: &str = "upload-offset";
/// The CSRF token of a request that a script sends.
const TOKEN: &str = "x-csrf-token";

/// An upload, in the JSON of the API.
#[derive(Debug, Serialize)]
struct UploadView {
    id: UploadId,
    size: i64,
    received: i64,
}

/// Answers with the progress of an upload.
pub(crate) fn told(mut answer: HttpResponseBuilder, of: &Upload) -> HttpResponse {
    answer
        .insert_header((OFFSET, of.received.to_string()))
        .json(UploadView {
            id: of.id,
            size: of.size,
            received: of.received,
        })
}

/// `GET …/uploads/{upload}`: how much has arrived.
///
/// # Errors
/// 404, also for an upload of another account.
pub(crate) async fn show(who: Allowed<ImportScope>, app: Data<App>, id: Path<String>) -> Answer {
    let upload = upload::find(&app, who.id, named(&id)?).await?;
    Ok(told(HttpResponse::Ok(), &upload))
}

/// `PATCH /api/v1/uploads/{upload}`: the next chunk.
///
/// # Errors
/// 404; a chunk that is not the next one, is too large, or goes beyond the end.
pub(crate) async fn add(
    who: Allowed<ImportScope>,
    req: HttpRequest,
    app: Data<App>,
    id: Path<String>,
    payload: Payload,
) -> Answer {
    let start = header(&req, OFFSET).and_then(|start| start.parse().ok());
    let start = start.ok_or_else(|| {
        Problem::new(Kind::BadRequest).because("Upload-Offset must say where the chunk begins")
    })?;
    let id = named(&id)?;
    let piece = payload.to_bytes_limited(PIECE).await;
    let piece = piece.map_err(|_| {
        Problem::new(Kind::TooLarge).because(format!("a chunk has at most {PIECE} octets"))
    })?;
    let piece = piece.map_err(|error| body::of(&error))?;
    let upload = upload::add(&app, who.id, id, start, &piece).await?;
    Ok(told(HttpResponse::Ok(), &upload))
}

/// `PATCH /console/uploads/{upload}`: the same from a page of the console.
///
/// # Errors
/// As [`add`], and a request without the token of the page.
pub(crate) async fn add_from_page(
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

/// The id in the path; 404 if it is not one.
fn named(id: &str) -> Result<UploadId, Problem> {
    id.parse().map_err(|_| Problem::not_found())
}
