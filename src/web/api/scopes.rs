//! `/api/v1/incidents/{incident}/scopes`: versions of the affected list.

use actix_web::http::header;
use actix_web::web::{Data, Path, Payload, Query};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::incidents::named;
use super::{Json, OrNothing, Page};
use crate::app::App;
use crate::audit::Action;
use crate::db::Conn;
use crate::id::{IncidentId, StaffId, UploadId};
use crate::incident::Incident;
use crate::scope::activate;
use crate::scope::consent::{Confirmed, Consent, Question};
use crate::scope::delta::Delta;
use crate::scope::import::ask_draft;
use crate::scope::{How, OnDraft, ScopeMode, ScopeStatus, Version, store, upload as in_pieces};
use crate::seal::to_hex;
use crate::staff::right::{ImportScope, SeeIncidents};
use crate::web::caller::Allowed;
use crate::web::problem::{Answer, Kind, Problem};
use crate::web::upload_chunks::told;
use crate::web::{list_import, rejects};

/// A scope version, in the JSON of the API.
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
    /// Lines of the file: header, accepted, rejected, blank and continued ones. Versions of before they were
    /// counted have none.
    lines: Option<i64>,
    header_lines: Option<i64>,
    blank: Option<i64>,
    continued_lines: Option<i64>,
    /// Whether the last line has no line break.
    ends_open: Option<bool>,
    rejected_for: Vec<RejectedFor>,
    /// What its rows are: `confirm.revision` of an activation, and `revision` of a discarding, may repeat it.
    revision: String,
    /// What must be confirmed before activation; only for a draft.
    #[serde(skip_serializing_if = "Option::is_none")]
    questions: Option<Vec<Question>>,
    /// Whether the import of a version with the status `importing` died, so that the version is void.
    #[serde(skip_serializing_if = "Option::is_none")]
    died: Option<bool>,
    /// In how many of the 64 buckets the version is in force; only during the activation.
    #[serde(skip_serializing_if = "Option::is_none")]
    buckets_done: Option<i64>,
}

/// How many rejects have a reason.
#[derive(Debug, Serialize)]
struct RejectedFor {
    column: String,
    reason: String,
    rows: i64,
}

impl ScopeView {
    async fn of(
        app: &App,
        conn: &mut Conn,
        incident: IncidentId,
        version: Version,
    ) -> Result<Self, Problem> {
        let questions = match version.status {
            ScopeStatus::Draft => Some(activate::questions(app, conn, incident, &version).await?),
            _ => None,
        };
        let died = match version.status {
            ScopeStatus::Importing => Some(!store::is_at_work(conn, incident).await?),
            _ => None,
        };
        let reasons = store::count_rejects(conn, incident, version.version).await?;
        let rejected_for = |(column, reason, rows)| RejectedFor {
            column,
            reason,
            rows,
        };
        Ok(Self {
            revision: version.revision(),
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
            questions,
            died,
            buckets_done: (version.status == ScopeStatus::Activating)
                .then_some(version.buckets_done),
            lines: version.lines.map(|of| of.lines),
            header_lines: version.lines.map(|of| of.header),
            blank: version.lines.map(|of| of.blank),
            continued_lines: version.lines.map(|of| of.continued),
            ends_open: version.lines.map(|of| of.ends_open),
            rejected_for: reasons.into_iter().map(rejected_for).collect(),
        })
    }
}

/// The query of [`import`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    #[serde(default = "everyone")]
    mode: ScopeMode,
    /// What to do with a waiting draft.
    draft: Option<OnDraft>,
    /// A complete upload; the request then has no body.
    upload: Option<UploadId>,
}

fn everyone() -> ScopeMode {
    ScopeMode::Full
}

impl Asked {
    fn how(&self) -> How {
        How {
            mode: self.mode,
            draft: self.draft,
        }
    }
}

/// The query of [`begin_upload`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Begins {
    /// What to do with a waiting draft once the list is imported.
    draft: Option<OnDraft>,
}

/// The body of [`begin_upload`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Size {
    size: i64,
}

/// `POST /incidents/{id|slug}/uploads?draft=add|replace`: begins an upload in chunks.
///
/// # Errors
/// 404, a waiting draft without the parameter `draft`, or an impossible size.
pub(crate) async fn begin_upload(
    who: Allowed<ImportScope>,
    app: Data<App>,
    name: Path<String>,
    how: Query<Begins>,
    of: Json<Size>,
) -> Answer {
    let incident = named(&mut *app.db.get().await?, &name).await?.id;
    let begun = in_pieces::begin(&app, who.id, incident, of.0.size, how.draft).await?;
    let at = format!("/api/v1/uploads/{}", begun.id);
    let mut answer = HttpResponse::Created();
    answer.insert_header((header::LOCATION, at));
    Ok(told(answer, &begun))
}

