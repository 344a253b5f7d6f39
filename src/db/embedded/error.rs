//! Why there is no private cluster; every error says what to do.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// Why there is no private Postgres, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// No directory with both `postgres` and `initdb`.
    #[error(
        "no Postgres server programs found; looked in {looked}. Install Debian's package \
         `postgresql` (script/bootstrap does), or name their directory in CANDOR_PG_BIN"
    )]
    Missing {
        /// The places, in words.
        looked: String,
    },
    /// The data was made by a major version that is not installed.
    #[error(
        "{} was made by Postgres {made_by}, but {} is Postgres {version}: install Postgres \
         {made_by}, or delete {} and it is made anew",
        data.display(), first.display(), data.display()
    )]
    Version {
        /// The data directory.
        data: PathBuf,
        /// The major version that made it.
        made_by: String,
        /// The programs found.
        first: PathBuf,
        /// Their major version.
        version: String,
    },
    /// A directory or file cannot be made, owned or read.
    #[error("cannot use {} for Postgres: {source}. Make it ours, or choose another", path.display())]
    Place {
        /// The directory or file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// One of Postgres's programs failed, or took more than a minute.
    #[error("{what} failed; the end of {}:\n{tail}", log.display())]
    Failed {
        /// What was tried.
        what: &'static str,
        /// Where Postgres writes.
        log: PathBuf,
        /// The last lines there.
        tail: String,
    },
    /// The server runs, but would not make a database.
    #[error("Postgres did not make the database {name}; its log is {}", log.display())]
    Database {
        /// The database.
        name: String,
        /// Where Postgres writes.
        log: PathBuf,
        /// What it answered.
        source: tokio_postgres::Error,
    },
}

impl EmbeddedError {
    pub(super) fn place(path: impl AsRef<Path>) -> impl FnOnce(io::Error) -> Self {
        let path = path.as_ref().to_owned();
        move |source| Self::Place { path, source }
    }

    pub(super) fn failed(what: &'static str, log: PathBuf) -> Self {
        let tail = tail(&log).unwrap_or_else(|error| error.to_string());
        Self::Failed { what, log, tail }
    }
}

/// The last dozen lines of a log.
fn tail(log: &Path) -> io::Result<String> {
    let mut file = File::open(log)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(4096)))?;
    let mut end = Vec::new();
    file.read_to_end(&mut end)?;
    let text = String::from_utf8_lossy(&end);
    let lines: Vec<&str> = text.lines().collect();
    Ok(lines[lines.len().saturating_sub(12)..].join("\n"))
}
