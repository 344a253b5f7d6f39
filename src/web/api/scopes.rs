//! `/api/v1/incidents/{incident}/scopes`: versions of the affected list.

use actix_web::http::header;
use actix_web::web::{Data, Path, Payload, Query};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::incidents::named;
use super::{Json, OrNothing, Page};
use crate::app::App;
use crate::db::Conn;
use crate::id::{IncidentId, StaffId, UploadId};
use crate::incident::Incident;
use crate::scope::activate::{self, ActivateError};
use crate::scope::delta::Delta;
use crate::scope::import::ImportError;
use crate::scope::{ScopeMode, ScopeStatus, Version, store, upload as in_pieces};
use crate::seal::to_hex;
use crate::staff::right::{ImportScope, SeeIncidents};
use crate::web::pieces::told;
use crate::web::problem::{Answer, Kind, Problem};
use crate::web::who::Allowed;
use crate::web::{rejects, upload};

/// A scope version, as we promise it.
#[derive(Debug, Serialize)]
struct ScopeView {
    incident: IncidentId,
    version: i32,
    mode: ScopeMode,
    status: ScopeStatus,
    accepted: i64,
    rejected: i64,
    delta: Option<Delta>,
    file_sha256: Option<String>,
    created_by: StaffId,
    created_at: DateTime<Utc>,
    activated_by: Option<StaffId>,
    activated_at: Option<DateTime<Utc>>,
    rejected_for: Vec<RejectedFor>,
    /// In how many of the 64 buckets it is in force; only while it is activating.
    #[serde(skip_serializing_if = "Option::is_none")]
    buckets_done: Option<i64>,
}

/// How often a reason stands among the rejects.
#[derive(Debug, Serialize)]
struct RejectedFor {
    column: String,
    reason: String,
    rows: i64,
}

impl ScopeView {
    async fn of(conn: &mut Conn, incident: IncidentId, version: Version) -> Result<Self, Problem> {
        let reasons = store::count_rejects(conn, incident, version.version).await?;
        let rejected_for = |(column, reason, rows)| RejectedFor {
            column,
            reason,
            rows,
        };
        Ok(Self {
            incident,
            version: version.version,
            mode: version.mode,
            status: version.status,
            accepted: version.accepted,
            rejected: version.rejected,
            delta: version.delta,
            file_sha256: version.file_hash.map(|hash| to_hex(&hash)),
            created_by: version.created_by,
            created_at: version.created_at,
            activated_by: version.activated_by,
            activated_at: version.activated_at,
            buckets_done: (version.status == ScopeStatus::Activating)
                .then_some(version.buckets_done),
            rejected_for: reasons.into_iter().map(rejected_for).collect(),
        })
    }
}

/// The query of [`import`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct How {
    #[serde(default = "everyone")]
    mode: ScopeMode,
    /// An upload that is all here; then there is no body.
    upload: Option<UploadId>,
}

fn everyone() -> ScopeMode {
    ScopeMode::Full
}

/// The body of [`begin_upload`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Size {
    size: i64,
}

/// `POST /incidents/{id|slug}/uploads`: a list that will come in pieces.
///
/// # Errors
/// 404, or no size that a list can have.
pub async fn begin_upload(
    who: Allowed<ImportScope>,
    app: Data<App>,
    name: Path<String>,
    of: Json<Size>,
) -> Answer {
    let incident = named(&mut *app.db.get().await?, &name).await?.id;
    let begun = in_pieces::begin(&app, who.id, incident, of.0.size).await?;
    let at = format!("/api/v1/uploads/{}", begun.id);
    let mut answer = HttpResponse::Created();
    answer.insert_header((header::LOCATION, at));
    Ok(told(answer, &begun))
}

/// `POST /incidents/{id|slug}/scopes?mode=full|delta` with the list as `text/csv`, or with `&upload=` an upload
/// that is all here.
///
/// # Errors
/// 404, a list that is refused whole, or another import at work.
pub async fn import(
    who: Allowed<ImportScope>,
    req: HttpRequest,
    app: Data<App>,
    name: Path<String>,
    how: Query<How>,
    body: Payload,
) -> Answer {
    let incident = named(&mut *app.db.get().await?, &name).await?.id;
    let imported = match how.upload {
        Some(_) if !req.content_type().is_empty() && req.content_type() != "application/json" => {
            return Err(Problem::new(Kind::BadRequest)
                .because("send the list or name its upload, not both"));
        }
        Some(upload) => in_pieces::import(&app, who.id, incident, how.mode, upload).await?,
        None if req.content_type().eq_ignore_ascii_case("text/csv") => {
            upload::import(&app, who.id, incident, how.mode, body).await?
        }
        None => return Err(Problem::new(Kind::WrongType).because("send the list as text/csv")),
    };
    let mut conn = app.db.get().await?;
    let version = store::find(&mut conn, incident, imported.version).await?;
    let at = format!("/api/v1/incidents/{incident}/scopes/{}", imported.version);
    let view = ScopeView::of(&mut conn, incident, version).await?;
    Ok(HttpResponse::Created()
        .insert_header((header::LOCATION, at))
        .json(view))
}

