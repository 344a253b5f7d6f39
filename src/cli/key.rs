//! `candor key`: API keys.

use anyhow::{Context, Result};
use clap::{Args, Subcommand};

use super::{Settings, say};
use crate::actor::Actor;
use crate::deployment::keys;
use crate::incident::rewrap::rewrap;
use crate::staff::{StaffRole, key};

/// API keys; `candor staff disable ID` ends one
#[derive(Debug, Subcommand)]
pub enum Key {
    Create(Create),
    Rewrap(Rewrap),
    ChangeLinks(ChangeLinks),
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

/// Wrap the keys of all incidents under the present master key; nobody is encrypted anew
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  CANDOR__SECRETS__FORMER_MASTER_KEY_FILE=old.key candor key rewrap\n\nSee \"Replacing \
    the master key\" in docs/operations.md."
)]
pub struct Rewrap {}

/// Let status links and codes derive from another key from now on; those already sent end
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  CANDOR__SECRETS__LINK_KEY_FILE=new.key candor key change-links\n\nNeeded once, when \
    secrets.link_key_file names another key or is taken away. Every link and code sent so far ends."
)]
pub struct ChangeLinks {}

impl Key {
    pub async fn run(self, settings: &Settings) -> Result<()> {
        let app = settings.app()?;
        let Create { name, roles } = match self {
            Self::Create(create) => create,
            Self::ChangeLinks(ChangeLinks {}) => {
                let changed = keys::change_links(&app, Actor::System("cli")).await?;
                return say(match changed {
                    true => {
                        "links and codes derive from the key given; those sent before have ended"
                    }
                    false => "links and codes derive from this key already",
                });
            }
            Self::Rewrap(Rewrap {}) => {
                let done = rewrap(&app, Actor::System("cli")).await;
                let (wrapped, already) = done.context("no incident's key was changed")?;
                return say(format!(
                    "{wrapped} incidents wrapped under the present master key, {already} were already: \
                     the former one is not needed for incidents any more"
                ));
            }
        };
        let (account, key) = key::create(&app, Actor::System("cli"), &name, &roles).await?;
        say(format!(
            "made {} ({name}). The key, shown only now:",
            account.id
        ))?;
        say(key.expose())
    }
}
