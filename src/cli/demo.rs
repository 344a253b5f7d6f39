//! `candor demo`: both walks on an invented breach, on a Postgres of its own, with mail in files.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::app::App;
use crate::campaign::store::Progress;
use crate::clock::Clock;
use crate::config::{Config, RelayConfig, Secret};
use crate::db::embedded::Cluster;
use crate::id::StaffId;
use crate::incident;
use crate::notice::NoticeStatus;
use crate::notice::account::{self, Account};
use crate::rehearsal::walk::{self, Cast, Report};
use crate::rehearsal::{ORGANISATION, Plan, SLUG};
use crate::seal::{random, to_hex};
use crate::shutdown::Shutdown;
use crate::staff::{self, Role};
use crate::{db, web, worker};

/// The demo's database in its private cluster.
const DATABASE: &str = "candor";

/// Arguments of `candor demo`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: candor demo --once")]
pub struct Args {
    /// Stop after the run instead of serving the pages.
    #[arg(long)]
    pub once: bool,
    /// How many people to make up.
    #[arg(long, default_value_t = 10_000)]
    pub people: usize,
    /// Where database, key and mail are kept.
    #[arg(long, default_value = "var")]
    pub dir: PathBuf,
    /// Forget an earlier demo and begin anew.
    #[arg(long)]
    pub fresh: bool,
}

/// The demo's accounts: name, e-mail address, roles.
const CAST: &[(&str, &str, &[Role])] = &[
    ("Cleo Comms", "comms@sundmere.example", &[Role::Comms]),
    ("Abel Approver", "approver@sundmere.example", &[Role::Approver]),
    ("Ines Agent", "agent@sundmere.example", &[Role::Agent]),
    ("Lena Lead", "lead@sundmere.example", &[Role::Lead]),
    ("Otto Auditor", "auditor@sundmere.example", &[Role::Auditor]),
    ("Ada Admin", "admin@sundmere.example", &[Role::Admin]),
];

/// Runs the demo.
///
/// # Errors
/// Whatever stood in its way, with what to do about it.
pub async fn run(config: Config, args: &Args) -> Result<()> {
    std::fs::create_dir_all(&args.dir).with_context(|| format!("cannot make {}", args.dir.display()))?;
    let dir = args.dir.canonicalize()?;
    let cluster = Cluster::start(&dir.join("postgres")).await?;
    if let Some(note) = cluster.note() {
        say(&format!("note: {note}"));
    }
    let outcome = with_database(config, args, &dir, &cluster).await;
    cluster.stop().await?;
    outcome
}

async fn with_database(config: Config, args: &Args, dir: &Path, cluster: &Cluster) -> Result<()> {
    if args.fresh {
        drop_database(cluster).await?;
    }
    cluster.ensure_database(DATABASE).await?;
    let app = App::new(settings(config, dir, cluster)?, Clock::system())?;
    db::migrate(app.config.database_url()?).await?;
    if began(&app).await? && !is_through(&app).await? {
        say("an earlier demo was interrupted: beginning anew");
        drop(app);
        drop_database(cluster).await?;
        return Box::pin(with_database(reload(dir, cluster)?, &Args { fresh: false, dir: args.dir.clone(), ..*args }, dir, cluster)).await;
    }
    let shutdown = Shutdown::new();
    shutdown.listen()?;
    let listener = web::bind(&app)?;
    let server = tokio::spawn(web::serve(app.clone(), listener, shutdown.clone()));
    worker::start(&app, worker::routes(&app.config.mail.relays)?, &shutdown);
    let acted = tokio::select! {
        acted = act(&app, args) => acted,
        () = shutdown.soft().cancelled() => Ok(()),
    };
    if acted.is_ok() && !args.once && !shutdown.is_leaving() {
        say(&format!("\nServing {} until Ctrl-C.", app.config.http.public_url));
        shutdown.soft().cancelled().await;
    }
    shutdown.leave();
    shutdown.wait(Duration::from_secs(20)).await;
    server.await??;
    acted
}

/// The demo's own settings over those given: its database, its key, its mail folder.
fn settings(mut config: Config, dir: &Path, cluster: &Cluster) -> Result<Config> {
    let outbox = dir.join("outbox");
    config.database.url = Secret::from(cluster.url(DATABASE));
    config.secrets.master_key_file = master_key(dir)?;
    config.secrets.master_key = Secret::default();
    if config.organisation.name == "Your organisation" {
        ORGANISATION.clone_into(&mut config.organisation.name);
        ORGANISATION.clone_into(&mut config.organisation.from_name);
        "notice@sundmere.example".clone_into(&mut config.organisation.from_address);
        "1-800-555-0142".clone_into(&mut config.organisation.phone);
        "Monday to Friday, 8 am to 8 pm".clone_into(&mut config.organisation.phone_hours);
        config.organisation.website.clone_from(&config.http.public_url);
    }
    if config.mail.relays.is_empty() {
        let url = Secret::from(format!("file://{}", outbox.display()));
        config.mail.relays = vec![RelayConfig { name: "outbox".to_owned(), url, connections: 16, rate_per_second: 0 }];
    }
    Ok(config)
}

