//! `candor key`: API keys.

use anyhow::{Context, Result};
use clap::{Args, Subcommand};

use serde_json::json;

use super::{Settings, say, say_json};
use crate::actor::{Actor, System};
use crate::app::App;
use crate::deployment::keys;
use crate::id::{KeyId, StaffId};
use crate::incident::rewrap::rewrap;
use crate::staff::{StaffRole, key, store};

/// API keys: create, list, revoke; and the encryption of incidents' keys
#[derive(Debug, Subcommand)]
pub(crate) enum Key {
    Create(Create),
    List(List),
    Revoke(Revoke),
    Rewrap(Rewrap),
    ChangeLinks(ChangeLinks),
}

/// Create an API key and print it, alone on the last line; it cannot be shown again
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  KEY=$(candor key create --name importer --role comms | tail -n 1)"
)]
pub(crate) struct Create {
    /// What it is for
    #[arg(long, required_unless_present = "account")]
    name: Option<String>,
    /// comms, approver, agent, lead, auditor or admin; may be repeated
    #[arg(long = "role", required_unless_present = "account")]
    roles: Vec<StaffRole>,
    /// Create another key for this API account, with its name and roles
    #[arg(long, conflicts_with_all = ["name", "roles"])]
    account: Option<StaffId>,
}

/// List the keys: their ids, never the keys themselves
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  candor key list --json")]
pub(crate) struct List {
    /// Print them as JSON
    #[arg(long)]
    json: bool,
}

/// Revoke one key for ever; the account and its other keys stay
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  candor key revoke key_0192f0c1e7a87b6e9d2c3b4a5f607182")]
pub(crate) struct Revoke {
    /// Its id, as `candor key list` prints it
    key: KeyId,
}

/// Wrap the keys of all incidents under the present master key; the data are not encrypted again
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  CANDOR__SECRETS__FORMER_MASTER_KEY_FILE=old.key candor key rewrap\n\nSee \"Replacing \
    the master key\" in docs/operations.md."
)]
pub(crate) struct Rewrap {}

/// Derive status links and codes from another key from now on; those already sent end
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  CANDOR__SECRETS__LINK_KEY_FILE=new.key candor key change-links\n\nNeeded once, when \
    secrets.link_key_file names another key or is taken away. Every link and code sent so far ends."
)]
pub(crate) struct ChangeLinks {}

const ME: Actor = Actor::System(System::Cli);

impl Key {
    pub(crate) async fn run(self, settings: &Settings) -> Result<()> {
        let app = settings.app()?;
        match self {
            Self::Create(create) => create.run(&app).await,
            Self::ChangeLinks(ChangeLinks {}) => {
                let changed = keys::change_links(&app, ME).await?;
                say(match changed {
                    true => {
                        "links and codes derive from the key given; those sent before have ended"
                    }
                    false => "links and codes derive from this key already",
                })
            }
            Self::List(list) => list.run(&app).await,
            Self::Revoke(Revoke { key }) => {
                key::revoke(&app, ME, key).await?;
                say(format!("revoked {key}: it opens nothing any more"))
            }
            Self::Rewrap(Rewrap {}) => {
                let done = rewrap(&app.patient(), ME).await;
                let (wrapped, already) = done.context("no incident's key was changed")?;
                say(format!(
                    "{wrapped} incidents wrapped under the present master key, {already} were already: \
                     the former one is not needed for incidents any more"
                ))
            }
        }
    }
}

impl Create {
    async fn run(self, app: &App) -> Result<()> {
        let key = match self.account {
            Some(account) => {
                let key = key::add(app, ME, account).await?;
                say(format!(
                    "made another key for {account}. The key, shown only now:"
                ))?;
                key
            }
            None => {
                let name = self.name.unwrap_or_default();
                let (account, key) = key::create(app, ME, &name, &self.roles).await?;
                let id = account.id;
                say(format!("made {id} ({name}). The key, shown only now:"))?;
                key
            }
        };
        say(key.expose())
    }
}

impl List {
    async fn run(self, app: &App) -> Result<()> {
        let mut conn = app.db.get().await?;
        let keys = store::list_keys(&mut conn).await?;
        if self.json {
            let row = |key: &store::KnownKey| {
                json!({
                    "id": key.id, "account": key.account, "created_at": key.created_at,
                    "revoked_at": key.revoked_at,
                })
            };
            return say_json(&keys.iter().map(row).collect::<Vec<_>>());
        }
        let accounts = store::list(&mut conn).await?;
        for key in keys {
            let of = accounts.iter().find(|one| one.id == key.account);
            let (name, disabled) = match of {
                Some(of) => (of.name.as_str(), of.disabled_at.is_some()),
                None => ("", false),
            };
            let state = match (key.revoked_at, disabled) {
                (Some(_), _) => "  revoked",
                (None, true) => "  account disabled",
                (None, false) => "",
            };
            let made = key.created_at.format("%Y-%m-%d");
            say(format!(
                "{}  {made}  {}  {name}{state}",
                key.id, key.account
            ))?;
        }
        Ok(())
    }
}
