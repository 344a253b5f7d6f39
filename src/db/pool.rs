//! The pool of connections, and transactions.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use diesel::ConnectionError;
use diesel_async::pooled_connection::deadpool::{Object, Pool};
use diesel_async::pooled_connection::{
    AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod,
};
use diesel_async::{
    AnsiTransactionManager, AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection,
    TransactionManager,
};
use futures_util::FutureExt;
use tokio::runtime::Handle;

use super::request::{self, Request};
use super::{Error, Result, statement};
use crate::config;
use crate::trouble::{Seen, Troubles};

/// A connection as stores take it: pooled or inside a transaction, they cannot tell.
pub type Conn = AsyncPgConnection;

/// How long a caller waits for a free connection before it hears that the database is away.
const WAIT: Duration = Duration::from_secs(5);

/// How long statements of pages and commands may take. Zero: no limit.
#[derive(Debug, Clone, Copy, Default)]
pub struct Limits {
    /// A whole statement.
    pub statement: Duration,
    /// The wait for one lock.
    pub lock: Duration,
}

impl From<&config::Database> for Limits {
    fn from(settings: &config::Database) -> Self {
        Self {
            statement: Duration::from_secs(settings.statement_seconds),
            lock: Duration::from_secs(settings.lock_seconds),
        }
    }
}

impl Limits {
    /// As Postgres reads them.
    fn sql(self) -> Option<String> {
        let (statement, lock) = (self.statement.as_millis(), self.lock.as_millis());
        (statement > 0 || lock > 0)
            .then(|| format!("set statement_timeout = {statement}; set lock_timeout = {lock}"))
    }
}

/// The database: hands out connections. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    pool: Pool<AsyncPgConnection>,
    /// Connections without limits, opened when the first is asked for.
    patient: Pool<AsyncPgConnection>,
    url: Arc<str>,
    /// Whether its transactions end by themselves, also within a request that joins them.
    apart: bool,
    troubles: Troubles,
    /// Whether somebody asks whether a database that is away is back.
    watched: Arc<AtomicBool>,
    /// The runtime in which it was made, for what outlives a caller.
    home: Option<Handle>,
}

/// The name of an outage among the troubles.
const OUTAGE: &str = "postgres";
/// How often a database that is away is asked whether it is back.
const PROBE: Duration = Duration::from_secs(1);

/// How the pool stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolState {
    /// Connections that may be open at most.
    pub max: usize,
    /// Connections that are open.
    pub open: usize,
    /// Of those: not in use.
    pub idle: usize,
    /// Callers that wait for a connection.
    pub waiting: usize,
}

impl std::fmt::Debug for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Db(•••)")
    }
}

impl Db {
    /// A pool of at most `size` connections to `url`, and another of the same size for [`Self::patient`]; none is opened
    /// yet. Statements have no time limits.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the pool cannot be made.
    pub fn new(url: &str, size: usize) -> Result<Self> {
        Self::with_limits(url, size, Limits::default())
    }

    /// The same with time limits for statements and locks.
    ///
    /// Connections are not tested before reuse (that costs a third of the rate): the first statement
    /// on a dead one fails, and [`Self::get`] drops it then.
    ///
    /// Connections are driven by the runtime in which the pool was made, whoever asks for them: web
    /// workers have runtimes of their own, which end one by one, and a connection opened there would
    /// end with them in the hands of somebody else.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the pool cannot be made.
    pub fn with_limits(url: &str, size: usize, limits: Limits) -> Result<Self> {
        Ok(Self {
            pool: pool(url, size, limits)?,
            patient: pool(url, size, Limits::default())?,
            url: url.into(),
            apart: false,
            troubles: Troubles::default(),
            watched: Arc::default(),
            home: Handle::try_current().ok(),
        })
    }

    /// The same database without time limits: for imports, activations, senders and whatever else may take long.
    pub fn patient(&self) -> Self {
        Self {
            pool: self.patient.clone(),
            ..self.clone()
        }
    }

    /// The troubles of this process, which the log thins out.
    pub fn troubles(&self) -> &Troubles {
        &self.troubles
    }

    /// Says in the log what could not be done, and why. While the database is away it says that once for all who
    /// try, then how often at growing intervals, and that it is back; other troubles are thinned out each by itself.
    pub fn trouble(&self, doing: &'static str, error: &impl std::fmt::Display) {
        let error = error.to_string();
        if is_away(&error) {
            match self.troubles.failed(OUTAGE) {
                Some(seen) if seen.times == 1 => {
                    tracing::warn!(error, noticed = doing, "the database is away; trying again");
                }
                Some(seen) => still_away(seen),
                None => {}
            }
            self.watch();
            return;
        }
        match self.troubles.failed(doing) {
            Some(seen) if seen.times == 1 => tracing::warn!(error, "{doing}"),
            Some(Seen { times, seconds }) => {
                tracing::warn!(error, times, seconds, "still: {doing}");
            }
            None => {}
        }
    }

