//! `candor demo`: both walks on an invented breach, on a Postgres of its own, with mail in files.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;

use super::{Settings, say, serve};
use crate::account::{self, Account};
use crate::actor::{Actor, System};
use crate::address::EmailAddress;
use crate::app::App;
use crate::campaign::store::Progress;
use crate::clock::Clock;
use crate::config::{Config, Log, LogLevel, PublicUrl, RelayConfig, Secret};
use crate::db::embedded::Cluster;
use crate::incident;
use crate::notice::NoticeStatus;
use crate::rehearsal::carrier;
use crate::rehearsal::walk::{self, Cast, Report};
use crate::rehearsal::{Plan, SLUG};
use crate::seal::{random, to_hex};
use crate::shutdown::Shutdown;
use crate::staff::password::{Cost, Password};
use crate::staff::{StaffRole, manage};
use crate::{db, telemetry, worker};

/// The demo's database in its private cluster.
const DATABASE: &str = "candor";
/// Where links lead by default.
const LINKS: &str = "http://127.0.0.1:8080";

/// Show Candor at work on an invented breach, with a Postgres of its own and mail in files
#[derive(Debug, Clone, Args)]
#[command(after_help = "Example:\n  candor demo --once")]
pub(crate) struct Demo {
    /// Stop after the run instead of serving the pages
    #[arg(long)]
    once: bool,
    /// How many people to make up
    #[arg(long, default_value_t = 10_000)]
    people: usize,
    /// Where database, key and mail are kept
    #[arg(long, default_value = "var")]
    dir: PathBuf,
    /// Delete an earlier demo and start again
    #[arg(long)]
    fresh: bool,
}

/// The demo's accounts: name, e-mail address, roles.
const CAST: &[(&str, &str, &[StaffRole])] = &[
    ("Cleo Comms", "comms@sundmere.example", &[StaffRole::Comms]),
    (
        "Abel Approver",
        "approver@sundmere.example",
        &[StaffRole::Approver],
    ),
    ("Ines Agent", "agent@sundmere.example", &[StaffRole::Agent]),
    ("Lena Lead", "lead@sundmere.example", &[StaffRole::Lead]),
    (
        "Otto Auditor",
        "auditor@sundmere.example",
        &[StaffRole::Auditor],
    ),
    ("Ada Admin", "admin@sundmere.example", &[StaffRole::Admin]),
];

impl Demo {
    pub(crate) async fn run(self, settings: &Settings) -> Result<()> {
        let config = settings.load()?;
        std::fs::create_dir_all(&self.dir)
            .with_context(|| format!("cannot make {}", self.dir.display()))?;
        let dir = self.dir.canonicalize()?;
        let cluster = Cluster::start(&dir.join("postgres")).await?;
        if let Some(note) = cluster.note() {
            say(format!("note: {note}"))?;
        }
        let config = own_settings(config, &dir, &cluster)?;
        let done = Box::pin(self.with_database(&config, &cluster)).await;
        cluster.stop().await?;
        done
    }

    async fn with_database(&self, config: &Config, cluster: &Cluster) -> Result<()> {
        telemetry::start_logging(&Log {
            level: LogLevel::warn(),
            ..config.log.clone()
        });
        if self.fresh {
            drop_database(cluster).await?;
        }
        let mut app = open(config, cluster).await?;
        if began(&app).await? && !is_through(&app).await? {
            say("an earlier demo was interrupted: starting again")?;
            drop(app);
            drop_database(cluster).await?;
            app = open(config, cluster).await?;
        }
        let shutdown = Shutdown::new();
        shutdown.listen()?;
        let listener = serve::listen(&app)?;
        serve::keep_audit_log(&app, &shutdown);
        worker::start(&app, worker::routes(&app.config.mail.relays)?, &shutdown);
        let acting = async {
            let acted = tokio::select! {
                acted = self.act(&app) => acted,
                () = shutdown.soft().cancelled() => Ok(()),
            };
            if acted.is_ok() && !self.once && !shutdown.is_leaving() {
                say(format!(
                    "\nServing {} until Ctrl-C.",
                    app.config.http.public_url
                ))?;
                shutdown.soft().cancelled().await;
            }
            shutdown.leave();
            acted
        };
        let serving = serve::web(&app, listener, &shutdown);
        let (acted, served, _) =
            tokio::join!(acting, serving, shutdown.wait(Duration::from_secs(20)));
        acted.and(Ok(served?))
    }

    async fn act(&self, app: &App) -> Result<()> {
        if began(app).await? {
            say("The demo's incident is here from an earlier run (--fresh starts again).")?;
            let mut conn = app.db.get().await?;
            let incident = incident::store::find_by_slug(&mut conn, SLUG).await?;
            tell_account("now", &account::account(&mut conn, incident.id).await?)?;
        } else {
            let cast = accounts(app).await?;
            let plan = Plan {
                people: self.people,
            };
            let report = walk::run(app, cast, plan, |step| drop(say(format!("· {step}")))).await?;
            self.tell(app, &report)?;
        }
        say("\nSign in at /console with any of:")?;
        CAST.iter().try_for_each(|(name, email, roles)| {
            let roles = roles
                .iter()
                .map(|role| role.as_str())
                .collect::<Vec<_>>()
                .join(", ");
            say(format!(
                "  {email:<28} {:<18} {name}, {roles}",
                password(app, email)
            ))
        })
    }
}

async fn open(config: &Config, cluster: &Cluster) -> Result<App> {
    cluster.ensure_database(DATABASE).await?;
    let app = App::new(config.clone(), Clock::system())?;
    db::migrate(app.config.database_url()?).await?;
    Ok(app)
}

