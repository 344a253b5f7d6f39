//! Importing the affected list: the page, its form, and what its script asks.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload, Query};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Serialize;

use super::around::{self, incident_at, on_to};
use crate::app::App;
use crate::db::Conn;
use crate::element::Element;
use crate::id::UploadId;
use crate::incident::Incident;
use crate::scope::activate::ActivateError;
use crate::scope::import::{ImportError, Imported, ask_draft};
use crate::scope::{How, OnDraft, ScopeMode, ScopeStatus, Version, store, upload as in_pieces};
use crate::staff::right::ImportScope;
use crate::web::caller::{Allowed, Signed};
use crate::web::conversation::sentence;
use crate::web::figures::filters;
use crate::web::multipart::{Parts, boundary};
use crate::web::page::{self, Area, Desk, Fault, Faults};
use crate::web::problem::{Answer, Kind, Problem};
use crate::web::upload_chunks::told;
use crate::web::{Home, form, list_import};

/// Longest field beside the file.
const SHORT: usize = 1_000;

/// `/console/incidents/{slug}/import`
#[derive(Template)]
#[template(path = "console/import.html")]
pub struct Import {
    /// The frame.
    pub desk: Desk,
    /// The incident's address.
    pub slug: String,
    /// The incident's title.
    pub title: String,
    /// Which version this import becomes.
    pub version: i64,
    /// `full` or `delta`, as chosen.
    pub mode: String,
    /// The draft that waits, if one does.
    pub draft: Option<Waiting>,
    /// Why the file was refused whole; field `file`.
    pub faults: Faults,
    /// Why no list is taken, a sentence; empty if one is.
    pub over: String,
}

/// A draft that waits.
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
    /// What its rows are, as this page shows them.
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
pub async fn ask(
    who: Allowed<ImportScope>,
    req: HttpRequest,
    app: Data<App>,
    slug: Path<String>,
) -> Answer {
    let mut conn = app.db.get().await?;
    let incident = incident_at(&mut conn, &slug).await?;
    let asked = (ScopeMode::Full, Faults::default());
    asking(&app, &mut conn, &req, &who, incident, StatusCode::OK, asked).await
}

async fn asking(
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
        desk: around::desk(app, conn, req, who, Area::Incidents).await?,
        slug: of.slug,
        title: of.title,
        version: i64::from(last) + 1,
        mode: mode.to_string(),
        draft: draft.as_ref().map(Waiting::of),
        faults,
    };
    Ok(page::show(status, &import)?)
}

/// What an address says of the draft that waits.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub struct OfDraft {
    draft: Option<OnDraft>,
    /// The revision of the draft that the page showed.
    seen: Option<String>,
}

impl OfDraft {
    /// Refuses to discard a draft to which a file was added since the page was loaded.
    fn is_as_seen(&self, draft: Option<&Version>) -> Result<(), Problem> {
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

/// `POST /console/incidents/{slug}/uploads?draft=add|replace`: the page's script will send the file in pieces.
///
/// # Errors
/// 404, a draft of which it is not said what becomes of it, or no size that a list can have.
pub async fn begin_upload(
    who: Allowed<ImportScope>,
    app: Data<App>,
    slug: Path<String>,
    on: Query<OfDraft>,
    form: form::Form<Size>,
) -> Answer {
    let incident = incident_at(&mut *app.db.get().await?, &slug).await?;
    let draft = store::find_draft(&mut *app.db.get().await?, incident.id).await?;
    on.is_as_seen(draft.as_ref())?;
    let begun = in_pieces::begin(&app, who.id, incident.id, form.size, on.draft).await?;
    Ok(told(HttpResponse::Created(), &begun))
}

/// The list in a form.
enum Sent {
    /// In the form itself, as its last part.
    File,
    /// In pieces before.
    Upload(UploadId),
}

/// `POST /console/incidents/{slug}/scopes?draft=add|replace`: the file goes on into the import while it arrives, or it is all here
/// in pieces.
///
/// # Errors
/// 404, a form that is not ours, another import at work; a file that is refused shows the page again.
pub async fn import(
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
    let (mode, list) = before_the_list(&req, &mut parts).await?;
    let (by, of) = (who.id, incident.id);
    let how = How {
        mode,
        draft: on.draft,
    };
    // Before anything of the list is read.
    let asked = ask_draft(&mut *app.db.get().await?, of, how.draft).await;
    if let Ok(draft) = &asked {
        on.is_as_seen(draft.as_ref())?;
    }
    let imported: Result<Imported, ImportError> = match (asked, list) {
        (Err(error), _) => Err(error),
        (Ok(_), Sent::File) => list_import::import(&app, by, of, how, parts.into_pieces()).await,
        (Ok(_), Sent::Upload(upload)) => {
            let doing = app.as_ref().clone();
            // In the process's own runtime: a connection that breaks does not stop it half way.
            let deed = async move { in_pieces::import(&doing, by, of, how, upload).await };
            home.run(deed).await.map_err(Problem::broken)?
        }
    };
    let why = match imported {
        Ok(imported) => {
            let page = format!("/console/incidents/{slug}/scopes/{}", imported.version);
            let did = match how.draft {
                Some(OnDraft::Add) => "added",
                _ => "imported",
            };
            return Ok(on_to(&page, did));
        }
        Err(why) => why,
    };
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
    asking(&app, &mut conn, &req, &who, incident, status, asked).await
}

/// How far the import under way is, for the page that uploads it.
#[derive(Serialize)]
struct Importing {
    rows: i64,
    rejected: i64,
    /// Octets of the file.
    read: i64,
}

/// `GET /console/incidents/{slug}/importing`: rows read so far, as JSON; 0 while none is under way.
///
/// # Errors
/// 404.
pub async fn importing(_: Allowed<ImportScope>, app: Data<App>, slug: Path<String>) -> Answer {
    let mut conn = app.db.get().await?;
    let incident = incident_at(&mut conn, &slug).await?;
    let versions = store::list(&mut conn, incident.id).await?;
    let under_way = versions.iter().find(|v| v.status == ScopeStatus::Importing);
    // Of one that died nothing comes any more.
    let under_way = match under_way {
        Some(version) if store::is_at_work(&mut conn, incident.id).await? => Some(version),
        _ => None,
    };
    let (rows, rejected, read) = under_way.map_or((0, 0, 0), |v| {
        (v.accepted + v.rejected, v.rejected, v.octets_read)
    });
    Ok(HttpResponse::Ok().json(Importing {
        rows,
        rejected,
        read,
    }))
}

/// Reads the fields that stand before the list: whether the form is ours, and what the list holds.
async fn before_the_list(
    req: &HttpRequest,
    parts: &mut Parts<Payload>,
) -> Result<(ScopeMode, Sent), Problem> {
    let (mut token, mut mode) = (String::new(), ScopeMode::Full);
    while let Some(name) = parts.next().await? {
        match name.as_str() {
            "csrf" => token = parts.text(SHORT).await?,
            "mode" => {
                let word = parts.text(SHORT).await?;
                mode = word
                    .parse()
                    .map_err(|e| Problem::new(Kind::BadRequest).because(e))?;
            }
            "file" => {
                form::check(req, &token)?;
                return Ok((mode, Sent::File));
            }
            "upload" => {
                let id = parts.text(SHORT).await?;
                form::check(req, &token)?;
                let id = id.parse().map_err(|_| Problem::not_found())?;
                return Ok((mode, Sent::Upload(id)));
            }
            _ => {}
        }
    }
    Err(Problem::new(Kind::BadRequest).because("the form has no file"))
}
