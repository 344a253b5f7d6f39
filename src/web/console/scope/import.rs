//! Importing the affected list: the page, its form, and the requests of its script.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload, Query};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Serialize;

use crate::app::App;
use crate::db::Conn;
use crate::element::Element;
use crate::id::{IncidentId, StaffId, UploadId};
use crate::incident::Incident;
use crate::scope::activate::ActivateError;
use crate::scope::import::{ImportError, Imported, ask_draft};
use crate::scope::{How, OnDraft, ScopeMode, ScopeStatus, Version, store, upload as chunks};
use crate::staff::right::ImportScope;
use crate::web::caller::{Allowed, Signed};
use crate::web::console::answer::{self, redirect};
use crate::web::console::incident::incident_at;
use crate::web::conversation::sentence;
use crate::web::figures::filters;
use crate::web::multipart::{Parts, boundary};
use crate::web::page::{self, Area, ConsoleFrame, Fault, Faults};
use crate::web::problem::{Answer, Kind, Problem};
use crate::web::upload_chunks::told;
use crate::web::{Home, form, list_import};

/// The maximum length of a field before the file, in octets.
const FIELD: usize = 1_000;

/// `/console/incidents/{slug}/import`
#[derive(Template)]
#[template(path = "console/scope/import.html")]
pub struct Import {
    /// The frame.
    pub desk: ConsoleFrame,
    /// The incident's address.
    pub slug: String,
    /// The incident's title.
    pub title: String,
    /// Which version this import becomes.
    pub version: i64,
    /// `full` or `delta`, as chosen.
    pub mode: String,
    /// The draft that is not activated yet, if there is one.
    pub draft: Option<Waiting>,
    /// Why the whole file was refused; field `file`.
    pub faults: Faults,
    /// Why no list can be imported, a sentence; empty if one can.
    pub over: String,
}

/// A draft that is not activated yet.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// Its number.
    pub version: i64,
    /// Rows accepted.
    pub accepted: i64,
    /// Rows refused.
    pub rejected: i64,
    /// `full` or `delta`.
    pub mode: String,
    /// The revision of its rows.
    pub revision: String,
}

impl Waiting {
    fn of(draft: &Version) -> Self {
        Self {
            version: draft.version.into(),
            accepted: draft.accepted,
            rejected: draft.rejected,
            mode: draft.mode.to_string(),
            revision: draft.revision(),
        }
    }
}

/// `GET /console/incidents/{slug}/import`.
///
/// # Errors
/// 404.
pub(crate) async fn ask(
    who: Allowed<ImportScope>,
    req: HttpRequest,
    app: Data<App>,
    slug: Path<String>,
) -> Answer {
    let mut conn = app.db.get().await?;
    let incident = incident_at(&mut conn, &slug).await?;
    let asked = (ScopeMode::Full, Faults::default());
    show(&app, &mut conn, &req, &who, incident, StatusCode::OK, asked).await
}

async fn show(
    app: &App,
    conn: &mut Conn,
    req: &HttpRequest,
    who: &Signed,
    of: Incident,
    status: StatusCode,
    (mode, faults): (ScopeMode, Faults),
) -> Answer {
    let last = store::list(conn, of.id)
        .await?
        .first()
        .map_or(0, |last| last.version);
    let draft = store::find_draft(conn, of.id).await?;
    let over = match of.is_over() || of.forgotten_at.is_some() {
        true => match of.forgotten_at {
            Some(_) => sentence(ImportError::Forgotten.to_string()),
            None => sentence(ImportError::Over(of.state).to_string()),
        },
        false => String::new(),
    };
    let import = Import {
        over,
        desk: answer::frame(app, conn, req, who, Area::Incidents).await?,
        slug: of.slug,
        title: of.title,
        version: i64::from(last) + 1,
        mode: mode.to_string(),
        draft: draft.as_ref().map(Waiting::of),
        faults,
    };
    Ok(page::show(status, &import)?)
}

/// The query: what happens to the present draft.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub struct OfDraft {
    draft: Option<OnDraft>,
    /// The revision of the draft that the page showed.
    seen: Option<String>,
}

impl OfDraft {
    /// Refuses to discard a draft that changed since the page was loaded.
    fn check_revision(&self, draft: Option<&Version>) -> Result<(), Problem> {
        let changed = draft.filter(|draft| {
            let seen = self.seen.as_ref();
            self.draft == Some(OnDraft::Replace) && seen.is_some_and(|r| *r != draft.revision())
        });
        changed.map_or(Ok(()), |draft| {
            let (version, accepted, rejected) = (draft.version, draft.accepted, draft.rejected);
            let error = ActivateError::Changed {
                version,
                accepted,
                rejected,
            };
            Err(error.into())
        })
    }
}

/// The form that [`begin_upload`] reads.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub struct Size {
    size: i64,
}

/// `POST /console/incidents/{slug}/uploads?draft=add|replace`: the script of the page will send the file in chunks.
///
/// # Errors
/// 404, a draft without a choice what happens to it, or a size that no list can have.
pub(crate) async fn begin_upload(
    who: Allowed<ImportScope>,
    app: Data<App>,
    slug: Path<String>,
    on: Query<OfDraft>,
    form: form::Form<Size>,
) -> Answer {
    let incident = incident_at(&mut *app.db.get().await?, &slug).await?;
    let draft = store::find_draft(&mut *app.db.get().await?, incident.id).await?;
    on.check_revision(draft.as_ref())?;
    let begun = chunks::begin(&app, who.id, incident.id, form.size, on.draft).await?;
    Ok(told(HttpResponse::Created(), &begun))
}