/// The demo's own settings over those given: its database, its key, its mail folder.
fn own_settings(mut config: Config, dir: &Path, cluster: &Cluster) -> Result<Config> {
    let outbox = dir.join("outbox");
    // No other node takes over.
    config.http.drain_seconds = 0;
    follow_listen(&mut config);
    config.database.url = Secret::from(cluster.url(DATABASE));
    config.secrets.master_key_file = master_key(dir)?;
    config.secrets.master_key = Secret::default();
    if config.organisation.name == "Your organisation" {
        config.organisation = carrier::organisation(&config);
    }
    if config.mail.relays.is_empty() {
        let url = Secret::from(format!("file://{}", outbox.display()));
        config.mail.relays = vec![RelayConfig {
            name: "outbox".to_owned(),
            url,
            connections: 16,
            rate_per_second: 0,
            standby: false,
        }];
    }
    Ok(config)
}

/// Links lead to where the demo listens, unless the settings say where they lead.
fn follow_listen(config: &mut Config) {
    if &*config.http.public_url != LINKS {
        return;
    }
    let listen = config.http.listen.to_string();
    let reachable = match listen.rsplit_once(':') {
        Some(("0.0.0.0", port)) => format!("127.0.0.1:{port}"),
        Some(("[::]", port)) => format!("[::1]:{port}"),
        _ => listen,
    };
    // A port that is given by the system is not known yet.
    if let Ok(url) = PublicUrl::parse(&format!("http://{reachable}"))
        && !reachable.ends_with(":0")
    {
        config.http.public_url = url;
    }
}

/// A key of the demo's own, made once.
fn master_key(dir: &Path) -> Result<PathBuf> {
    use std::os::unix::fs::OpenOptionsExt;
    let file = dir.join("master.key");
    if !file.exists() {
        let mut new = std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&file)?;
        writeln!(new, "{}", to_hex(&random::<32>()))?;
    }
    Ok(file)
}

async fn drop_database(cluster: &Cluster) -> Result<()> {
    let client = db::Connector::new(&cluster.url("postgres"))?
        .client()
        .await?;
    client
        .batch_execute(&format!("drop database if exists {DATABASE} with (force)"))
        .await?;
    Ok(())
}

async fn began(app: &App) -> Result<bool> {
    match incident::store::find_by_slug(&mut *app.db.get().await?, SLUG).await {
        Ok(_) => Ok(true),
        Err(db::Error::Missing) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Whether an earlier run was completed: people are notified, and a ticket is answered.
async fn is_through(app: &App) -> Result<bool> {
    let mut conn = app.db.get().await?;
    let incident = incident::store::find_by_slug(&mut conn, SLUG).await?;
    let account = account::account(&mut conn, incident.id).await?;
    Ok(
        incident.active_scope >= Some(2)
            && account.unnotified_elements == 0
            && account.notified > 0,
    )
}

/// The same on every start, known only to who has the demo's master key.
fn password(app: &App, email: &str) -> String {
    let mac = app.keys.link_mac(&[b"demo password", email.as_bytes()]);
    to_hex(&mac[..8])
}

async fn accounts(app: &App) -> Result<Cast> {
    let mut ids = Vec::new();
    for (name, email, roles) in CAST {
        let email = EmailAddress::parse(email)?;
        let hash = Password::parse(&password(app, email.as_str()))?
            .hash(Cost::LIGHT)
            .await;
        let account =
            manage::add(app, Actor::System(System::Demo), name, &email, roles, &hash).await?;
        ids.push(account.id);
    }
    Ok(Cast {
        comms: ids[0],
        approver: ids[1],
        agent: ids[2],
    })
}

impl Demo {
    fn tell(&self, app: &App, report: &Report) -> Result<()> {
        let (first, reasons) = &report.first;
        say(format!(
            "\nScope version 1: {} people imported, {} rows rejected",
            first.accepted, first.rejected
        ))?;
        for (column, why, rows) in reasons {
            say(format!("    {rows:>3}  {column}: {why}"))?;
        }
        let second = &report.second;
        say(format!(
            "Scope version 2: {} people imported; {} people added, {} people lost more than was known",
            second.accepted, second.delta.people_added, second.delta.elements_added
        ))?;
        for (kind, progress) in &report.campaigns {
            say(format!(
                "Notices of the {kind} campaign: {}",
                states(progress)
            ))?;
        }
        say("\nThe account (P1: unexplained is 0 at any moment; P2: unnotified_elements)")?;
        tell_account("after the first campaign", &report.told)?;
        tell_account("after scope version 2", &report.grown)?;
        tell_account("after the supplement", &report.whole)?;
        say(format!(
            "\nTicket {} ({} questions were asked and answered):",
            report.ticket.0, report.answered
        ))?;
        for line in &report.ticket.1 {
            say(format!("    {line}"))?;
        }
        say(format!("\nA status link:  {}", report.link))?;
        say(format!(
            "A notice code:  {}  (check it at {}/verify)",
            report.code, app.config.http.public_url
        ))?;
        say(format!(
            "Mail as files:  {}",
            self.dir.join("outbox").display()
        ))
    }
}

fn states(progress: &Progress) -> String {
    let some = NoticeStatus::ALL
        .iter()
        .map(|s| (s, progress.of(*s)))
        .filter(|(_, n)| *n > 0);
    some.map(|(status, n)| format!("{status} {n}"))
        .collect::<Vec<_>>()
        .join(", ")
}

fn tell_account(when: &str, a: &Account) -> Result<()> {
    say(format!(
        "  {when:<26} people {} = notified {} + in progress {} + needs letter {} + withheld {}; \
         unexplained {}; unnotified_elements {}",
        a.people,
        a.notified,
        a.in_progress,
        a.needs_letter,
        a.withheld,
        a.unexplained,
        a.unnotified_elements
    ))
}
