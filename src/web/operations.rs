//! Health checks and metrics for operators: `/healthz`, `/readyz`, `/metrics`.

use std::io;
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use actix_web::web::{Data, get};
use actix_web::{HttpResponse, HttpServer, Responder, http::header};
use serde_json::{Value, json};
use tokio::runtime::Handle;
use tokio::sync::Mutex;

use crate::app::App;
use crate::deployment::keys::{self, KeyError};
use crate::shutdown::Shutdown;
use crate::telemetry::VERSION;
use crate::web::{Home, drained, metrics};
use crate::{campaign, db, deployment};

/// Serves only these three, for monitoring, until the node is drained.
///
/// # Errors
/// If the socket cannot be served.
pub async fn serve(app: App, listener: TcpListener, shutdown: &Shutdown) -> io::Result<()> {
    let drain = Duration::from_secs(app.config.http.drain_seconds.into());
    let app = Data::new(app);
    let home = Data::new(Home {
        runtime: Handle::current(),
        leaving: shutdown.soft().clone(),
        is_migrated: AtomicBool::new(false),
    });
    let looked = Data::new(Looked::default());
    let server = HttpServer::new(move || {
        actix_web::App::new()
            .app_data(app.clone())
            .app_data(home.clone())
            .app_data(looked.clone())
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
        () = drained(drain, shutdown.clone()) => {
            handle.stop(true).await;
            Ok(())
        }
    }
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
pub async fn healthz() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "alive", "build": build() }))
}

fn build() -> Value {
    json!({ "version": VERSION })
}

/// One condition of readiness.
#[derive(Debug)]
struct Check {
    name: &'static str,
    ok: bool,
    /// Why not, or a note. Never an address or a secret.
    reason: String,
}

impl Check {
    fn good(name: &'static str) -> Self {
        Self {
            name,
            ok: true,
            reason: String::new(),
        }
    }

    fn bad(name: &'static str, reason: impl Into<String>) -> Self {
        Self {
            name,
            ok: false,
            reason: reason.into(),
        }
    }
}

/// The reason when the database cannot be reached. Its own error may name hosts.
const AWAY: &str = "the database cannot be reached";

/// `GET /readyz`: whether the database answers, has all migrations and is used with these keys, as JSON. 503 if not.
/// A hold of sending is reported, but the node stays ready: pages and the helpline work.
pub async fn readyz(app: Data<App>, home: Data<Home>) -> HttpResponse {
    let mut checks = checks(&app, &home).await;
    if home.leaving.is_cancelled() {
        let reason = "this node shuts down: send requests to another";
        checks.push(Check::bad("serving", reason));
    }
    let ready = checks.iter().all(|check| check.ok);
    if ready {
        checks.push(sending(&app).await);
    }
    let (mut answer, status) = match ready {
        true => (HttpResponse::Ok(), "ready"),
        false => (HttpResponse::ServiceUnavailable(), "not ready"),
    };
    let checks: serde_json::Map<String, Value> = checks
        .into_iter()
        .map(|check| {
            (
                check.name.to_owned(),
                json!({ "ok": check.ok, "reason": check.reason }),
            )
        })
        .collect();
    answer.json(json!({ "status": status, "checks": checks, "build": build() }))
}

async fn checks(app: &App, home: &Home) -> Vec<Check> {
    // Migrations are not reverted while a program runs. Once all have run, one query is enough, and an anonymous
    // client that asks often opens no connections.
    if !home.is_migrated.load(Ordering::Relaxed) {
        match pending(app, home).await {
            Ok(0) => home.is_migrated.store(true, Ordering::Relaxed),
            Ok(pending) => {
                let reason = format!("{pending} migrations are pending: run `candor migrate`");
                return vec![Check::good("database"), Check::bad("migrations", reason)];
            }
            Err(away) => return vec![away],
        }
    }
    let keys = match are_right(app).await {
        Ok(()) => Check::good("keys"),
        Err(KeyError::Db(_)) => return vec![Check::bad("database", AWAY)],
        Err(error) => Check::bad("keys", error.to_string()),
    };
    vec![Check::good("database"), Check::good("migrations"), keys]
}

/// How many migrations have not run; a bad check if the database cannot be asked.
async fn pending(app: &App, home: &Home) -> Result<usize, Check> {
    let Ok(url) = app.config.database_url().map(ToOwned::to_owned) else {
        return Err(Check::bad("database", "database.url is not set"));
    };
    // The migration harness blocks its thread, which a web worker cannot afford.
    let pending = home.runtime.spawn(async move { db::pending(&url).await });
    match pending.await {
        Ok(Ok(pending)) => Ok(pending),
        _ => Err(Check::bad("database", AWAY)),
    }
}

/// Whether the keys are those of the database. Until there is an incident, each call asks again: the first one may be
/// opened with others.
async fn are_right(app: &App) -> Result<(), KeyError> {
    if app.has_right_keys.load(Ordering::Relaxed) {
        deployment::store::doubt(&mut *app.db.get().await?).await?;
        return Ok(());
    }
    keys::check(app).await.map(|_| ())
}

/// Whether messages may leave. Held or not, the check is good.
async fn sending(app: &App) -> Check {
    let held = async {
        let mut conn = app.db.get().await?;
        let doubt = deployment::store::doubt(&mut conn).await?;
        let stopped = campaign::store::stopped(&mut conn).await?;
        db::Result::Ok(match (doubt, stopped) {
            (Some(doubt), _) => format!("sending is held: {doubt}"),
            (None, Some(_)) => "sending is stopped".to_owned(),
            (None, None) => String::new(),
        })
    };
    Check {
        name: "sending",
        ok: true,
        reason: held.await.unwrap_or_default(),
    }
}

/// `GET /metrics`, for Prometheus: figures of this process, and figures of queue, people and tickets of all nodes. While
/// the database is away, the latter are those of the last successful read.
pub async fn metrics(app: Data<App>, looked: Data<Looked>) -> impl Responder {
    for (pool, state) in app.db.pools() {
        let figures = [
            ("max", state.max),
            ("open", state.open),
            ("idle", state.idle),
            ("waiting", state.waiting),
        ];
        for (name, figure) in figures {
            let gauge = app.metrics.pool.with_label_values(&[pool, name]);
            gauge.set(i64::try_from(figure).unwrap_or(i64::MAX));
        }
    }
    let mut last = looked.0.lock().await;
    if last.is_none_or(|at| at.elapsed() >= KEPT) {
        match metrics::look(&app).await {
            Ok(()) => *last = Some(Instant::now()),
            Err(error) => app.db.trouble(
                "the figures of /metrics could not be read from the database",
                &error,
            ),
        }
    }
    drop(last);
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/plain; version=0.0.4"))
        .body(app.metrics.render())
}

/// How long figures from the database are reused, so that frequent scrapes do not load the database.
const KEPT: Duration = Duration::from_secs(2);

/// When the figures of the database were read last.
#[derive(Debug, Default)]
pub struct Looked(Mutex<Option<Instant>>);
