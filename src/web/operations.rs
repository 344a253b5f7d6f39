//! For whoever keeps Candor running: is it alive, is it ready, what are its figures.

use actix_web::web::Data;
use actix_web::{HttpResponse, Responder, http::header};

use crate::app::App;
use crate::db;
use crate::web::Home;
use crate::web::problem::{Answer, Kind, Problem};

/// `GET /healthz`: this process answers.
pub async fn healthz() -> impl Responder {
    "alive\n"
}

/// `GET /readyz`: the database answers too, and has all migrations.
///
/// # Errors
/// 503 with the reason.
pub async fn readyz(app: Data<App>, home: Data<Home>) -> Answer {
    let url = app
        .config
        .database_url()
        .map_err(Problem::broken)?
        .to_owned();
    // The migration harness blocks its thread, which a web worker cannot afford.
    let pending = home.runtime.spawn(async move { db::pending(&url).await });
    match pending.await.map_err(Problem::broken)? {
        Ok(0) => Ok(HttpResponse::Ok().body("ready\n")),
        Ok(n) => Err(Problem::new(Kind::Away).because(format!("{n} migrations are pending"))),
        Err(error) => Err(error.into()),
    }
}

/// `GET /metrics`, for Prometheus.
pub async fn metrics(app: Data<App>) -> impl Responder {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/plain; version=0.0.4"))
        .body(app.metrics.render())
}
