//! Every act of staff, the latest first, each chained to the one before.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Query};
use askama::Template;
use serde::Deserialize;

use super::work::Names;
use crate::app::App;
use crate::audit::store::chain;
use crate::audit::{self, Flaw, Linked};
use crate::db::{self, Conn};
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
    /// How many newer acts are not in the chain yet.
    pub waiting: i64,
    /// What is wrong with the log as far as this page shows.
    pub warnings: Vec<String>,
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
const PAGE: usize = 100;

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
    // Of one moment: nodes go on linking.
    let mut tx = app.db.snapshot().await?;
    let page = audit::store::page(&mut tx, asked.before, PAGE).await?;
    let warnings = warnings(&mut tx, &page).await?;
    let waiting = chain::count_waiting(&mut tx).await?;
    tx.commit().await?;
    let mut conn = app.db.get().await?;
    let names = Names::load(&mut conn).await?;
    let row = |linked: &Linked| AuditRow {
        number: linked.seq,
        at: Moment::row(linked.event.at),
        who: names.of_actor(&linked.event.actor),
        what: linked.event.deed.clone(),
        on: linked.event.subject.clone(),
        hash: to_hex(&linked.hash).chars().take(12).collect(),
    };
    let view = AuditLog {
        waiting,
        desk: frame::console(&app, &mut conn, &req, &who, Area::Audit).await?,
        before: page.rows.last().map(|last| last.seq).filter(|_| page.more),
        rows: page.rows.iter().map(row).collect(),
        warnings,
    };
    Ok(page::show(StatusCode::OK, &view)?)
}

async fn warnings(conn: &mut Conn, page: &audit::store::Page) -> db::Result<Vec<String>> {
    let mut said = Vec::new();
    match chain::head(conn).await? {
        None => said.push(Flaw::HeadLost.to_string()),
        Some(head) => {
            let outside = chain::numbers_after(conn, head.seq, 10).await?;
            said.extend(
                outside
                    .into_iter()
                    .map(|seq| Flaw::Outside(seq).to_string()),
            );
        }
    }
    if page.breaks {
        let last = page.rows.last().map_or(0, |row| row.seq);
        said.push(Flaw::Broken(last).to_string());
    }
    Ok(said)
}
