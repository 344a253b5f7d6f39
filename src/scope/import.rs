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
mod references;
mod refuse;
mod stage;

use std::io;
use std::sync::Arc;
use std::time::Instant;

use serde_json::json;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_postgres::Client;

use self::again::Again;
pub use self::error::ImportError;
use self::refuse::Refuse;
use self::stage::{Chunk, Corrects, List, Stage};
use super::activate;
use super::delta::{Brings, Delta, Difference};
use super::kinds::Kinds;
use super::lines::FileLines;
use super::store::{self, Former, Own, Which};
use super::{How, OnDraft, ScopeMode, ScopeStatus, Version, difference};
use crate::actor::Actor;
use crate::app::App;
use crate::audit::{self, Action};
use crate::db;
use crate::id::{IncidentId, StaffId};
use crate::incident;
use crate::seal::to_hex;
use crate::staff::replay::store::mark_done;

/// Chunks that wait for the database; who reads then waits too.
const WAITING: usize = 1;
/// Threads that read, check and seal, at most: what they make, one connection must take.
const READERS: usize = 4;

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
    let found = incident::store::find(&mut *app.db.get().await?, incident).await?;
    let key = found.key(&app.keys)?.ok_or(ImportError::Forgotten)?;
    if found.state.is_over() {
        return Err(ImportError::Over(found.state));
    }
    // With a version that is half in force nothing can be compared: it is ended first.
    activate::resume(app, Some(incident)).await?;
    let (client, helper) = (app.db.raw().await?, app.db.raw().await?);
    if !store::try_lock_session(&client, incident).await? {
        return Err(ImportError::Busy);
    }
    store::sweep(&client, incident).await?;
    let (version, waiting) = begin(app, by, incident, mode, on).await?;
    let adds_to = waiting.filter(|_| on == Some(OnDraft::Add));
    let again = if list.is_rejects() {
        let draft = adds_to.as_ref().map(|draft| draft.version);
        Again::load(&mut *app.db.get().await?, incident, draft).await?
    } else {
        Again::default()
    };
    let nothing_in_force = store::is_first(&mut *app.db.get().await?, incident).await?;
    let is_first = nothing_in_force && adds_to.is_none();
    let former = match &adds_to {
        None => Former::People,
        Some(draft) if nothing_in_force => Former::FirstDraft(Own::new(incident, draft.version)),
        Some(draft) => Former::Draft(draft.version),
    };
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
    let begun = Instant::now();
    let done = work.run(by, list, &progress).await;
    if done.is_ok() {
        let took = begun.elapsed().as_secs_f64();
        app.metrics.import_seconds.observe(took);
    }
    if done.is_err() {
        if work.freeze {
            let _ = store::roll_back(&client).await;
        }
        // If this fails too, the next import does it. Another import may be at work by now, if the lock was lost.
        let _ = abandon(app, incident, Which::Only(version)).await;
    }
    // The end of the connection would release it too, but only soon.
    let _ = store::unlock_session(&client, incident).await;
    done
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

/// One import at work; its client holds the lock.
struct Work<'a> {
    app: &'a App,
    client: &'a Client,
    /// A second connection, for statements that run at the same time.
    helper: &'a Client,
    stage: Stage,
    /// Where the rows of a first list go.
    own: Option<Own>,
    /// Whether they are made there as rows that every transaction sees, in the one that makes the table.
    freeze: bool,
    mode: ScopeMode,
    columns: Vec<String>,
    /// The draft to which the rows are added.
    adds_to: Option<Version>,
    /// What was known before its rows.
    former: Former,
}

/// What was read of a list: how much, the rows of each kind, and which rejects they correct.
struct Read {
    at: Progress,
    kinds: Kinds,
    corrects: Vec<Corrects>,
}

