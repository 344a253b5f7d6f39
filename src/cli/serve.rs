//! `candor serve`: the web.

use std::net::TcpListener;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Args;

use super::Settings;
use crate::app::App;
use crate::db;
use crate::shutdown::Shutdown;
use crate::{telemetry, web};

/// How long requests in hand may take once the end was asked for.
const DEADLINE: Duration = Duration::from_secs(25);

/// Serve the pages and the API until Ctrl-C; senders are `candor work`
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  CANDOR__HTTP__LISTEN=0.0.0.0:8080 candor serve")]
pub struct Serve {}

impl Serve {
    pub async fn run(self, settings: &Settings) -> Result<()> {
        let app = settings.app()?;
        telemetry::start_logging(&app.config.log);
        expect_migrations(&app).await?;
        let listener = listen(&app)?;
        let shutdown = Shutdown::new();
        shutdown.listen()?;
        let serving = async {
            let served = web::serve(app, listener, &shutdown).await;
            shutdown.leave();
            served
        };
        let (served, _) = tokio::join!(serving, shutdown.wait(DEADLINE));
        Ok(served?)
    }
}

/// The socket of `http.listen`.
pub fn listen(app: &App) -> Result<TcpListener> {
    let address = &app.config.http.listen;
    let listener =
        TcpListener::bind(address).with_context(|| format!("http.listen: cannot use {address}"))?;
    tracing::info!(
        listen = address,
        public_url = app.config.http.public_url,
        "serving"
    );
    Ok(listener)
}

/// Refuses to start on an older schema. A database that is away is no reason: pages say so and try
/// again.
pub async fn expect_migrations(app: &App) -> Result<()> {
    match db::pending(app.config.database_url()?).await {
        Ok(pending) => {
            ensure!(
                pending == 0,
                "{pending} migrations are pending: run `candor migrate` first"
            );
        }
        Err(error) => tracing::warn!(%error, "starting without the database"),
    }
    Ok(())
}
