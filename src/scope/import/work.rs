//! One import at work: its rows are staged as they are read, compared with what is known, and become a draft.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use serde_json::json;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_postgres::Client;

use super::list::List;
use super::refuse::Refuse;
use super::stage::{Chunk, Corrects, Stage};
use super::{ImportError, Imported, Progress, joined};
use crate::actor::Actor;
use crate::app::App;
use crate::audit::{self, Action};
use crate::db;
use crate::id::StaffId;
use crate::scope::delta::{Brings, Difference};
use crate::scope::row_counts::RowCounts;
use crate::scope::store::{self, Former, Own, Which};
use crate::scope::{ScopeMode, ScopeStatus, Version, difference};
use crate::seal::to_hex;
use crate::staff::replay::store::mark_done;

/// Chunks that wait for the database; who reads then waits too.
const WAITING: usize = 1;
/// Threads that read, check and seal, at most: what they make, one connection must take.
const READERS: usize = 4;

/// One import at work; its client holds the lock.
pub(super) struct Work<'a> {
    pub(super) app: &'a App,
    pub(super) client: &'a Client,
    /// A second connection, for statements that run at the same time.
    pub(super) helper: &'a Client,
    pub(super) stage: Stage,
    /// Where the rows of a first list go.
    pub(super) own: Option<Own>,
    /// Whether they are made there as rows that every transaction sees, in the one that makes the table.
    pub(super) freeze: bool,
    pub(super) mode: ScopeMode,
    pub(super) columns: Vec<String>,
    /// The draft to which the rows are added.
    pub(super) adds_to: Option<Version>,
    /// What was known before its rows.
    pub(super) former: Former,
}

/// What was read of a list: how much, the rows of each kind, and which rejects they correct.
pub(super) struct Read {
    pub(super) at: Progress,
    pub(super) row_counts: RowCounts,
    pub(super) corrects: Vec<Corrects>,
}

impl Work<'_> {
    /// All of it; how long it took is in the metrics.
    pub(super) async fn run<R: io::Read + Send + 'static>(
        &self,
        by: StaffId,
        list: List<R>,
        progress: &impl Fn(Progress),
    ) -> Result<Imported, ImportError> {
        let begun = Instant::now();
        let imported = self.draft(by, list, progress).await?;
        let took = begun.elapsed().as_secs_f64();
        self.app.metrics.import_seconds.observe(took);
        Ok(imported)
    }

    async fn draft<R: io::Read + Send + 'static>(
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
            row_counts: RowCounts::default(),
            corrects: Vec::new(),
        };
        while let Some(chunk) = chunks.recv().await {
            read.row_counts.add_all(&chunk.row_counts);
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
                refused = self.refuse().duplicates(&mut read.row_counts).await?;
                store::key_own(self.client, self.helper, own).await?;
            }
            other => other?,
        }
        if read.row_counts.rows() < read.at.accepted - refused {
            refused += self.refuse().strangers(None, &mut read.row_counts).await?;
        }
        store::complete_own(self.client, self.helper, own).await?;
        let mut difference = self.none_yet();
        difference::add_new(&mut difference, self.stage.incident, &read.row_counts)?;
        Ok((refused, difference))
    }

    pub(super) fn refuse(&self) -> Refuse<'_> {
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