/// `GET /incidents/{id|slug}/scopes`: all versions, the newest first.
///
/// # Errors
/// 404.
pub async fn list(_: Allowed<SeeIncidents>, app: Data<App>, name: Path<String>) -> Answer {
    let mut conn = app.db.get().await?;
    let incident = named(&mut conn, &name).await?.id;
    let mut items = Vec::new();
    for version in store::list(&mut conn, incident).await? {
        items.push(ScopeView::of(&mut conn, incident, version).await?);
    }
    Ok(HttpResponse::Ok().json(Page { items, next: None }))
}

/// `GET /incidents/{id|slug}/scopes/{version}`.
///
/// # Errors
/// 404.
pub async fn show(_: Allowed<SeeIncidents>, app: Data<App>, path: Path<(String, i32)>) -> Answer {
    let mut conn = app.db.get().await?;
    let (incident, version) = found(&mut conn, &path).await?;
    Ok(HttpResponse::Ok().json(ScopeView::of(&mut conn, incident.id, version).await?))
}

/// `GET /incidents/{id|slug}/scopes/{version}/rejects`, as CSV.
///
/// # Errors
/// 404.
pub async fn rejects(_: Allowed<ImportScope>, app: Data<App>, path: Path<(String, i32)>) -> Answer {
    let (incident, version) = found(&mut *app.db.get().await?, &path).await?;
    rejects::download(&app, &incident, &version)
}

/// The body of [`activate()`].
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Activate {
    confirm_rejects: bool,
}

/// `POST /incidents/{id|slug}/scopes/{version}/activate`.
///
/// # Errors
/// 404, a version that is no draft, or too many rejects that are not confirmed.
pub async fn activate(
    who: Allowed<ImportScope>,
    app: Data<App>,
    path: Path<(String, i32)>,
    how: OrNothing<Activate>,
) -> Answer {
    let (incident, version) = found(&mut *app.db.get().await?, &path).await?;
    let active = activate::activate(
        &app,
        who.id,
        incident.id,
        version.version,
        how.0.confirm_rejects.into(),
    )
    .await?;
    let mut conn = app.db.get().await?;
    Ok(HttpResponse::Ok().json(ScopeView::of(&mut conn, incident.id, active).await?))
}

/// `POST /incidents/{id|slug}/scopes/{version}/discard`.
///
/// # Errors
/// 404, or a version that is no draft.
pub async fn discard(
    who: Allowed<ImportScope>,
    app: Data<App>,
    path: Path<(String, i32)>,
) -> Answer {
    let (incident, version) = found(&mut *app.db.get().await?, &path).await?;
    activate::discard(&app, who.id, incident.id, version.version).await?;
    let mut conn = app.db.get().await?;
    let gone = store::find(&mut conn, incident.id, version.version).await?;
    Ok(HttpResponse::Ok().json(ScopeView::of(&mut conn, incident.id, gone).await?))
}

async fn found(conn: &mut Conn, path: &(String, i32)) -> Result<(Incident, Version), Problem> {
    let incident = named(conn, &path.0).await?;
    let version = store::find(conn, incident.id, path.1).await?;
    Ok((incident, version))
}

impl From<ImportError> for Problem {
    fn from(error: ImportError) -> Self {
        let kind = match error {
            ImportError::Db(error) => return error.into(),
            ImportError::Key(broken) => return Self::broken(broken),
            ImportError::Missing => Kind::NotFound,
            ImportError::Forgotten | ImportError::Busy | ImportError::Incomplete { .. } => {
                Kind::InTheWay
            }
            ImportError::Header(_) | ImportError::NoRows | ImportError::Read(_) => {
                Kind::NotAccepted
            }
            ImportError::Stopped => Kind::Away,
        };
        let problem = Self::new(kind).because(&error);
        match error {
            ImportError::Header(wrong) => problem.with(
                "errors",
                wrong.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ),
            ImportError::Incomplete { received, .. } => problem.with("received", received),
            _ => problem,
        }
    }
}

impl From<ActivateError> for Problem {
    fn from(error: ActivateError) -> Self {
        let kind = match error {
            ActivateError::Db(error) => return error.into(),
            ActivateError::Missing => Kind::NotFound,
            ActivateError::Forgotten
            | ActivateError::Busy
            | ActivateError::Empty(_)
            | ActivateError::TooManyRejects { .. } => Kind::InTheWay,
            ActivateError::NotADraft { .. } => Kind::IllegalMove,
        };
        Self::new(kind).because(error)
    }
}
