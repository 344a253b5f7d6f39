//! `candor serve`: the web; `candor work`: the senders; `candor run`: both.

use std::net::TcpListener;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use clap::Args;

use super::Settings;
use crate::app::App;
use crate::db;
use crate::deployment::keys::{self, KeyError};
use crate::deployment::watch::Witness;
use crate::shutdown::Shutdown;
use crate::template::starting_text;
use crate::worker::Route;
use crate::{telemetry, ticket, web, worker};

/// How long running requests and messages may take after the drain of a shutdown.
const DEADLINE: Duration = Duration::from_secs(25);
/// How often the process tries again to reach a database that was away at the start.
const AGAIN: Duration = Duration::from_secs(1);

/// Serve the pages and the API until Ctrl-C; senders are `candor work`
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  CANDOR__HTTP__LISTEN=0.0.0.0:8080 candor serve")]
pub(crate) struct Serve {}

impl Serve {
    pub(crate) async fn run(self, settings: &Settings) -> Result<()> {
        let app = settings.app()?;
        let is_checked = start(&app).await?;
        // Senders check it too, but this node may be the only one that saw a later state of the database.
        if let Err(error) = Witness::new(&app).look(&app).await {
            app.db
                .trouble("cannot see whether the database is the latest", &error);
        }
        let listener = listen(&app)?;
        until_asked(app, listener, Vec::new(), is_checked).await
    }
}

/// Send notices and other e-mails until Ctrl-C; any number of these share the work
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  candor --config /etc/candor.toml work")]
pub(crate) struct Work {}

impl Work {
    pub(crate) async fn run(self, settings: &Settings) -> Result<()> {
        let app = settings.app()?;
        let is_checked = start(&app).await?;
        let routes = worker::routes(&app.config.mail.relays)?;
        let shutdown = Shutdown::new();
        shutdown.listen()?;
        keep_audit_log(&app, &shutdown);
        shutdown.spawn(send(app.clone(), routes, is_checked, shutdown.clone()));
        let watched = async {
            let address = app.config.mail.listen.clone();
            match &*address {
                "" => shutdown.soft().cancelled().await,
                address => {
                    let listener = TcpListener::bind(address)
                        .with_context(|| format!("mail.listen: cannot use {address}"))?;
                    web::operations::serve(app.clone(), listener, &shutdown).await?;
                }
            }
            anyhow::Ok(())
        };
        let (watched, checked, _) = tokio::join!(
            async {
                let watched = watched.await;
                shutdown.leave();
                watched
            },
            check_later(&app, is_checked, &shutdown),
            shutdown.wait(DEADLINE)
        );
        watched.and(checked)
    }
}

/// Serve and send in one process
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  candor --config /etc/candor.toml run")]
pub(crate) struct Run {}

impl Run {
    pub(crate) async fn run(self, settings: &Settings) -> Result<()> {
        let app = settings.app()?;
        let is_checked = start(&app).await?;
        let routes = worker::routes(&app.config.mail.relays)?;
        let listener = listen(&app)?;
        until_asked(app, listener, routes, is_checked).await
    }
}

/// `false`: the database is away or too slow, and nothing was compared with it.
async fn start(app: &App) -> Result<bool> {
    telemetry::start_logging(&app.config.log);
    starting_text::check()
        .map_err(|why| anyhow!("a starting text of this program is broken: {why}"))?;
    if let Some(dir) = app.config.database.state_dir() {
        dir.prepare()?;
    }
    expect_migrations(app).await
}

/// Starts the senders once the database could be checked: its keys, and whether it may be an older
/// copy. Other keys end the process.
async fn send(app: App, routes: Vec<Route>, is_checked: bool, shutdown: Shutdown) {
    let witness = Witness::new(&app);
    loop {
        match keys::start(&app).await {
            Ok(_) => match witness.look(&app).await {
                Ok(doubt) => {
                    if let Some(doubt) = doubt {
                        tracing::error!("{doubt}");
                    }
                    return worker::start(&app, routes, &shutdown);
                }
                Err(error) => {
                    app.db
                        .trouble("waiting for the database before anything is sent", &error);
                }
            },
            Err(KeyError::Db(error)) => {
                app.db
                    .trouble("waiting for the database before anything is sent", &error);
            }
            Err(error) => {
                tracing::error!(%error, "nothing is sent with these keys");
                // Otherwise `check_later` ends the process, and logs why.
                if is_checked {
                    shutdown.leave();
                }
                return;
            }
        }
        if !shutdown.rest(AGAIN).await {
            return;
        }
    }
}

