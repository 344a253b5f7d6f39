//! Importing a list as the next version of a scope: read, checked and sealed as it streams, staged apart from the
//! people in force, compared with them, and left as a draft.
//!
//! The version is visible as `importing` from its first row, and nothing else is touched. An import that dies leaves
//! staged rows that no query reads; the next import of the incident discards them. That it died shows in its lock,
//! which lives as long as its connection.
//!
//! Rows that are added to a draft (`import::add`) are staged as if they were a version of their own, and become the
//! draft's in one transaction: an import that dies leaves the draft as it was.

mod add;
mod again;
mod compare;
mod complete;
mod corrected;
mod error;
mod list;
mod references;
mod refuse;
mod stage;
mod work;

use std::io;
use std::sync::Arc;

use self::again::Again;
pub use self::error::ImportError;
use self::list::List;
use self::stage::Stage;
use self::work::Work;
use super::activate;
use super::delta::Delta;
use super::lines::FileLines;
use super::store::{self, Former, Own, Which};
use super::{How, OnDraft, ScopeMode, ScopeStatus, Version};
use crate::app::App;
use crate::db;
use crate::id::{IncidentId, StaffId};
use crate::incident;
use crate::seal::IncidentKey;

/// Where a list comes from.
#[derive(Debug)]
pub enum Source<R> {
    /// A file: all of it is there, and one transaction takes it in.
    File(R),
    /// A client sends it, perhaps over a slow line: no transaction stays open for the upload, since nothing could be
    /// vacuumed until its end.
    Upload(R),
}

/// How far an import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Octets of the file read so far.
    pub bytes: u64,
    /// Rows taken so far.
    pub accepted: i64,
    /// Rows refused so far.
    pub rejected: i64,
    /// Whether all is read and the list is being compared with what is in force.
    pub comparing: bool,
}

/// A draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// Its number.
    pub version: i32,
    /// Rows taken.
    pub accepted: i64,
    /// Rows refused; `store::list_rejects` has them.
    pub rejected: i64,
    /// The lines of the file, and of what it was added to: with the rows they add up. `None` if it was added to a
    /// draft without a count of its lines.
    pub lines: Option<FileLines>,
    /// What it would change.
    pub delta: Delta,
}

/// Refuses an import that does not say what becomes of the draft that waits, or would add to a draft that does not.
/// To be asked before anything of the list is read; the import asks again. The draft that waits.
///
/// # Errors
/// [`ImportError::Forgotten`], [`ImportError::Over`], [`ImportError::DraftWaits`], [`ImportError::NoDraft`], or the database's.
pub async fn ask_draft(
    conn: &mut db::Conn,
    incident: IncidentId,
    on: Option<OnDraft>,
) -> Result<Option<Version>, ImportError> {
    let found = incident::store::find(conn, incident).await?;
    if found.forgotten_at.is_some() {
        return Err(ImportError::Forgotten);
    }
    if found.state.is_over() {
        return Err(ImportError::Over(found.state));
    }
    match (store::find_draft(conn, incident).await?, on) {
        (Some(draft), None) => Err(ImportError::DraftWaits {
            version: draft.version,
            accepted: draft.accepted,
            rejected: draft.rejected,
        }),
        (None, Some(OnDraft::Add)) => Err(ImportError::NoDraft),
        (draft, _) => Ok(draft),
    }
}

