//! A private Postgres cluster for the demo and the tests: found, created, started, joined and stopped here, so that
//! neither needs a database set up before.
//!
//! Everything lives in one directory (`data`, `run` for the socket, `postgres.log`). Only a Unix socket in a directory
//! of mode 700 is opened, never a TCP port, so `trust` trusts only the account that could read the files anyway. The
//! server ends with the process that started it, `kill -9` included: see `server::SERVE`.

mod account;
mod binaries;
mod error;
mod place;
mod server;

use std::path::{Path, PathBuf};

use tokio_postgres::NoTls;
use tokio_postgres::error::SqlState;

pub use error::EmbeddedError;

/// A program that comes with the installed servers, such as `pg_dump`, where a private cluster would find it.
pub fn program(name: &str) -> Option<PathBuf> {
    binaries::program(name)
}

use place::Place;
use server::Server;
pub use server::Settings;

/// A running private cluster: ours, or one that another process of ours runs in the same place.
///
/// Dropping the starter's value begins the shutdown; [`Cluster::stop`] also waits for its end.
#[derive(Debug)]
pub struct Cluster {
    place: Place,
    server: Option<Server>,
}

impl Cluster {
    /// [`Cluster::start_with`] the default [`Settings`].
    pub async fn start(dir: &Path) -> Result<Self, EmbeddedError> {
        Self::start_with(dir, Settings::default()).await
    }

    /// Starts the cluster kept in `dir`, creating it if there is none and joining it if it runs.
    ///
    /// Started by root, Postgres runs as the owner of its data: `postgres` if there is such an
    /// account, else `nobody`. If that account cannot reach `dir`, the cluster is kept elsewhere
    /// and [`Cluster::note`] says where.
    pub async fn start_with(dir: &Path, settings: Settings) -> Result<Self, EmbeddedError> {
        let place = Place::prepare(dir)?;
        let server = match place.answers().await {
            true => None,
            false => Server::start(&place, settings).await?,
        };
        Ok(Self { place, server })
    }

    /// The URL of one of its databases, for tokio-postgres, diesel-async and psql alike.
    pub fn url(&self, database: &str) -> String {
        self.place.url(database)
    }

    /// What an operator should know about where the cluster is, if it is not where they said.
    pub fn note(&self) -> Option<&str> {
        self.place.note.as_deref()
    }

    /// The file Postgres logs to.
    pub fn log(&self) -> PathBuf {
        self.place.log()
    }

    /// Whether another process started this cluster and will stop it.
    pub fn is_joined(&self) -> bool {
        self.server.is_none()
    }

    /// Creates the database unless it exists; safe to call from several processes at once.
    pub async fn ensure_database(&self, name: &str) -> Result<(), EmbeddedError> {
        let failed = |source| EmbeddedError::Database {
            name: name.to_owned(),
            log: self.place.log(),
            source,
        };
        let (client, connection) = tokio_postgres::connect(&self.url("postgres"), NoTls)
            .await
            .map_err(failed)?;
        tokio::spawn(connection);
        let known = "SELECT 1 FROM pg_database WHERE datname = $1";
        if client
            .query_opt(known, &[&name])
            .await
            .map_err(failed)?
            .is_some()
        {
            return Ok(());
        }
        let create = format!("CREATE DATABASE \"{}\"", name.replace('"', "\"\""));
        match client.batch_execute(&create).await {
            // Another process was quicker; which code it is depends on how much quicker.
            Err(error)
                if [&SqlState::DUPLICATE_DATABASE, &SqlState::UNIQUE_VIOLATION]
                    .iter()
                    .any(|code| error.code() == Some(code)) =>
            {
                Ok(())
            }
            done => done.map_err(failed),
        }
    }

    /// Ends open sessions, stops the server and waits for it. A joined cluster is left alone.
    pub async fn stop(self) -> Result<(), EmbeddedError> {
        match self.server {
            Some(server) => server.stop(&self.place).await,
            None => Ok(()),
        }
    }
}
