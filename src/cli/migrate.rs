//! `candor migrate`: brings the database to the schema of this program.

use anyhow::Result;
use clap::Args;

use super::{Settings, say};
use crate::db;

/// Run the migrations that are pending; safe to repeat
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  CANDOR__DATABASE__URL=postgres://candor@db/candor candor migrate"
)]
pub(crate) struct Migrate {}

impl Migrate {
    pub(crate) async fn run(self, settings: &Settings) -> Result<()> {
        let done = db::migrate(settings.load()?.database_url()?).await?;
        if done.run.is_empty() {
            say("Nothing to do: all migrations have run.")?;
        }
        for version in done.run {
            say(format!("ran {version}"))?;
        }
        Ok(())
    }
}