/// Imports a list as the next version, a draft, or adds its rows to the draft that waits. `progress` is told of every
/// chunk; it must be quick. Dropped on the way, it leaves what a dead import leaves.
///
/// # Errors
/// [`ImportError`]; bad rows are none, they become rejects.
pub async fn import(
    app: &App,
    by: StaffId,
    incident: IncidentId,
    how: impl Into<How>,
    source: Source<impl io::Read + Send + 'static>,
    progress: impl Fn(Progress),
) -> Result<Imported, ImportError> {
    // It may take long.
    let app = &app.patient().apart();
    let How { mode, draft: on } = how.into();
    ask_draft(&mut *app.db.get().await?, incident, on).await?;
    let (reader, is_file) = match source {
        Source::File(reader) => (reader, true),
        Source::Upload(reader) => (reader, false),
    };
    let list = blocking(move || List::open(reader)).await??;
    let key = key_of(app, incident).await?;
    // With a version that is half in force nothing can be compared: it is ended first.
    activate::resume(app, Some(incident)).await?;
    let (client, helper) = (app.db.raw().await?, app.db.raw().await?);
    if !store::try_lock_session(&client, incident).await? {
        return Err(ImportError::Busy);
    }
    store::sweep(&client, incident).await?;
    let (version, waiting) = begin(app, by, incident, mode, on).await?;
    let adds_to = waiting.filter(|_| on == Some(OnDraft::Add));
    let again = refused_before(app, incident, list.is_rejects(), adds_to.as_ref()).await?;
    let nothing_in_force = store::is_first(&mut *app.db.get().await?, incident).await?;
    let is_first = nothing_in_force && adds_to.is_none();
    let former = former(incident, nothing_in_force, adds_to.as_ref());
    let work = Work {
        app,
        client: &client,
        helper: &helper,
        mode: adds_to.as_ref().map_or(mode, |draft| draft.mode),
        own: is_first.then(|| Own::new(incident, version)),
        freeze: is_first && is_file,
        columns: list.columns.clone(),
        adds_to,
        former,
        stage: Stage {
            incident,
            version,
            key,
            clock: app.clock.clone(),
            is_first,
            lacks: list.lacks(),
            again: Arc::new(again),
        },
    };
    let done = work.run(by, list, &progress).await;
    if done.is_err() {
        undo(&work).await;
    }
    // The end of the connection would release it too, but only soon.
    let _ = store::unlock_session(&client, incident).await;
    done
}

/// The key of an incident that is neither forgotten nor over.
async fn key_of(app: &App, incident: IncidentId) -> Result<IncidentKey, ImportError> {
    let found = incident::store::find(&mut *app.db.get().await?, incident).await?;
    let key = found.key(&app.keys)?.ok_or(ImportError::Forgotten)?;
    if found.state.is_over() {
        return Err(ImportError::Over(found.state));
    }
    Ok(key)
}

/// The rows that were refused before, if the list is one of rejects.
async fn refused_before(
    app: &App,
    incident: IncidentId,
    is_rejects: bool,
    adds_to: Option<&Version>,
) -> Result<Again, ImportError> {
    if !is_rejects {
        return Ok(Again::default());
    }
    let draft = adds_to.map(|draft| draft.version);
    Ok(Again::load(&mut *app.db.get().await?, incident, draft).await?)
}

/// What is known before the rows of this list.
fn former(incident: IncidentId, nothing_in_force: bool, adds_to: Option<&Version>) -> Former {
    match adds_to {
        None => Former::People,
        Some(draft) if nothing_in_force => Former::FirstDraft(Own::new(incident, draft.version)),
        Some(draft) => Former::Draft(draft.version),
    }
}

/// Discards what a failed import has written. If this fails too, the next import does it. Another import may be at work
/// by now, if the lock was lost.
async fn undo(work: &Work<'_>) {
    if work.freeze {
        let _ = store::roll_back(work.client).await;
    }
    let Stage {
        incident, version, ..
    } = work.stage;
    let _ = abandon(work.app, incident, Which::Only(version)).await;
}

/// Discards what dead imports left, then opens the next version; and the draft that waits.
async fn begin(
    app: &App,
    by: StaffId,
    incident: IncidentId,
    mode: ScopeMode,
    on: Option<OnDraft>,
) -> Result<(i32, Option<Version>), ImportError> {
    abandon(app, incident, Which::All).await?;
    let mut tx = app.db.begin().await?;
    // Forgetting and closing an incident take the same lock: from here on they find this version.
    let found = incident::store::lock(&mut tx, incident).await?;
    if found.forgotten_at.is_some() {
        return Err(ImportError::Forgotten);
    }
    if found.state.is_over() {
        return Err(ImportError::Over(found.state));
    }
    let draft = ask_draft(&mut tx, incident, on).await?;
    let version = store::insert(&mut tx, incident, mode, by, app.now()).await?;
    tx.commit().await?;
    Ok((version, draft))
}

async fn abandon(app: &App, incident: IncidentId, which: Which) -> Result<(), db::Error> {
    let mut tx = app.db.begin().await?;
    store::discard(&mut tx, incident, ScopeStatus::Importing, which).await?;
    tx.commit().await
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ImportError> {
    joined(tokio::task::spawn_blocking(work).await)
}

/// What a blocking task returned. A panic goes on here; the only other end is that of the runtime.
fn joined<T>(result: Result<T, tokio::task::JoinError>) -> Result<T, ImportError> {
    result.map_err(|error| match error.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        Err(_) => ImportError::Stopped,
    })
}
