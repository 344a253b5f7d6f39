//! `candor staff`: accounts.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::{fs, io};

use anyhow::{Context, Result, anyhow};
use clap::{Args, Subcommand};
use serde_json::json;

use super::{Settings, say, say_json};
use crate::actor::{Actor, System};
use crate::address::EmailAddress;
use crate::app::App;
use crate::id::StaffId;
use crate::staff::password::{Cost, Password};
use crate::staff::{StaffRole, manage, store};
use crate::ticket::released;

const ME: Actor = Actor::System(System::Cli);

/// Accounts: add, disable, enable, reset, list
#[derive(Debug, Subcommand)]
pub(crate) enum Staff {
    Add(Add),
    Disable(Disable),
    Enable(Enable),
    Reset(Reset),
    List(List),
}

/// Add an account that can sign in; without a password one is made and printed
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  candor staff add --name \"Ana Ruiz\" --email ana@example.com --role comms"
)]
pub(crate) struct Add {
    /// The name that colleagues see
    #[arg(long)]
    name: String,
    /// The e-mail address for signing in
    #[arg(long)]
    email: String,
    /// comms, approver, agent, lead, auditor or admin; may be repeated
    #[arg(long = "role", required = true)]
    roles: Vec<StaffRole>,
    #[command(flatten)]
    password: PasswordFrom,
}

/// Disable an account: its sessions end, its keys are revoked for ever
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  candor staff disable ana@example.com")]
pub(crate) struct Disable {
    /// E-mail address or id
    account: String,
}

/// Enable an account again; its API keys stay revoked
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  candor staff enable ana@example.com")]
pub(crate) struct Enable {
    /// E-mail address or id
    account: String,
}

/// Set another password and end the account's sessions
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  candor staff reset ana@example.com")]
pub(crate) struct Reset {
    /// E-mail address or id
    account: String,
    #[command(flatten)]
    password: PasswordFrom,
}

/// List the accounts
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  candor staff list --json")]
pub(crate) struct List {
    /// Print them as JSON
    #[arg(long)]
    json: bool,
}

/// Where a password comes from: never from the command line, which everybody on the machine can see.
#[derive(Debug, Args)]
struct PasswordFrom {
    /// Read the password from the first line of a file, or of standard input for `-`
    #[arg(long, value_name = "FILE|-")]
    password_file: Option<PathBuf>,
}

impl PasswordFrom {
    /// The password, and whether it was made here.
    fn get(&self) -> Result<(Password, bool)> {
        let Some(file) = &self.password_file else {
            return Ok((Password::generate(), true));
        };
        let text = if file == Path::new("-") {
            let mut text = String::new();
            io::stdin().read_to_string(&mut text).map(|_| text)
        } else {
            fs::read_to_string(file)
        };
        let text = text.with_context(|| format!("cannot read {}", file.display()))?;
        Ok((
            Password::parse(text.lines().next().unwrap_or_default())?,
            false,
        ))
    }
}

impl Staff {
    pub(crate) async fn run(self, settings: &Settings) -> Result<()> {
        let app = settings.app()?;
        match self {
            Self::Add(add) => add.run(&app).await,
            Self::Disable(Disable { account }) => {
                let id = find(&app, &account).await?;
                released::disable(&app, ME, id).await?;
                say(format!("disabled {id}"))
            }
            Self::Enable(Enable { account }) => {
                let id = find(&app, &account).await?;
                manage::enable(&app, ME, id).await?;
                say(format!("enabled {id}"))
            }
            Self::Reset(reset) => reset.run(&app).await,
            Self::List(list) => list.run(&app).await,
        }
    }
}

impl Add {
    async fn run(self, app: &App) -> Result<()> {
        let email = EmailAddress::parse(&self.email).context("--email")?;
        let (password, made) = self.password.get()?;
        let hash = password.hash(Cost::FULL).await;
        let staff = manage::add(app, ME, &self.name, &email, &self.roles, &hash).await?;
        say(format!("added {} ({})", staff.id, staff.name))?;
        show(&password, made)
    }
}

impl Reset {
    async fn run(self, app: &App) -> Result<()> {
        let id = find(app, &self.account).await?;
        let (password, made) = self.password.get()?;
        let hash = password.hash(Cost::FULL).await;
        manage::reset(app, ME, id, &hash).await?;
        say(format!("reset {id}"))?;
        show(&password, made)
    }
}

impl List {
    async fn run(self, app: &App) -> Result<()> {
        let staff = store::list(&mut *app.db.get().await?).await?;
        let email = |email: &Option<EmailAddress>| email.as_ref().map(|e| e.as_str().to_owned());
        if self.json {
            let rows: Vec<_> = staff
                .iter()
                .map(|s| {
                    json!({
                        "id": s.id, "name": s.name, "email": email(&s.email), "roles": s.roles,
                        "created_at": s.created_at, "disabled_at": s.disabled_at,
                    })
                })
                .collect();
            return say_json(&rows);
        }
        for s in staff {
            let roles: Vec<_> = s.roles.iter().map(|role| role.as_str()).collect();
            let email = email(&s.email).unwrap_or_else(|| "(API key)".to_owned());
            let state = if s.disabled_at.is_some() {
                "  disabled"
            } else {
                ""
            };
            say(format!(
                "{}  {:28} {:24} {}{state}",
                s.id,
                email,
                s.name,
                roles.join(",")
            ))?;
        }
        Ok(())
    }
}

/// Prints a password that was made here, alone on the last line.
fn show(password: &Password, made: bool) -> Result<()> {
    if made {
        say("Its password, shown only now:")?;
        say(password.expose())?;
    }
    Ok(())
}

async fn find(app: &App, account: &str) -> Result<StaffId> {
    if let Ok(id) = account.parse() {
        return Ok(id);
    }
    let email = EmailAddress::parse(account).context("neither an id nor an e-mail address")?;
    let found = store::find_by_email(&mut *app.db.get().await?, &email.key_form()).await?;
    let (staff, _) =
        found.ok_or_else(|| anyhow!("there is no account with this e-mail address"))?;
    Ok(staff.id)
}