/// Where the list is.
enum Sent {
    /// In the form, as its last part.
    File,
    /// In an upload that is complete.
    Upload(UploadId),
}

/// `POST /console/incidents/{slug}/scopes?draft=add|replace`: imports the file while it
/// arrives, or an upload that is complete.
///
/// # Errors
/// 404, a form without our token, another running import. A refused file shows the page again.
pub(crate) async fn import(
    who: Allowed<ImportScope>,
    req: HttpRequest,
    app: Data<App>,
    home: Data<Home>,
    slug: Path<String>,
    on: Query<OfDraft>,
    body: Payload,
) -> Answer {
    let incident = incident_at(&mut *app.db.get().await?, &slug).await?;
    let mut parts = Parts::new(body, &boundary(&req)?);
    let (mode, list) = read_fields(&req, &mut parts).await?;
    let (of, draft) = (incident.id, on.draft);
    let how = How { mode, draft };
    // Checked before the list is read.
    let asked = ask_draft(&mut *app.db.get().await?, of, how.draft).await;
    if let Ok(draft) = &asked {
        on.check_revision(draft.as_ref())?;
    }
    let imported = match (asked, list) {
        (Err(error), _) => Err(error),
        (Ok(_), Sent::File) => {
            list_import::import(&app, who.id, of, how, parts.into_pieces()).await
        }
        (Ok(_), Sent::Upload(upload)) => {
            import_upload(&app, &home, (who.id, of), how, upload).await?
        }
    };
    match imported {
        Ok(imported) => {
            let page = format!("/console/incidents/{slug}/scopes/{}", imported.version);
            let message = match how.draft {
                Some(OnDraft::Add) => "added",
                _ => "imported",
            };
            Ok(redirect(&page, message))
        }
        Err(why) => refused(&app, &req, &who, incident, (mode, why)).await,
    }
}

/// Imports an upload in the runtime of the process: it does not stop when the connection breaks.
async fn import_upload(
    app: &App,
    home: &Home,
    (by, of): (StaffId, IncidentId),
    how: How,
    upload: UploadId,
) -> Result<Result<Imported, ImportError>, Problem> {
    let app = app.clone();
    let import = async move { chunks::import(&app, by, of, how, upload).await };
    home.run(import).await.map_err(Problem::broken)
}

/// The page with the reason why the list is refused. Errors that the reader cannot correct stay problems.
async fn refused(
    app: &App,
    req: &HttpRequest,
    who: &Signed,
    of: Incident,
    (mode, why): (ScopeMode, ImportError),
) -> Answer {
    let status = match &why {
        why if why.is_of_the_list() => StatusCode::UNPROCESSABLE_ENTITY,
        ImportError::DraftWaits { .. } | ImportError::NoDraft => StatusCode::CONFLICT,
        _ => return Err(why.into()),
    };
    let fault = Fault {
        field: "file".to_owned(),
        text: why.to_string(),
    };
    let asked = (mode, Faults(vec![fault]));
    let mut conn = app.db.get().await?;
    show(app, &mut conn, req, who, of, status, asked).await
}

/// The progress of the running import.
#[derive(Serialize)]
struct Importing {
    rows: i64,
    rejected: i64,
    /// Octets of the file that were read.
    read: i64,
}

/// `GET /console/incidents/{slug}/importing`: rows read so far, as JSON; 0 without a running import.
///
/// # Errors
/// 404.
pub(crate) async fn importing(
    _: Allowed<ImportScope>,
    app: Data<App>,
    slug: Path<String>,
) -> Answer {
    let mut conn = app.db.get().await?;
    let incident = incident_at(&mut conn, &slug).await?;
    let versions = store::list(&mut conn, incident.id).await?;
    let running = versions.iter().find(|v| v.status == ScopeStatus::Importing);
    // The process of an import can have stopped.
    let running = match running {
        Some(version) if store::is_at_work(&mut conn, incident.id).await? => Some(version),
        _ => None,
    };
    let (rows, rejected, read) = running.map_or((0, 0, 0), |v| {
        (v.accepted + v.rejected, v.rejected, v.octets_read)
    });
    Ok(HttpResponse::Ok().json(Importing {
        rows,
        rejected,
        read,
    }))
}

/// Reads the fields before the list, checks the token of the form, and returns what the list holds and where it is.
async fn read_fields(
    req: &HttpRequest,
    parts: &mut Parts<Payload>,
) -> Result<(ScopeMode, Sent), Problem> {
    let (mut token, mut mode) = (String::new(), ScopeMode::Full);
    while let Some(name) = parts.next().await? {
        match name.as_str() {
            "csrf" => token = parts.text(FIELD).await?,
            "mode" => {
                let word = parts.text(FIELD).await?;
                mode = word
                    .parse()
                    .map_err(|e| Problem::new(Kind::BadRequest).because(e))?;
            }
            "file" => {
                form::check(req, &token)?;
                return Ok((mode, Sent::File));
            }
            "upload" => {
                let id = parts.text(FIELD).await?;
                form::check(req, &token)?;
                let id = id.parse().map_err(|_| Problem::not_found())?;
                return Ok((mode, Sent::Upload(id)));
            }
            _ => {}
        }
    }
    Err(Problem::new(Kind::BadRequest).because("the form has no file"))
}
