//! Transactions: of their own, or parts of the one of a request.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use diesel_async::pooled_connection::deadpool::Object;
use diesel_async::{
    AnsiTransactionManager, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection,
    TransactionManager,
};

use super::pool::{Conn, Db};
use super::request::{self, Request};
use super::{Error, Result, statement};

impl Db {
    /// A connection from the pool, or that of the request's open transaction.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if none can be had within five seconds.
    pub async fn get(&self) -> Result<Lent> {
        if let Some(request) = self.joining()
            && let Some(mut tx) = usable(&request).await?
        {
            return Ok(Lent {
                conn: tx.conn.take(),
                of: Some(request),
            });
        }
        let conn = Some(self.pooled().await?);
        Ok(Lent { conn, of: None })
    }

    /// The request that joins its transactions into one, if this is within it.
    fn joining(&self) -> Option<Arc<Request>> {
        request::here().filter(|request| request.joins() && !self.apart)
    }

    /// Begins a transaction. Within a request that joins its transactions it is the request's, or a part of it.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn begin(&self) -> Result<Tx> {
        let Some(request) = self.joining() else {
            return self.begin_alone().await;
        };
        if let Some(mut tx) = usable(&request).await? {
            // If this fails, the transaction is dropped, and with it what was done before.
            let conn = tx.conn.as_mut().ok_or_else(gone)?;
            if let Err(error) = AnsiTransactionManager::begin_transaction(&mut **conn).await {
                request.forget();
                return Err(error.into());
            }
            return Ok(Tx::of(tx.conn.take(), Part::Savepoint(request)));
        }
        if !request.is_first() {
            // It is in use by the caller of this: what begins here ends by itself, as without a request.
            return self.begin_alone().await;
        }
        match self.begin_alone().await {
            Ok(mut tx) => Ok(Tx::of(tx.conn.take(), Part::First(request))),
            Err(error) => {
                request.forget();
                Err(error)
            }
        }
    }

    async fn begin_alone(&self) -> Result<Tx> {
        let mut conn = self.pooled().await?;
        AnsiTransactionManager::begin_transaction(&mut *conn).await?;
        Ok(Tx::of(Some(conn), Part::Alone { noted: !self.apart }))
    }

    /// Begins a transaction that only reads, and sees one moment.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn snapshot(&self) -> Result<Tx> {
        let mut tx = self.begin().await?;
        let level = statement("set transaction isolation level repeatable read, read only");
        level.execute(&mut tx).await?;
        Ok(tx)
    }

    /// Reads in a transaction. The database ends a statement of it that takes longer than `limit`. `None` if the
    /// limit is not enough, or the database is away. A reader of several statements keeps the limit of their sum itself,
    /// and answers [`Error::Late`] after it.
    ///
    /// # Errors
    /// The reader's, but those that [pass](Error::is_passing).
    pub async fn read_within<T>(
        &self,
        limit: Duration,
        read: impl AsyncFnOnce(&mut Conn) -> Result<T>,
    ) -> Result<Option<T>> {
        if limit.as_millis() == 0 {
            return Ok(None);
        }
        let limited = async {
            let mut tx = self.begin().await?;
            let found = limited(&mut tx, limit, read).await;
            tx.roll_back().await;
            found
        };
        in_time(limited.await)
    }

    /// Begins a transaction that does not wait for the disk at its commit: for work that is found and done again if a crash
    /// of the server takes it back. A later durable commit makes it durable too.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn begin_unhurried(&self) -> Result<Tx> {
        let mut tx = self.begin_alone().await?;
        let setting = statement("set local synchronous_commit = off");
        setting.execute(&mut tx).await?;
        Ok(tx)
    }
}

/// As [`Db::read_within`] by a connection in use, also within its open transaction, which loses nothing else.
///
/// # Errors
/// As [`Db::read_within`], or the connection's.
pub async fn within<T>(
    conn: &mut Conn,
    limit: Duration,
    read: impl AsyncFnOnce(&mut Conn) -> Result<T>,
) -> Result<Option<T>> {
    AnsiTransactionManager::begin_transaction(conn).await?;
    let found = limited(conn, limit, read).await;
    // The limit ends with it.
    AnsiTransactionManager::rollback_transaction(conn).await?;
    in_time(found)
}

/// Reads in an open transaction. From here on, Postgres ends each of its statements after `limit`.
async fn limited<T>(
    conn: &mut Conn,
    limit: Duration,
    read: impl AsyncFnOnce(&mut Conn) -> Result<T>,
) -> Result<T> {
    // Postgres takes zero as no limit.
    let set = format!("set local statement_timeout = {}", limit.as_millis().max(1));
    conn.batch_execute(&set).await?;
    read(conn).await
}

