//! Every act of staff, the latest first, each chained to the one before.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Query};
use askama::Template;
use serde::Deserialize;

use super::work::Names;
use crate::app::App;
use crate::audit::{self, Event};
use crate::seal::to_hex;
use crate::staff::right::ReadAudit;
use crate::web::figures::filters;
use crate::web::frame;
use crate::web::page::{self, Area, Desk, Moment};
use crate::web::problem::Answer;
use crate::web::who::Allowed;

/// `/console/audit`
#[derive(Template)]
#[template(path = "console/audit.html")]
pub struct AuditLog {
    /// The frame.
    pub desk: Desk,
    /// One page of it.
    pub rows: Vec<AuditRow>,
    /// The number to go on before.
    pub before: Option<i64>,
}

/// One act.
#[derive(Debug, Clone)]
pub struct AuditRow {
    /// Its place in the chain.
    pub number: i64,
    /// When.
    pub at: Moment,
    /// Who.
    pub who: String,
    /// What: `campaign.approve`.
    pub what: String,
    /// On what: a typed id.
    pub on: String,
    /// The start of its hash.
    pub hash: String,
}

/// How many acts a page has.
const PAGE: i64 = 100;

/// Which page.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Asked {
    before: Option<i64>,
}

/// `GET /console/audit`.
///
/// # Errors
/// The database's.
pub async fn show(
    who: Allowed<ReadAudit>,
    req: HttpRequest,
    app: Data<App>,
    asked: Query<Asked>,
) -> Answer {
    let mut conn = app.db.get().await?;
    let names = Names::load(&mut conn).await?;
    let events = audit::store::list(&mut conn, None, asked.before, PAGE).await?;
    let row = |event: &Event| AuditRow {
        number: event.seq,
        at: Moment::row(event.at),
        who: names.of_actor(&event.actor),
        what: event.deed.clone(),
        on: event.subject.clone(),
        hash: to_hex(&event.hash).chars().take(12).collect(),
    };
    let view = AuditLog {
        desk: frame::console(&app, &mut conn, &req, &who, Area::Audit).await?,
        before: events
            .last()
            .map(|last| last.seq)
            .filter(|first| *first > 1),
        rows: events.iter().map(row).collect(),
    };
    Ok(page::show(StatusCode::OK, &view)?)
}
