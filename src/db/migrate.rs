//! The embedded migrations.

use diesel_async::{AsyncMigrationHarness, AsyncPgConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{Connector, Error, Result};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!();

/// What [`migrate`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migrations {
    /// The versions that were run, oldest first.
    pub run: Vec<String>,
}

async fn harness(url: &str) -> Result<AsyncMigrationHarness<AsyncPgConnection>> {
    let conn = Connector::new(url)?.diesel().await?;
    Ok(AsyncMigrationHarness::new(conn))
}

/// Runs what is pending. Needs a multi-thread runtime: the harness blocks its thread.
///
/// # Errors
/// [`Error::Url`] if the URL is bad, [`Error::Unavailable`] without a connection, [`Error::Statement`] if a migration fails; what ran
/// before it stays.
pub async fn migrate(url: &str) -> Result<Migrations> {
    let mut harness = harness(url).await?;
    let run = harness
        .run_pending_migrations(MIGRATIONS)
        .map_err(|e| Error::Statement(format!("a migration failed: {e}")))?;
    Ok(Migrations {
        run: run.iter().map(ToString::to_string).collect(),
    })
}

/// How many migrations are not yet run.
///
/// # Errors
/// As [`migrate`].
pub async fn pending(url: &str) -> Result<usize> {
    let mut harness = harness(url).await?;
    let pending = harness
        .pending_migrations(MIGRATIONS)
        .map_err(|e| Error::Statement(format!("cannot read the list of migrations: {e}")))?;
    Ok(pending.len())
}
