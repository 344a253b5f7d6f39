//! The server that answers requests.

use std::io;
use std::net::TcpListener;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use actix_web::middleware::{Compress, NormalizePath, TrailingSlash, from_fn};
use actix_web::web::{self, Data, PathConfig, PayloadConfig, QueryConfig};
use actix_web::{HttpResponse, HttpServer};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::db::request;
use crate::postal::lacking::Counts;
use crate::shutdown::Shutdown;
use crate::staff::sign_in::Attempts;
use crate::web::body::{self, Bodies};
use crate::web::middleware::{access_log, error_pages, headers, request_checks};
use crate::web::open_recalls::OpenRecalls;
use crate::web::problem::Problem;
use crate::web::{api, audience_counts, operations, routes};

/// What handlers need besides [`App`].
pub struct Home {
    /// The runtime of the process, for blocking or long work that must not run in the runtime of a web worker.
    pub runtime: Handle,
    /// Cancelled when the server shuts down: streams of events must end.
    pub leaving: CancellationToken,
    /// Whether all migrations were found to have run.
    pub is_migrated: AtomicBool,
}

impl Home {
    /// Runs a part of a request in the runtime of the process. It goes on when the connection breaks.
    pub fn run<T: Send + 'static>(
        &self,
        part: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        self.runtime.spawn(request::carried(part))
    }
}

/// Serves until shutdown is requested. Then `/readyz` reports it for `http.drain_seconds`; requests are still answered and
/// their connections closed. After that, running requests may finish.
///
/// # Errors
/// The socket cannot be served.
pub async fn serve(app: App, listener: TcpListener, shutdown: &Shutdown) -> io::Result<()> {
    let workers = workers(&app);
    let drain = Duration::from_secs(app.config.http.drain_seconds.into());
    let app = Data::new(app);
    let attempts = Data::new(Attempts::default());
    let descriptors = operations::descriptors();
    let bodies = Data::new(Bodies::within(descriptors));
    // Further connections wait to be accepted: the database needs descriptors too.
    let connections = (descriptors * 3 / 4 / workers).max(8);
    let audiences = Data::new(audience_counts::AudienceCounts::default());
    let without_address = Data::new(Counts::default());
    let recalls = Data::new(OpenRecalls::default());
    let home = Data::new(Home {
        runtime: Handle::current(),
        leaving: shutdown.soft().clone(),
        is_migrated: AtomicBool::new(false),
    });
    let server = HttpServer::new(move || {
        actix_web::App::new()
            .app_data(app.clone())
            .app_data(attempts.clone())
            .app_data(audiences.clone())
            .app_data(without_address.clone())
            .app_data(recalls.clone())
            .app_data(home.clone())
            .app_data(bodies.clone())
            .app_data(PayloadConfig::new(app.config.http.body_limit))
            .app_data(PathConfig::default().error_handler(|_, _| Problem::not_found().into()))
            .app_data(QueryConfig::default().error_handler(|why, _| api::bad_query(&why).into()))
            .configure(routes)
            .default_service(web::to(|| async {
                HttpResponse::from_error(Problem::not_found())
            }))
            .wrap(from_fn(request_checks::check_and_run))
            .wrap(from_fn(error_pages::render_errors))
            .wrap(from_fn(headers::add_headers))
            .wrap(Compress::default())
            .wrap(NormalizePath::new(TrailingSlash::Trim))
            .wrap(from_fn(access_log::log_request))
            .wrap(from_fn(body::close))
    })
    .workers(workers)
    .disable_signals()
    .shutdown_timeout(20)
    .client_request_timeout(Duration::from_secs(15))
    .client_disconnect_timeout(Duration::from_secs(1))
    .max_connections(connections)
    .listen(listener)?
    .run();
    let handle = server.handle();
    let drained = drained(drain, shutdown.clone());
    shutdown.spawn(async move {
        drained.await;
        handle.stop(true).await;
    });
    tokio::select! {
        served = server => served,
        () = shutdown.hard().cancelled() => Ok(()),
    }
}

/// The number of web workers: `http.workers`, or one a core.
fn workers(app: &App) -> usize {
    match app.config.http.workers {
        0 => std::thread::available_parallelism().map_or(2, usize::from),
        n => n,
    }
}

/// Resolves once shutdown was requested and load balancers had the time `drain` to notice it.
pub async fn drained(drain: Duration, shutdown: Shutdown) {
    shutdown.soft().cancelled().await;
    tokio::select! {
        () = tokio::time::sleep(drain) => {}
        () = shutdown.hard().cancelled() => {}
    }
}
