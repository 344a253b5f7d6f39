//! The transaction of a request: verbs that run inside [`Request::run`] commit together, when the caller of the
//! request ends it, so that the caller can add what belongs to the same commit.
//!
//! The first [`Db::begin`](super::Db::begin) opens the transaction. Its `commit` keeps the connection here, with the
//! transaction open; what the request reads or begins afterwards uses that connection. A later `begin` is a savepoint.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use diesel_async::pooled_connection::deadpool::Object;
use diesel_async::{AnsiTransactionManager, AsyncPgConnection, TransactionManager};
use tokio::runtime::Handle;

tokio::task_local! {
    static HERE: Arc<Request>;
}

/// What is done once a transaction is committed.
type After = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A request that may change something.
pub struct Request {
    state: Mutex<State>,
    /// Whether its transactions are kept open until its end.
    joins: bool,
    /// Whether a commit was asked for that the end of the request cannot take back.
    may_be_done: AtomicBool,
    /// What waits for the commit of its transaction.
    after: Mutex<Vec<After>>,
}

impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Request")
            .field("state", &self.state)
            .field("joins", &self.joins)
            .field("may_be_done", &self.may_be_done)
            .finish_non_exhaustive()
    }
}

enum State {
    /// No transaction is open.
    Idle,
    /// Its transaction is in use.
    InUse,
    /// A verb has ended its part of the transaction.
    Kept(Box<Open>),
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Idle => "Idle",
            Self::InUse => "InUse",
            Self::Kept(_) => "Kept",
        })
    }
}

impl Request {
    /// A request with all its transactions joined into one, which [`super::Tx::of_request`] returns.
    pub fn joining() -> Arc<Self> {
        Self::new(true)
    }

    /// A request with transactions that end by themselves; it only knows whether one may have.
    pub fn watched() -> Arc<Self> {
        Self::new(false)
    }

    fn new(joins: bool) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State::Idle),
            joins,
            may_be_done: AtomicBool::new(false),
            after: Mutex::default(),
        })
    }

    /// Runs a part of the request.
    pub async fn run<T>(self: &Arc<Self>, part: impl Future<Output = T>) -> T {
        HERE.scope(self.clone(), part).await
    }

    /// Whether the request may have changed something that its end cannot take back.
    pub fn may_be_done(&self) -> bool {
        self.may_be_done.load(Ordering::Relaxed)
    }

    /// Does what waited for the commit of its transaction, which has been.
    pub async fn committed(&self) {
        let waiting = std::mem::take(&mut *self.waiting());
        for what in waiting {
            what.await;
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<After>> {
        self.after.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn joins(&self) -> bool {
        self.joins
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the open transaction for use, if there is one.
    pub(super) fn take(&self) -> Option<Open> {
        let mut state = self.state();
        match std::mem::replace(&mut *state, State::InUse) {
            State::Kept(open) => Some(*open),
            other => {
                *state = other;
                None
            }
        }
    }

    /// Whether a part of the request has its transaction.
    pub(super) fn is_in_use(&self) -> bool {
        matches!(*self.state(), State::InUse)
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

    pub(super) fn keep(&self, conn: Object<AsyncPgConnection>, stale: bool) {
        let conn = Some(conn);
        *self.state() = State::Kept(Box::new(Open { conn, stale }));
    }

    pub(super) fn forget(&self) {
        *self.state() = State::Idle;
    }
}

/// An idle open transaction; dropped, it rolls back.
pub(super) struct Open {
    /// Its connection, until it is taken.
    pub(super) conn: Option<Object<AsyncPgConnection>>,
    /// Whether a savepoint has to be rolled back first.
    pub(super) stale: bool,
}

impl Drop for Open {
    fn drop(&mut self) {
        if let Some(conn) = self.conn.take() {
            roll_back_later(conn);
        }
    }
}

/// Rolls a transaction back with its savepoints, in a task of its own. If this fails the pool sees a broken transaction
/// and drops the connection.
pub(super) fn roll_back_later(mut conn: Object<AsyncPgConnection>) {
    let Ok(runtime) = Handle::try_current() else {
        drop(Object::take(conn));
        return;
    };
    runtime.spawn(async move {
        while AnsiTransactionManager::rollback_transaction(&mut *conn)
            .await
            .is_ok()
        {
            let status = AnsiTransactionManager::transaction_manager_status_mut(&mut *conn);
            if !matches!(status.transaction_depth(), Ok(Some(_))) {
                return;
            }
        }
    });
}

/// The request that this task answers.
pub(crate) fn here() -> Option<Arc<Request>> {
    HERE.try_with(Arc::clone).ok()
}

/// Notes that this request asks for a commit that nothing takes back.
pub(crate) fn asks_for_commit() {
    let _ = HERE.try_with(|request| request.may_be_done.store(true, Ordering::Relaxed));
}

/// Does something once what a verb has committed is committed: at once, or, where the transaction is a request's that is
/// still open, after [`Request::committed`]; never, if that is rolled back.
pub(crate) async fn after(what: impl Future<Output = ()> + Send + 'static) {
    let open = here().filter(|request| matches!(*request.state(), State::Kept(_)));
    match open {
        Some(request) => request.waiting().push(Box::pin(what)),
        None => what.await,
    }
}

/// A part of this request that another task runs.
pub(crate) fn carried<T>(part: impl Future<Output = T>) -> impl Future<Output = T> {
    let request = here();
    async move {
        match request {
            Some(request) => request.run(part).await,
            None => part.await,
        }
    }
}