fn reload(dir: &Path, cluster: &Cluster) -> Result<Config> {
    settings(Config::load(None)?, dir, cluster)
}

/// A key of the demo's own, made once.
fn master_key(dir: &Path) -> Result<PathBuf> {
    use std::os::unix::fs::OpenOptionsExt;
    let file = dir.join("master.key");
    if !file.exists() {
        let mut new = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&file)?;
        writeln!(new, "{}", to_hex(&random::<32>()))?;
    }
    Ok(file)
}

async fn drop_database(cluster: &Cluster) -> Result<()> {
    let (client, connection) = tokio_postgres::connect(&cluster.url("postgres"), tokio_postgres::NoTls).await?;
    let connection = tokio::spawn(connection);
    client.batch_execute(&format!("drop database if exists {DATABASE} with (force)")).await?;
    drop(client);
    connection.await??;
    Ok(())
}

async fn began(app: &App) -> Result<bool> {
    match incident::store::find_by_slug(&mut *app.db.get().await?, SLUG).await {
        Ok(_) => Ok(true),
        Err(db::Error::Missing) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// An earlier run came to its end: somebody was told everything, and a ticket was answered.
async fn is_through(app: &App) -> Result<bool> {
    let mut conn = app.db.get().await?;
    let incident = incident::store::find_by_slug(&mut conn, SLUG).await?;
    let account = account::account(&mut conn, incident.id).await?;
    Ok(incident.active_scope >= Some(2) && account.unnotified_elements == 0 && account.notified > 0)
}

async fn act(app: &App, args: &Args) -> Result<()> {
    if began(app).await? {
        say("The demo's incident is here from an earlier run (candor demo --fresh begins anew).");
        let mut conn = app.db.get().await?;
        let incident = incident::store::find_by_slug(&mut conn, SLUG).await?;
        tell_account("now", &account::account(&mut conn, incident.id).await?);
    } else {
        let cast = accounts(app).await?;
        let report = walk::run(app, cast, Plan { people: args.people }, |step| say(&format!("· {step}"))).await?;
        tell(app, args, &report);
    }
    say("\nSign in at /console with any of:");
    for (name, email, roles) in CAST {
        say(&format!("  {email:<28} {:<22} {name}, {}", password(app, email), roles[0]));
    }
    Ok(())
}

/// The same on every start, known only to who has the demo's master key.
fn password(app: &App, email: &str) -> String {
    let mac = app.keys.link_mac(&[b"demo password", email.as_bytes()]);
    to_hex(&mac[..8])
}

async fn accounts(app: &App) -> Result<Cast> {
    let mut ids = Vec::new();
    for (name, email, roles) in CAST {
        ids.push(staff::manage::add(app, crate::actor::Actor::System("demo"), name, email, roles, &password(app, email)).await?);
    }
    let id = |at: usize| -> StaffId { ids[at] };
    Ok(Cast { comms: id(0), approver: id(1), agent: id(2) })
}

fn tell(app: &App, args: &Args, report: &Report) {
    let (first, reasons) = &report.first;
    say(&format!("\nScope version 1: {} people imported, {} rows rejected", first.accepted, first.rejected));
    for (why, rows) in reasons {
        say(&format!("    {rows:>3}  {why}"));
    }
    say(&format!("Scope version 2: {} people imported; {} people added, {} people with more exposed than was known",
        report.second.accepted, report.second.delta.people_added, report.second.delta.elements_added));
    for (kind, progress) in &report.campaigns {
        say(&format!("Notices of the {kind} campaign: {}", states(progress)));
    }
    say("\nThe account (P1: unexplained must be 0; P2: unnotified elements)");
    tell_account("after the first campaign", &report.told);
    tell_account("after scope version 2", &report.grown);
    tell_account("after the supplement", &report.whole);
    say(&format!("\nTicket {} ({} questions were asked and answered):", report.ticket.0, report.answered));
    for line in &report.ticket.1 {
        say(&format!("    {line}"));
    }
    say(&format!("\nA status link:  {}", report.link));
    say(&format!("A notice code:  {}  (check it at {}/verify)", report.code, app.config.http.public_url));
    say(&format!("Mail as files:  {}", args.dir.join("outbox").display()));
}

fn states(progress: &Progress) -> String {
    let some = NoticeStatus::ALL.iter().map(|s| (s, progress.of(*s))).filter(|(_, n)| *n > 0);
    some.map(|(status, n)| format!("{status} {n}")).collect::<Vec<_>>().join(", ")
}

fn tell_account(when: &str, a: &Account) {
    say(&format!(
        "  {when:<26} people {} = notified {} + in progress {} + needs letter {} + withheld {}; unexplained {}; unnotified_elements {}",
        a.people, a.notified, a.in_progress, a.needs_letter, a.withheld, a.unexplained, a.unnotified_elements
    ));
}

fn say(line: &str) {
    // A closed pipe is the reader's choice, not an error.
    let _ = writeln!(std::io::stdout(), "{line}");
}