/// `POST /incidents/{id|slug}/scopes?mode=full|delta&draft=add|replace` with the list as `text/csv`, or with `&upload=`
/// a complete upload.
///
/// # Errors
/// 404, a refused list, a waiting draft without the parameter `draft`, or another running import.
pub(crate) async fn import(
    who: Allowed<ImportScope>,
    req: HttpRequest,
    app: Data<App>,
    name: Path<String>,
    how: Query<Asked>,
    body: Payload,
) -> Answer {
    let mut conn = app.db.get().await?;
    let incident = named(&mut conn, &name).await?.id;
    // Before anything of the body is read.
    ask_draft(&mut conn, incident, how.draft).await?;
    drop(conn);
    let imported = match how.upload {
        Some(_) if !req.content_type().is_empty() && req.content_type() != "application/json" => {
            return Err(Problem::new(Kind::BadRequest)
                .because("send the list or name its upload, not both"));
        }
        Some(upload) => in_pieces::import(&app, who.id, incident, how.how(), upload).await?,
        None if req.content_type().eq_ignore_ascii_case("text/csv") => {
            list_import::import(&app, who.id, incident, how.how(), body).await?
        }
        None => return Err(Problem::new(Kind::WrongType).because("send the list as text/csv")),
    };
    let mut conn = app.db.get().await?;
    let version = store::find(&mut conn, incident, imported.version).await?;
    let at = format!("/api/v1/incidents/{incident}/scopes/{}", imported.version);
    let view = ScopeView::of(&app, &mut conn, incident, version).await?;
    Ok(HttpResponse::Created()
        .insert_header((header::LOCATION, at))
        .json(view))
}

/// `GET /incidents/{id|slug}/scopes`: all versions, the newest first.
///
/// # Errors
/// 404.
pub(crate) async fn list(_: Allowed<SeeIncidents>, app: Data<App>, name: Path<String>) -> Answer {
    let mut conn = app.db.get().await?;
    let incident = named(&mut conn, &name).await?.id;
    let mut items = Vec::new();
    for version in store::list(&mut conn, incident).await? {
        items.push(ScopeView::of(&app, &mut conn, incident, version).await?);
    }
    Ok(HttpResponse::Ok().json(Page { items, next: None }))
}

/// `GET /incidents/{id|slug}/scopes/{version}`.
///
/// # Errors
/// 404.
pub(crate) async fn show(
    _: Allowed<SeeIncidents>,
    app: Data<App>,
    path: Path<(String, i32)>,
) -> Answer {
    let mut conn = app.db.get().await?;
    let (incident, version) = found(&mut conn, &path).await?;
    Ok(HttpResponse::Ok().json(ScopeView::of(&app, &mut conn, incident.id, version).await?))
}

/// `GET /incidents/{id|slug}/scopes/{version}/rejects`, as CSV.
///
/// # Errors
/// 404.
pub(crate) async fn rejects(
    who: Allowed<ImportScope>,
    app: Data<App>,
    path: Path<(String, i32)>,
) -> Answer {
    let (incident, version) = found(&mut *app.db.get().await?, &path).await?;
    let rows = usize::try_from(version.rejected).unwrap_or_default();
    who.saw(&app, Action::RejectsDownload, incident.id, rows);
    rejects::download(&app, &incident, &version)
}

/// The body of [`activate()`].
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Activate {
    confirm_rejects: bool,
    confirm: Confirmed,
}

/// `POST /incidents/{id|slug}/scopes/{version}/activate`.
///
/// # Errors
/// 404, a version that is no draft, or something that is not confirmed with its number.
pub(crate) async fn activate(
    who: Allowed<ImportScope>,
    app: Data<App>,
    path: Path<(String, i32)>,
    how: OrNothing<Activate>,
) -> Answer {
    let (incident, version) = found(&mut *app.db.get().await?, &path).await?;
    let consent = Consent::Numbers(Confirmed {
        any_rejected: how.0.confirm_rejects,
        ..how.0.confirm
    });
    let active = activate::activate(&app, who.id, incident.id, version.version, consent).await?;
    let mut conn = app.db.get().await?;
    Ok(HttpResponse::Ok().json(ScopeView::of(&app, &mut conn, incident.id, active).await?))
}

/// The body of [`discard`].
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Discard {
    revision: Option<String>,
}

/// `POST /incidents/{id|slug}/scopes/{version}/discard`.
///
/// # Errors
/// 404, or a version that is no draft.
pub(crate) async fn discard(
    who: Allowed<ImportScope>,
    app: Data<App>,
    path: Path<(String, i32)>,
    how: OrNothing<Discard>,
) -> Answer {
    let (incident, version) = found(&mut *app.db.get().await?, &path).await?;
    let seen = how.0.revision.as_deref();
    activate::discard_seen(&app, who.id, incident.id, version.version, seen).await?;
    let mut conn = app.db.get().await?;
    let gone = store::find(&mut conn, incident.id, version.version).await?;
    Ok(HttpResponse::Ok().json(ScopeView::of(&app, &mut conn, incident.id, gone).await?))
}

async fn found(conn: &mut Conn, path: &(String, i32)) -> Result<(Incident, Version), Problem> {
    let incident = named(conn, &path.0).await?;
    let version = store::find(conn, incident.id, path.1).await?;
    Ok((incident, version))
}
