//! The transaction of a request: verbs that run inside [`Request::run`] commit together, when the caller of the
//! request ends it, so that the caller can add what belongs to the same commit.
//!
//! The first [`Db::begin`](super::Db::begin) opens the transaction. Its `commit` keeps the connection here, with the
//! transaction open; what the request reads or begins afterwards uses that connection. A later `begin` is a savepoint.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::pool::Tx;
use super::{Error, Result};

tokio::task_local! {
    static HERE: Arc<Request>;
}

/// A request that may change something.
#[derive(Debug)]
pub struct Request {
    state: Mutex<State>,
    /// Whether its transactions are kept open until its end.
    joins: bool,
    /// Whether a commit was asked for that the end of the request cannot take back.
    may_be_done: AtomicBool,
}

enum State {
    /// No transaction is open.
    Idle,
    /// Its transaction is in use.
    InUse,
    /// A verb has ended its part of the transaction. With `stale`, a savepoint has to be rolled back first.
    Kept { tx: Tx, stale: bool },
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Idle => "Idle",
            Self::InUse => "InUse",
            Self::Kept { .. } => "Kept",
        })
    }
}

impl Request {
    /// A request of which all transactions are one, which [`Self::end`] hands over.
    pub fn joining() -> Arc<Self> {
        Self::new(true)
    }

    /// A request whose transactions end by themselves; it only knows whether one may have.
    pub fn watched() -> Arc<Self> {
        Self::new(false)
    }

    fn new(joins: bool) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State::Idle),
            joins,
            may_be_done: AtomicBool::new(false),
        })
    }

    /// Runs a part of the request.
    pub async fn run<T>(self: &Arc<Self>, part: impl Future<Output = T>) -> T {
        HERE.scope(self.clone(), part).await
    }

    /// The transaction that the verbs left open, if they changed anything. Uncommitted it is rolled back.
    ///
    /// # Errors
    /// The database's; then it is rolled back.
    pub async fn end(&self) -> Result<Option<Tx>> {
        let Some((mut tx, stale)) = self.take() else {
            return match *self.state() {
                // A part of it still runs: what it does cannot be committed with the rest.
                State::InUse => Err(Error::Statement(
                    "a request left its transaction in use".to_owned(),
                )),
                _ => Ok(None),
            };
        };
        if stale {
            tx.drop_savepoint().await?;
        }
        Ok(Some(tx))
    }

    /// Whether the request may have changed something that its end cannot take back.
    pub fn may_be_done(&self) -> bool {
        self.may_be_done.load(Ordering::Relaxed)
    }

    pub(super) fn joins(&self) -> bool {
        self.joins
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the open transaction for use, if there is one.
    pub(super) fn take(&self) -> Option<(Tx, bool)> {
        let mut state = self.state();
        match std::mem::replace(&mut *state, State::InUse) {
            State::Kept { tx, stale } => Some((tx, stale)),
            other => {
                *state = other;
                None
            }
        }
    }

    /// Says that the first transaction begins. `false`: one is open and in use.
    pub(super) fn is_first(&self) -> bool {
        let mut state = self.state();
        let is_first = matches!(*state, State::Idle);
        if is_first {
            *state = State::InUse;
        }
        is_first
    }

    pub(super) fn keep(&self, tx: Tx, stale: bool) {
        *self.state() = State::Kept { tx, stale };
    }

    pub(super) fn forget(&self) {
        *self.state() = State::Idle;
    }
}

/// The request that this task answers.
pub fn here() -> Option<Arc<Request>> {
    HERE.try_with(Arc::clone).ok()
}

/// Notes that this request asks for a commit that nothing takes back.
pub fn asks_for_commit() {
    let _ = HERE.try_with(|request| request.may_be_done.store(true, Ordering::Relaxed));
}
