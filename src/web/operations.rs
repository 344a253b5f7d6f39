//! For whoever keeps Candor running: is it alive, is it ready, what are its figures.

use std::io;
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::web::{Data, get};
use actix_web::{HttpResponse, HttpServer, Responder, http::header};
use tokio::runtime::Handle;

use crate::app::App;
use crate::campaign;
use crate::db;
use crate::deployment;
use crate::deployment::keys::{self, KeyError};
use crate::notice::store::batch;
use crate::shutdown::Shutdown;
use crate::web::Home;
use crate::web::problem::{Answer, Kind, Problem};

/// Serves only these to whoever watches a sender, until the end is asked for.
///
/// # Errors
/// If the socket cannot be served.
pub async fn serve(app: App, listener: TcpListener, shutdown: &Shutdown) -> io::Result<()> {
    let app = Data::new(app);
    let home = Data::new(Home {
        runtime: Handle::current(),
        leaving: shutdown.soft().clone(),
        is_migrated: AtomicBool::new(false),
    });
    let server = HttpServer::new(move || {
        actix_web::App::new()
            .app_data(app.clone())
            .app_data(home.clone())
            .route("/healthz", get().to(healthz))
            .route("/readyz", get().to(readyz))
            .route("/metrics", get().to(metrics))
    })
    .workers(1)
    .disable_signals()
    .listen(listener)?
    .run();
    let handle = server.handle();
    tokio::select! {
        served = server => served,
        () = shutdown.soft().cancelled() => {
            handle.stop(true).await;
            Ok(())
        }
    }
}

/// Figures of all nodes.
struct Look {
    queue: batch::Queue,
    /// Messages on connections.
    sending: i64,
    is_stopped: bool,
    in_doubt: bool,
}

async fn look(app: &App) -> db::Result<Look> {
    let mut conn = app.db.get().await?;
    Ok(Look {
        queue: batch::queue(&mut conn, app.now()).await?,
        sending: campaign::store::sending_in_all(&mut conn).await?,
        is_stopped: campaign::store::stopped(&mut conn).await?.is_some(),
        in_doubt: deployment::store::doubt(&mut conn).await?.is_some(),
    })
}

/// How many files and connections this process may have open.
pub fn descriptors() -> usize {
    // Beyond Linux the least that systems allow.
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let open = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"));
    let soft = open.and_then(|limits| limits.split_whitespace().next());
    soft.and_then(|soft| soft.parse().ok()).unwrap_or(256)
}

/// `GET /healthz`: this process answers.
pub async fn healthz() -> impl Responder {
    "alive\n"
}

/// `GET /readyz`: the database answers too, and has all migrations.
///
/// # Errors
/// 503 with the reason.
pub async fn readyz(app: Data<App>, home: Data<Home>) -> Answer {
    if home.is_migrated.load(Ordering::Relaxed) {
        // Migrations do not run backwards under a program: from now on a question is enough, and a stranger who
        // asks often opens no connections.
        return ready(&app).await;
    }
    let url = app
        .config
        .database_url()
        .map_err(Problem::broken)?
        .to_owned();
    // The migration harness blocks its thread, which a web worker cannot afford.
    let pending = home.runtime.spawn(async move { db::pending(&url).await });
    match pending.await.map_err(Problem::broken)? {
        Ok(0) => {
            // A database that was away when this process started has not been looked at.
            match keys::check(&app).await {
                Ok(()) => {}
                Err(KeyError::Db(error)) => return Err(error.into()),
                Err(error) => return Err(Problem::new(Kind::Away).because(error.to_string())),
            }
            home.is_migrated.store(true, Ordering::Relaxed);
            ready(&app).await
        }
        Ok(n) => Err(Problem::new(Kind::Away).because(format!("{n} migrations are pending"))),
        Err(error) => Err(error.into()),
    }
}

/// Pages are served from an older copy too; that nothing is sent is said.
async fn ready(app: &App) -> Answer {
    let doubt = deployment::store::doubt(&mut *app.db.get().await?).await?;
    Ok(HttpResponse::Ok().body(match doubt {
        None => "ready\n".to_owned(),
        Some(doubt) => format!("ready\nsending is held: {doubt}\n"),
    }))
}

/// `GET /metrics`, for Prometheus: the figures of this process, and how the queue stands for all. While the
/// database is away they are those of the last look.
pub async fn metrics(app: Data<App>) -> impl Responder {
    if let Ok(look) = look(&app).await {
        app.metrics.in_doubt.set(look.in_doubt.into());
        app.metrics.stopped.set(look.is_stopped.into());
        let figures = [
            ("due", look.queue.due),
            ("age", look.queue.age),
            ("silent", look.queue.silent),
            ("sending", look.sending),
        ];
        for (figure, value) in figures {
            app.metrics.queue.with_label_values(&[figure]).set(value);
        }
    }
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/plain; version=0.0.4"))
        .body(app.metrics.render())
}