    /// Has a database that is away asked until it is back, and says so. A connection of the pool may be dead and does not
    /// know it, so that only an answer counts.
    fn watch(&self) {
        let Some(home) = &self.home else { return };
        if self.watched.swap(true, Ordering::AcqRel) {
            return;
        }
        let db = self.clone();
        home.spawn(async move {
            loop {
                tokio::time::sleep(PROBE).await;
                if !db.answers().await {
                    db.troubles.goes_on(OUTAGE).into_iter().for_each(still_away);
                    continue;
                }
                if let Some(Seen { times, seconds }) = db.troubles.worked(OUTAGE) {
                    tracing::warn!(times, seconds, "the database is back after {seconds} s");
                }
                if !db.troubles.is_open(OUTAGE) {
                    db.watched.store(false, Ordering::Release);
                    return;
                }
            }
        });
    }

    async fn answers(&self) -> bool {
        match self.get().await {
            Ok(mut conn) => conn.batch_execute("select 1").await.is_ok(),
            Err(_) => false,
        }
    }

    /// How the pools stand: of pages and commands, and of long work.
    pub fn pools(&self) -> [(&'static str, PoolState); 2] {
        let state = |pool: &Pool<AsyncPgConnection>| {
            let status = pool.status();
            PoolState {
                max: status.max_size,
                open: status.size,
                idle: status.available,
                waiting: status.waiting,
            }
        };
        [("short", state(&self.pool)), ("long", state(&self.patient))]
    }

    /// The same database for work of several transactions, each of which ends by itself, also within a request
    /// that would join them.
    pub fn apart(&self) -> Self {
        Self {
            apart: true,
            ..self.clone()
        }
    }

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

    async fn pooled(&self) -> Result<Object<AsyncPgConnection>> {
        match tokio::time::timeout(WAIT, self.pool.get()).await {
            Ok(conn) => Ok(conn?),
            Err(_) => Err(Error::Unavailable(
                "no connection within five seconds".to_owned(),
            )),
        }
    }

    /// The request whose transactions are one, if this is within it.
    fn joining(&self) -> Option<Arc<Request>> {
        request::here().filter(|request| request.joins() && !self.apart)
    }

    /// A connection of its own outside the pool, for COPY and LISTEN, which diesel does not speak.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the database cannot be reached.
    pub async fn raw(&self) -> Result<tokio_postgres::Client> {
        let (client, connection) =
            tokio_postgres::connect(&self.url, tokio_postgres::NoTls).await?;
        tokio::spawn(async move {
            // The client hears of it too, at its next statement.
            let _ = connection.await;
        });
        Ok(client)
    }

    pub(super) fn url(&self) -> &str {
        &self.url
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

    /// Begins a transaction of which no statement takes longer than `limit`: the database ends it then.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn begin_within(&self, limit: Duration) -> Result<Tx> {
        let mut tx = self.begin().await?;
        // Zero would be no limit.
        let limit = format!("set local statement_timeout = {}", limit.as_millis().max(1));
        tx.batch_execute(&limit).await?;
        Ok(tx)
    }

    /// Begins a transaction whose commit does not wait for the disk: for work that is found and done again if
    /// a crash of the server takes it back. Whatever is committed durably after it makes it durable too.
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

/// Whether an error, in words, says that the database cannot be reached. Errors of verbs carry the database's in their
/// words. A statement that took too long is a trouble of its own.
fn is_away(error: &str) -> bool {
    error.contains("the database is away") && !error.contains("canceling statement")
}

fn still_away(Seen { times, seconds }: Seen) {
    tracing::warn!(times, seconds, "the database is still away");
}

fn pool(url: &str, size: usize, limits: Limits) -> Result<Pool<AsyncPgConnection>> {
    let mut config = ManagerConfig::default();
    config.recycling_method = RecyclingMethod::Fast;
    let home = Handle::try_current().ok();
    let limits = limits.sql();
    config.custom_setup = Box::new(move |url| {
        let (url, limits) = (url.to_owned(), limits.clone());
        let establish = async move {
            let mut conn = AsyncPgConnection::establish(&url).await?;
            if let Some(limits) = limits {
                let refused =
                    |e: diesel::result::Error| ConnectionError::BadConnection(e.to_string());
                conn.batch_execute(&limits).await.map_err(refused)?;
            }
            Ok(conn)
        };
        let Some(home) = &home else {
            return establish.boxed();
        };
        let task = home.spawn(establish);
        let ended = |e: tokio::task::JoinError| ConnectionError::BadConnection(e.to_string());
        async move { task.await.map_err(ended)? }.boxed()
    });
    let manager = AsyncDieselConnectionManager::<AsyncPgConnection>::new_with_config(url, config);
    Pool::builder(manager)
        .max_size(size)
        .build()
        .map_err(|e| Error::Unavailable(e.to_string()))
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

    /// Rolls back, and waits for that: what the transaction locked is free for whoever acts on the refusal. Dropped,
    /// it rolls back too, only a moment later.
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