impl Work<'_> {
    async fn run<R: io::Read + Send + 'static>(
        &self,
        by: StaffId,
        list: List<R>,
        progress: &impl Fn(Progress),
    ) -> Result<Imported, ImportError> {
        // A crash of Postgres loses the last rows of a draft that is not finished: it is discarded then.
        // The commit that makes it a draft waits for the disk, and with it for all before.
        store::hurry(self.client).await?;
        store::hurry(self.helper).await?;
        let list = Arc::new(list);
        if let Some(own) = &self.own {
            if self.freeze {
                store::begin(self.client).await?;
            }
            store::create_own(self.client, own).await?;
        }
        let mut read = self.take(&list, progress).await?;
        if self.freeze {
            store::commit(self.client).await?;
        }
        read.at.comparing = true;
        progress(read.at);
        if let Some(draft) = &self.adds_to {
            return self.add(by, &list, read, draft).await;
        }
        let (refused, difference) = match &self.own {
            Some(own) => self.index(own, &mut read).await?,
            None => self.compare(&list, &mut read).await?,
        };
        let imported = Imported {
            version: self.stage.version,
            accepted: read.at.accepted - refused,
            rejected: read.at.rejected + refused,
            lines: Some(list.lines().into()),
            delta: difference.delta,
        };
        self.finish(by, &imported, &difference.brings, &list.hash())
            .await?;
        Ok(imported)
    }

    /// Stages the whole list.
    async fn take<R: io::Read + Send + 'static>(
        &self,
        list: &Arc<List<R>>,
        progress: &impl Fn(Progress),
    ) -> Result<Read, ImportError> {
        let (to, mut chunks) = mpsc::channel(WAITING);
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let mut reading = JoinSet::new();
        for _ in 0..threads.min(READERS) {
            let (stage, list, to) = (self.stage.clone(), Arc::clone(list), to.clone());
            reading.spawn_blocking(move || stage.run(&list, &to));
        }
        drop(to);
        let at = Progress {
            bytes: 0,
            accepted: 0,
            rejected: 0,
            comparing: false,
        };
        let mut read = Read {
            at,
            kinds: Kinds::default(),
            corrects: Vec::new(),
        };
        while let Some(chunk) = chunks.recv().await {
            read.kinds.add_all(&chunk.kinds);
            read.corrects.extend_from_slice(&chunk.corrects);
            self.write(chunk, &mut read.at).await?;
            progress(read.at);
        }
        while let Some(thread) = reading.join_next().await {
            joined(thread)??.ok_or(ImportError::Stopped)?;
        }
        Ok(read)
    }

    async fn write(&self, chunk: Chunk, at: &mut Progress) -> Result<(), ImportError> {
        for rows in chunk.rows {
            store::copy_rows(self.client, self.own.as_ref(), self.freeze, rows).await?;
        }
        if let Some(rejects) = chunk.rejects {
            store::copy_rejects(self.helper, rejects).await?;
        }
        at.bytes = at.bytes.max(chunk.bytes);
        at.accepted += i64::try_from(chunk.accepted).unwrap_or(i64::MAX);
        at.rejected += i64::try_from(chunk.rejected).unwrap_or(i64::MAX);
        let Stage {
            incident, version, ..
        } = self.stage;
        let octets = i64::try_from(at.bytes).unwrap_or(i64::MAX);
        let counts = (at.accepted, at.rejected, octets);
        store::set_progress(self.helper, incident, version, counts).await?;
        Ok(())
    }

    /// Makes of the table of a first list what the incident's part of `person` must be; how many rows were refused on
    /// the way, and the difference: all others are new.
    async fn index(&self, own: &Own, read: &mut Read) -> Result<(i64, Difference), ImportError> {
        let mut refused = 0;
        match store::key_own(self.client, self.helper, own).await {
            Err(db::Error::Conflict(_)) => {
                store::analyze_own(self.client, own).await?;
                refused = self.refuse().duplicates(&mut read.kinds).await?;
                store::key_own(self.client, self.helper, own).await?;
            }
            other => other?,
        }
        if read.kinds.rows() < read.at.accepted - refused {
            refused += self.refuse().strangers(None, &mut read.kinds).await?;
        }
        store::complete_own(self.client, self.helper, own).await?;
        let mut difference = self.none_yet();
        difference::add_new(&mut difference, self.stage.incident, &read.kinds)?;
        Ok((refused, difference))
    }

    fn refuse(&self) -> Refuse<'_> {
        Refuse {
            client: self.client,
            helper: self.helper,
            stage: &self.stage,
            own: self.own.as_ref(),
            columns: &self.columns,
        }
    }

    /// Makes the version a draft, in the place of the draft before it if it was to be replaced.
    async fn finish(
        &self,
        by: StaffId,
        imported: &Imported,
        brings: &Brings,
        file_hash: &[u8],
    ) -> Result<(), ImportError> {
        let Imported {
            version,
            accepted,
            rejected,
            lines,
            delta,
        } = imported;
        if !lines.is_some_and(|lines| lines.add_up(*accepted, *rejected, 0)) {
            return Err(db::Error::inconsistent("scope_version", version).into());
        }
        let incident = self.stage.incident;
        let mut tx = self.app.db.begin().await?;
        let replaced =
            store::discard(&mut tx, incident, ScopeStatus::Draft, Which::But(*version)).await?;
        let counts = (*accepted, *rejected);
        store::set_draft(
            &mut tx,
            (incident, *version),
            ScopeStatus::Importing,
            Some(file_hash),
            counts,
            (delta, brings),
        )
        .await?;
        store::set_lines(&mut tx, incident, *version, *lines).await?;
        store::keep_groups(&mut tx, incident, *version).await?;
        let detail = json!({
            "version": version,
            "mode": self.mode,
            "lines": lines.map(|lines| lines.lines),
            "file_sha256": to_hex(file_hash),
            "accepted": accepted,
            "rejected": rejected,
            "replaced": replaced,
        });
        let (now, actor) = (self.app.now(), Actor::Staff(by));
        audit::store::append(&mut tx, now, actor, Action::ScopeImport, incident, &detail).await?;
        mark_done(&mut tx).await?;
        tx.commit().await?;
        Ok(())
    }
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
