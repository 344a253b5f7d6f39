//! The audit log, the latest action first: all actions, or those on one incident, by one actor, of one kind or within a
//! period.

mod details;
mod filter;
mod query;

use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Query};
use askama::Template;

pub use self::filter::{Asked, Filter};
use crate::actor::Actor;
use crate::app::App;
use crate::audit::search::search;
use crate::audit::store::chain;
use crate::audit::{self, Flaw, Linked};
use crate::db::{self, Conn};
use crate::incident;
use crate::seal::to_hex;
use crate::staff::right::ReadAudit;
use crate::staff::{self, Staff};
use crate::web::caller::Allowed;
use crate::web::console::Choice;
use crate::web::console::names::Names;
use crate::web::figures::filters;
use crate::web::frame;
use crate::web::page::{self, Area, ConsoleFrame, Moment};
use crate::web::problem::{Answer, Problem};

/// `/console/audit`
#[derive(Template)]
#[template(path = "console/audit/audit.html")]
pub struct AuditLog {
    /// The frame.
    pub desk: ConsoleFrame,
    /// The filter.
    pub sought: Filter,
    /// One page of the actions.
    pub rows: Vec<AuditRow>,
    /// The address of earlier actions; empty without any.
    pub earlier: String,
    /// The address of the newest actions; empty if they are shown.
    pub newest: String,
    /// The lowest number that was read, if reading took too long to fill the page.
    pub looked_until: Option<i64>,
    /// How many newer actions are not in the chain yet.
    pub waiting: i64,
    /// Flaws of the log that this page found.
    pub warnings: Vec<String>,
}

impl AuditLog {
    /// Whether the subject of the filter has no form of an id.
    pub fn is_no_id(&self) -> bool {
        !self.sought.on.is_empty() && !query::is_subject(&self.sought.on)
    }
}

/// One action.
#[derive(Debug, Clone)]
pub struct AuditRow {
    /// Its place in the chain.
    pub number: i64,
    /// When.
    pub at: Moment,
    /// Who.
    pub who: String,
    /// The action: `campaign.approve`.
    pub what: String,
    /// The subject: a typed id.
    pub on: String,
    /// The start of its hash.
    pub hash: String,
    /// Its details: name and value.
    pub details: Vec<(String, String)>,
}

/// How many actions a page has.
const PAGE: usize = 100;
/// How long a page reads the log without an index.
const PATIENCE: Duration = Duration::from_secs(1);

/// `GET /console/audit`.
///
/// # Errors
/// 404 for an unknown incident.
pub(crate) async fn show(
    who: Allowed<ReadAudit>,
    req: HttpRequest,
    app: Data<App>,
    asked: Query<Asked>,
) -> Answer {
    let (filter, before) = asked.read();
    // A snapshot, since nodes extend the chain at any time.
    let mut tx = app.db.snapshot().await?;
    let shown = match filter.is_any() {
        _ if filter.faults.any() => Shown::default(),
        true => filtered(&mut tx, &filter, before).await?,
        false => whole(&mut tx, before).await?,
    };
    let waiting = chain::count_waiting(&mut tx).await?;
    tx.commit().await?;
    let mut conn = app.db.get().await?;
    let staff = staff::store::list(&mut conn).await?;
    let names = Names::of_staff(&staff);
    let earlier = shown.before.map(|before| filter.address(Some(before)));
    let view = AuditLog {
        waiting,
        desk: frame::console(&app, &mut conn, &req, &who, Area::Audit).await?,
        earlier: earlier.unwrap_or_default(),
        newest: before.map_or_else(String::new, |_| filter.address(None)),
        looked_until: shown.before.filter(|_| shown.is_partial),
        rows: shown.rows.iter().map(|one| row(&names, one)).collect(),
        warnings: shown.warnings,
        sought: Filter {
            incidents: incidents(&mut conn).await?,
            actors: actors(&staff),
            ..filter
        },
    };
    let status = match view.sought.faults.any() {
        true => StatusCode::BAD_REQUEST,
        false => StatusCode::OK,
    };
    Ok(page::show(status, &view)?)
}

/// The actions of a page.
#[derive(Default)]
struct Shown {
    rows: Vec<Linked>,
    before: Option<i64>,
    is_partial: bool,
    warnings: Vec<String>,
}

/// All actions, and the flaws between them.
async fn whole(conn: &mut Conn, before: Option<i64>) -> Result<Shown, Problem> {
    let page = audit::store::page(conn, before, PAGE).await?;
    let mut warnings = warnings(conn).await?;
    if page.breaks {
        let last = page.rows.last().map_or(0, |row| row.seq);
        warnings.push(Flaw::Broken(last).to_string());
    }
    Ok(Shown {
        before: page.rows.last().map(|last| last.seq).filter(|_| page.more),
        rows: page.rows,
        is_partial: false,
        warnings,
    })
}

/// The actions that match the filter.
async fn filtered(conn: &mut Conn, of: &Filter, before: Option<i64>) -> Result<Shown, Problem> {
    let sought = query::of(conn, of).await?;
    let found = search(conn, &sought, before, PAGE, PATIENCE).await?;
    Ok(Shown {
        rows: found.rows,
        before: found.before,
        is_partial: found.is_partial,
        warnings: warnings(conn).await?,
    })
}

async fn warnings(conn: &mut Conn) -> db::Result<Vec<String>> {
    let Some(head) = chain::head(conn).await? else {
        return Ok(vec![Flaw::HeadLost.to_string()]);
    };
    let outside = chain::numbers_after(conn, head.seq, 10).await?;
    let outside = outside.into_iter();
    Ok(outside.map(|seq| Flaw::Outside(seq).to_string()).collect())
}

fn row(names: &Names, of: &Linked) -> AuditRow {
    let event = &of.event;
    AuditRow {
        number: of.seq,
        at: Moment::row(event.at),
        who: names.of_actor(&event.actor),
        what: event.action.clone(),
        on: event.subject.clone(),
        hash: to_hex(&of.hash).chars().take(12).collect(),
        details: details::of(of),
    }
}

fn choice(value: impl ToString, words: &str) -> Choice {
    Choice {
        value: value.to_string(),
        words: words.to_owned(),
    }
}

/// All incidents, the latest first.
async fn incidents(conn: &mut Conn) -> Result<Vec<Choice>, Problem> {
    let all = incident::store::list(conn).await?;
    let each = all.iter().map(|one| choice(&one.slug, &one.title));
    Ok(
        std::iter::once(choice("", "All incidents and everything else"))
            .chain(each)
            .collect(),
    )
}

/// All accounts of staff, and the other kinds of actors.
fn actors(all: &[Staff]) -> Vec<Choice> {
    let each = all
        .iter()
        .map(|one| choice(Actor::Staff(one.id), &one.name));
    std::iter::once(choice("", "All actors"))
        .chain(each)
        .chain([
            choice("customer:", "Customers"),
            choice("system:", "Candor, and the command line"),
        ])
        .collect()
}
