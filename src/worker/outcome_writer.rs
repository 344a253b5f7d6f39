//! The outcome writer: outcomes of many connections, one commit. A caller gets its answer once the row is durable: no message
//! is sent before its beginning is written, and no connection continues before its last result is written (promise P3).

use std::sync::Arc;

use tokio::sync::{Mutex, mpsc, oneshot};

use crate::app::App;
use crate::db::{Error, Result};
use crate::delivery::attempt::Outcome;
use crate::delivery::store::writer::{Key, Writer, Written};

/// Most rows of one statement.
const MOST: usize = 2_000;

struct Entry {
    rows: Vec<Outcome>,
    /// The keys that were written, or `None` if the database refused.
    done: oneshot::Sender<Option<Vec<Key>>>,
}

/// Where connections submit their rows. Cheap to clone.
#[derive(Clone)]
pub(crate) struct OutcomeWriter(mpsc::Sender<Entry>);

impl OutcomeWriter {
    /// Starts the writers; they end when the last handle is dropped.
    pub(crate) fn start(app: &App) -> Self {
        let (sender, receiver) = mpsc::channel(1_024);
        let receiver = Arc::new(Mutex::new(receiver));
        for _ in 0..app.config.mail.writers {
            tokio::spawn(write_all(app.clone(), Arc::clone(&receiver)));
        }
        Self(sender)
    }

    /// Writes rows durably. The keys that were written: a missing one was there already.
    ///
    /// # Errors
    /// `Unavailable` if they could not be written.
    pub(crate) async fn write(&self, rows: Vec<Outcome>) -> Result<Vec<Key>> {
        self.submit(rows).await?.written().await
    }

    /// Submits rows to be written with the next commit.
    ///
    /// # Errors
    /// `Unavailable` if the writers have ended.
    pub(crate) async fn submit(&self, rows: Vec<Outcome>) -> Result<Writing> {
        let (done, answer) = oneshot::channel();
        match self.0.send(Entry { rows, done }).await {
            Ok(()) => Ok(Writing(answer)),
            Err(_) => Err(away()),
        }
    }
}

/// Rows that were handed in.
pub(crate) struct Writing(oneshot::Receiver<Option<Vec<Key>>>);

impl Writing {
    /// Waits until they are durable: the keys that were written.
    ///
    /// # Errors
    /// `Unavailable` if they could not be written.
    pub(crate) async fn written(self) -> Result<Vec<Key>> {
        self.0.await.ok().flatten().ok_or_else(away)
    }
}

fn away() -> Error {
    Error::Unavailable("outcomes cannot be written".to_owned())
}

/// Writes all waiting rows in one commit, again and again; no timer delays them.
async fn write_all(app: App, receiver: Arc<Mutex<mpsc::Receiver<Entry>>>) {
    let mut writer = None;
    while let Some(entries) = next(&mut *receiver.lock().await).await {
        let rows: Vec<&Outcome> = entries.iter().flat_map(|e| &e.rows).collect();
        let mut written = write(&app, &mut writer, &rows).await;
        if let Err(error) = &written {
            app.db.trouble("outcomes could not be written", error);
            // After any error the next rows use another connection.
            writer = None;
        }
        for entry in entries {
            let keys = written.as_mut().ok().map(|written| {
                let keys = entry
                    .rows
                    .iter()
                    .map(|o| (o.notice_id, o.attempt, o.settled));
                keys.filter(|key| written.take(key)).collect()
            });
            // A caller that has left does not need the answer.
            let _ = entry.done.send(keys);
        }
    }
}

/// Takes the waiting rows, at most one statement's worth; `None`: all senders of rows are gone. Yields while new rows
/// keep arriving, to coalesce them into one commit: a third fewer commits, measured. This ends, since each connection
/// waits for its answer before it sends more rows.
async fn next(receiver: &mut mpsc::Receiver<Entry>) -> Option<Vec<Entry>> {
    let mut entries = vec![receiver.recv().await?];
    let mut size = entries[0].rows.len();
    loop {
        tokio::task::yield_now().await;
        let before = entries.len();
        while size < MOST
            && let Ok(entry) = receiver.try_recv()
        {
            size += entry.rows.len();
            entries.push(entry);
        }
        if entries.len() == before || size >= MOST {
            return Some(entries);
        }
    }
}

async fn write(app: &App, writer: &mut Option<Writer>, rows: &[&Outcome]) -> Result<Written> {
    let writer = match writer {
        Some(writer) => writer,
        none => none.insert(Writer::new(app.db.raw().await?).await?),
    };
    writer.write(rows).await
}