/// `None` for what was not read in time, or not since the database is away.
fn in_time<T>(found: Result<T>) -> Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.is_passing() => {
            tracing::debug!(%error, "a page does not wait for a figure");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// The open transaction of a request, ready for the next statement.
async fn usable(request: &Request) -> Result<Option<Tx>> {
    let Some(mut open) = request.take() else {
        return Ok(None);
    };
    if open.stale
        && let Some(conn) = open.conn.as_mut()
    {
        let rolled_back = AnsiTransactionManager::rollback_transaction(&mut **conn).await;
        if let Err(error) = rolled_back {
            request.forget();
            return Err(error.into());
        }
    }
    Ok(Some(Tx::of(open.conn.take(), Part::Alone { noted: true })))
}

fn gone() -> Error {
    Error::Unavailable("the connection of the request is gone".to_owned())
}

/// A connection for a while: of the pool, or of a request's open transaction, to which it goes back.
pub struct Lent {
    conn: Option<Object<AsyncPgConnection>>,
    of: Option<Arc<Request>>,
}

/// An open transaction: a connection that must be committed. Dropped without that, by an error or a
/// cancelled task, it rolls back. A guard rather than a closure, so that verbs read from top to
/// bottom and refuse with `?`.
pub struct Tx {
    conn: Option<Object<AsyncPgConnection>>,
    part: Part,
}

/// What a transaction is part of.
enum Part {
    /// Of nothing. `noted`: the request knows that its commit was asked for.
    Alone { noted: bool },
    /// It is the one of a request.
    First(Arc<Request>),
    /// A savepoint in the one of a request.
    Savepoint(Arc<Request>),
}

impl Tx {
    fn of(conn: Option<Object<AsyncPgConnection>>, part: Part) -> Self {
        Self { conn, part }
    }

    /// The transaction that the verbs of a request left open, if they changed anything. Uncommitted it is rolled back.
    ///
    /// # Errors
    /// The database's; then it is rolled back.
    pub async fn of_request(request: &Arc<Request>) -> Result<Option<Self>> {
        match usable(request).await? {
            // A part of it still runs: what it does cannot be committed with the rest.
            None if request.is_in_use() => Err(gone()),
            tx => Ok(tx),
        }
    }

    /// Commits; within a request that joins its transactions, as soon as that ends.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the connection broke: then it is unknown whether it was committed.
    pub async fn commit(mut self) -> Result<()> {
        let Some(mut conn) = self.conn.take() else {
            return Ok(());
        };
        match &self.part {
            Part::Alone { noted } => {
                if *noted {
                    request::asks_for_commit();
                }
                AnsiTransactionManager::commit_transaction(&mut *conn).await?;
            }
            Part::First(request) => request.keep(conn, false),
            Part::Savepoint(request) => {
                let released = AnsiTransactionManager::commit_transaction(&mut *conn).await;
                request.keep(conn, released.is_err());
                released?;
            }
        }
        Ok(())
    }

    /// Rolls back, and waits for that: the locks are released before the caller acts on the refusal. A dropped
    /// transaction rolls back too, but a moment later.
    pub async fn roll_back(mut self) {
        let Some(mut conn) = self.conn.take() else {
            return;
        };
        // If this fails the pool sees a broken transaction and drops the connection.
        let rolled_back = AnsiTransactionManager::rollback_transaction(&mut *conn).await;
        match &self.part {
            Part::Alone { .. } => {}
            Part::First(request) => request.forget(),
            Part::Savepoint(request) => {
                request.keep(conn, rolled_back.is_err());
            }
        }
    }
}

impl Deref for Tx {
    type Target = Conn;

    fn deref(&self) -> &Conn {
        self.conn
            .as_ref()
            .expect("only commit and drop take the connection")
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut Conn {
        self.conn
            .as_mut()
            .expect("only commit and drop take the connection")
    }
}

impl Drop for Tx {
    fn drop(&mut self) {
        let Some(conn) = self.conn.take() else {
            return;
        };
        match &self.part {
            Part::Alone { .. } => {}
            Part::First(request) => request.forget(),
            Part::Savepoint(request) => return request.keep(conn, true),
        }
        request::roll_back_later(conn);
    }
}

impl Deref for Lent {
    type Target = Conn;

    fn deref(&self) -> &Conn {
        self.conn.as_ref().expect("only drop takes the connection")
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut Conn {
        self.conn.as_mut().expect("only drop takes the connection")
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let (Some(conn), Some(request)) = (self.conn.take(), &self.of) {
            request.keep(conn, false);
        }
    }
}
