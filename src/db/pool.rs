//! The pool of connections.

use std::time::Duration;

use diesel::ConnectionError;
use diesel_async::pooled_connection::deadpool::{Object, Pool};
use diesel_async::pooled_connection::{
    AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod,
};
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use futures_util::FutureExt;
use tokio::runtime::Handle;

use super::outage::Outage;
use super::{Connector, Error, Result};
use crate::config;

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

/// The database: lends connections. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    pool: Pool<AsyncPgConnection>,
    /// Connections without limits, opened when the first is asked for.
    patient: Pool<AsyncPgConnection>,
    connector: Connector,
    /// Whether its transactions end by themselves, also within a request that joins them.
    pub(super) apart: bool,
    pub(super) outage: Outage,
}

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
    /// [`Error::Url`] if the URL is bad, [`Error::Unavailable`] if the pool cannot be made.
    pub fn new(url: &str, size: usize) -> Result<Self> {
        Self::with_limits(url, size, Limits::default())
    }

    /// The same with time limits for statements and locks.
    ///
    /// Connections are not tested before reuse (that costs a third of the rate): the first statement
    /// on a dead one fails, and [`Self::get`] drops it then.
    ///
    /// The runtime that created the pool drives all connections, whichever runtime asks for one: web workers have
    /// runtimes of their own, which end one by one, and a connection driven there would end with its worker while
    /// another task uses it.
    ///
    /// # Errors
    /// [`Error::Url`] if the URL is bad, [`Error::Unavailable`] if the pool cannot be made.
    pub fn with_limits(url: &str, size: usize, limits: Limits) -> Result<Self> {
        let connector = Connector::new(url)?;
        Ok(Self {
            pool: pool(&connector, size, limits)?,
            patient: pool(&connector, size, Limits::default())?,
            connector,
            apart: false,
            outage: Outage::new(),
        })
    }

    /// The same database without time limits: for imports, activations, senders and whatever else may take long.
    pub fn patient(&self) -> Self {
        Self {
            pool: self.patient.clone(),
            ..self.clone()
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

    /// The same database for work of several transactions: each ends by itself, also within a request
    /// that would join them.
    pub fn apart(&self) -> Self {
        Self {
            apart: true,
            ..self.clone()
        }
    }

    pub(super) async fn pooled(&self) -> Result<Object<AsyncPgConnection>> {
        match tokio::time::timeout(WAIT, self.pool.get()).await {
            Ok(conn) => Ok(conn?),
            Err(_) => Err(Error::Unavailable(
                "no connection within five seconds".to_owned(),
            )),
        }
    }

    /// A connection of its own outside the pool, for COPY and LISTEN, which diesel does not speak.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the database cannot be reached.
    pub async fn raw(&self) -> Result<tokio_postgres::Client> {
        self.connector.client().await
    }

    pub(super) fn connector(&self) -> &Connector {
        &self.connector
    }
}

fn pool(connector: &Connector, size: usize, limits: Limits) -> Result<Pool<AsyncPgConnection>> {
    let mut config = ManagerConfig::default();
    config.recycling_method = RecyclingMethod::Fast;
    let home = Handle::try_current().ok();
    let limits = limits.sql();
    let connector = connector.clone();
    config.custom_setup = Box::new(move |_| {
        let (connector, limits) = (connector.clone(), limits.clone());
        let establish = async move {
            let refused = |e: Error| ConnectionError::BadConnection(e.why());
            let mut conn = connector.diesel().await.map_err(refused)?;
            if let Some(limits) = limits {
                let set = conn.batch_execute(&limits).await;
                set.map_err(|e| refused(e.into()))?;
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
    let manager = AsyncDieselConnectionManager::<AsyncPgConnection>::new_with_config("", config);
    Pool::builder(manager)
        .max_size(size)
        .build()
        .map_err(|e| Error::Unavailable(e.to_string()))
}