/// Serves and sends until shutdown is requested, then lets running requests and messages finish.
async fn until_asked(
    app: App,
    listener: TcpListener,
    routes: Vec<Route>,
    is_checked: bool,
) -> Result<()> {
    let shutdown = Shutdown::new();
    shutdown.listen()?;
    keep_audit_log(&app, &shutdown);
    if !routes.is_empty() {
        shutdown.spawn(send(app.clone(), routes, is_checked, shutdown.clone()));
    }
    let serving = async {
        let served = web(&app, listener, &shutdown).await;
        shutdown.leave();
        served
    };
    let drain = Duration::from_secs(app.config.http.drain_seconds.into());
    let (served, checked, _) = tokio::join!(
        serving,
        check_later(&app, is_checked, &shutdown),
        shutdown.wait(drain + DEADLINE)
    );
    served?;
    checked
}

/// Repeats the checks of the start once the database can be reached, if it was away then; the keys until there is an
/// incident to compare them with, since another node may open the first one. A failure that would have prevented the
/// start ends the process.
///
/// # Errors
/// Why the process cannot work with this database.
async fn check_later(app: &App, mut is_checked: bool, shutdown: &Shutdown) -> Result<()> {
    let is_done = |is_checked| is_checked && app.has_right_keys.load(Ordering::Relaxed);
    while !is_done(is_checked) && shutdown.rest(AGAIN).await {
        let compare = async {
            match is_checked {
                true => keys_fit(app).await,
                false => fits(app).await,
            }
        };
        // There is no time limit for a server that does not answer.
        let compared = tokio::select! {
            compared = compare => compared,
            () = shutdown.soft().cancelled() => return Ok(()),
        };
        match compared {
            Ok(fits) => is_checked |= fits,
            Err(error) => {
                tracing::error!(%error, "this process ends: it cannot work with this database");
                shutdown.leave();
                return Err(error);
            }
        }
    }
    Ok(())
}

/// Runs the audit log's task until shutdown is requested.
pub(crate) fn keep_audit_log(app: &App, shutdown: &Shutdown) {
    shutdown.spawn(worker::audit_log::run(app.clone(), shutdown.clone()));
}

/// Serves the pages and the API, and the metrics on an address of their own.
pub(crate) async fn web(
    app: &App,
    listener: TcpListener,
    shutdown: &Shutdown,
) -> std::io::Result<()> {
    let watched = async {
        let address = &app.config.http.metrics_listen;
        match TcpListener::bind(&**address) {
            _ if address.is_empty() => Ok(()),
            Ok(listener) => web::operations::serve(app.clone(), listener, shutdown).await,
            // Pages do not depend on it: another Candor on this machine may use the address.
            Err(error) => {
                tracing::warn!(%error, listen = %address, "http.metrics_listen cannot be used: no /metrics");
                Ok(())
            }
        }
    };
    let serving = web::serve(app.clone(), listener, shutdown);
    let (served, watched) = tokio::join!(serving, watched);
    served.and(watched)
}

/// The socket of `http.listen`.
pub(crate) fn listen(app: &App) -> Result<TcpListener> {
    let address = &app.config.http.listen;
    let listener = TcpListener::bind(&**address)
        .with_context(|| format!("http.listen: cannot use {address}"))?;
    tracing::info!(
        listen = %address,
        public_url = %app.config.http.public_url,
        "serving"
    );
    Ok(listener)
}

/// Refuses to start on an older schema, on one with another table of ticket moves than the program's, or with other keys than
/// those of the database. `false`: the database is away or too slow. The process starts all the same: pages report it, and
/// [`check_later`] repeats the check.
///
/// # Errors
/// Why the process cannot work with this database.
pub(crate) async fn expect_migrations(app: &App) -> Result<bool> {
    let fits = fits(app).await?;
    if !fits {
        tracing::warn!("starting without the database");
    }
    Ok(fits)
}

/// Whether schema and keys are those of this program; `false`: the database is away.
async fn fits(app: &App) -> Result<bool> {
    let Ok(pending) = db::pending(app.config.database_url()?).await else {
        return Ok(false);
    };
    ensure!(
        pending == 0,
        "{pending} migrations are pending: run `candor migrate` first"
    );
    let checked = async { ticket::store::check_table(&mut *app.db.get().await?).await };
    match checked.await {
        Err(error) if is_transient(&error) => Ok(false),
        checked => {
            checked?;
            keys_fit(app).await
        }
    }
}

/// Whether the keys are those of the database, or there is no incident to compare them with; `false`: the database is away.
async fn keys_fit(app: &App) -> Result<bool> {
    match keys::start(app).await {
        Ok(_) => Ok(true),
        Err(KeyError::Db(error)) if is_transient(&error) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Whether the error is about neither schema nor keys.
fn is_transient(error: &db::Error) -> bool {
    error.is_passing() || matches!(error, db::Error::Retry)
}
