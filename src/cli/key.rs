//! `candor key`: API keys.

use anyhow::Result;
use clap::{Args, Subcommand};

use super::{Settings, say};
use crate::actor::Actor;
use crate::staff::{StaffRole, key};

/// API keys; `candor staff disable ID` ends one
#[derive(Debug, Subcommand)]
pub enum Key {
    Create(Create),
}

/// Make an API key and print it, alone on the last line; it cannot be shown again
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  KEY=$(candor key create --name importer --role comms | tail -n 1)"
)]
pub struct Create {
    /// What it is for
    #[arg(long)]
    name: String,
    /// comms, approver, agent, lead, auditor or admin; may be repeated
    #[arg(long = "role", required = true)]
    roles: Vec<StaffRole>,
}

impl Key {
    pub async fn run(self, settings: &Settings) -> Result<()> {
        let Self::Create(Create { name, roles }) = self;
        let app = settings.app()?;
        let (account, key) = key::create(&app, Actor::System("cli"), &name, &roles).await?;
        say(format!(
            "made {} ({name}). The key, shown only now:",
            account.id
        ))?;
        say(key.expose())
    }
}
