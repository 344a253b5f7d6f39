//! `candor audit`: the log of every act of staff.

use anyhow::{Result, anyhow};
use clap::{Args, Subcommand};
use serde_json::json;

use super::{Settings, say, say_json};
use crate::audit::store;

/// The audit log
#[derive(Debug, Subcommand)]
pub enum Audit {
    Verify(Verify),
}

/// Follow the chain of hashes from the first event to the last; name the first flaw
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  candor audit verify")]
pub struct Verify {
    /// Print the finding as JSON
    #[arg(long)]
    json: bool,
}

impl Audit {
    pub async fn run(self, settings: &Settings) -> Result<()> {
        let Self::Verify(Verify { json }) = self;
        let app = settings.app()?;
        let found = store::verify(&mut *app.db.get().await?).await?;
        if json {
            say_json(&json!({
                "whole": found.is_ok(),
                "events": found.as_ref().ok(),
                "flaw": found.as_ref().err().map(ToString::to_string),
            }))?;
        } else if let Ok(events) = &found {
            say(format!("{events} events: the chain is whole."))?;
        }
        found.map(|_| ()).map_err(|flaw| anyhow!("audit: {flaw}"))
    }
}
