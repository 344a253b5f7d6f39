//! Every act of staff, the latest first, each chained to the one before: all of them, or those on one incident, by one
//! actor or of one kind.

mod details;

use std::collections::BTreeSet;
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Query};
use askama::Template;
use serde::Deserialize;

use super::Choice;
use super::around::incident_at;
use super::work::Names;
use crate::actor::Actor;
use crate::app::App;
use crate::audit::search::{Sought, search};
use crate::audit::store::chain;
use crate::audit::store::found::Deeds;
use crate::audit::{self, Flaw, Linked};
use crate::campaign;
use crate::db::{self, Conn};
use crate::incident::{self, Incident};
use crate::seal::to_hex;
use crate::staff;
use crate::staff::right::ReadAudit;
use crate::web::figures::filters;
use crate::web::frame;
use crate::web::page::{self, Area, Desk, Moment};
use crate::web::problem::{Answer, Problem};
use crate::web::who::Allowed;

/// `/console/audit`
#[derive(Template)]
#[template(path = "console/audit.html")]
pub struct AuditLog {
    /// The frame.
    pub desk: Desk,
    /// What is shown of it.
    pub sought: Filter,
    /// One page of it.
    pub rows: Vec<AuditRow>,
    /// The address of the earlier acts; empty if there are none.
    pub earlier: String,
    /// The number from which on no act was looked at, if looking took too long to fill the page.
    pub looked_until: Option<i64>,
    /// How many newer acts are not in the chain yet.
    pub waiting: i64,
    /// What is wrong with the log as far as this page shows.
    pub warnings: Vec<String>,
}

/// What is shown of the log; an empty choice shows all.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// An incident's address.
    pub incident: String,
    /// The id that acts were done to.
    pub on: String,
    /// An actor, or a kind of actors.
    pub by: String,
    /// An action, or the noun of several.
    pub act: String,
    /// The incidents to choose from.
    pub incidents: Vec<Choice>,
    /// The actors to choose from.
    pub actors: Vec<Choice>,
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
    /// Its particulars: name and value.
    pub details: Vec<(String, String)>,
}

impl Filter {
    /// Whether anything is left out.
    pub fn is_any(&self) -> bool {
        [&self.incident, &self.on, &self.by, &self.act]
            .iter()
            .any(|one| !one.is_empty())
    }

    /// The address of this page with these acts, those before a number if one is given.
    fn address(&self, before: Option<i64>) -> String {
        let before = before.map(|before| before.to_string()).unwrap_or_default();
        let mut words = vec![
            ("incident", &self.incident),
            ("on", &self.on),
            ("by", &self.by),
            ("act", &self.act),
            ("before", &before),
        ];
        words.retain(|(_, word)| !word.is_empty());
        let query = serde_urlencoded::to_string(words).unwrap_or_default();
        format!("/console/audit?{query}")
    }

    /// The address of all acts on the same thing.
    fn of_subject(&self, on: &str) -> String {
        let same = Self {
            on: on.to_owned(),
            ..Self::default()
        };
        same.address(None)
    }

    /// The address of all acts of the same kind.
    fn of_act(&self, act: &str) -> String {
        let same = Self {
            act: act.to_owned(),
            incident: self.incident.clone(),
            on: self.on.clone(),
            ..Self::default()
        };
        same.address(None)
    }
}

/// How many acts a page has.
const PAGE: usize = 100;
/// How long a page looks for acts where no index leads to them.
const PATIENCE: Duration = Duration::from_secs(1);
/// The most campaigns of an incident whose acts are shown with its own.
const CAMPAIGNS: i64 = 1_000;

/// Which page.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Asked {
    before: Option<i64>,
    incident: String,
    on: String,
    by: String,
    act: String,
}

/// `GET /console/audit`.
///
/// # Errors
/// 404 for an incident that is not there.
pub async fn show(
    who: Allowed<ReadAudit>,
    req: HttpRequest,
    app: Data<App>,
    asked: Query<Asked>,
) -> Answer {
    let Asked { before, .. } = *asked;
    let trimmed = |text: &String| text.trim().to_owned();
    let filter = Filter {
        incident: trimmed(&asked.incident),
        on: trimmed(&asked.on),
        by: trimmed(&asked.by),
        act: trimmed(&asked.act),
        ..Filter::default()
    };
    // Of one moment: nodes go on linking.
    let mut tx = app.db.snapshot().await?;
    let shown = match filter.is_any() {
        true => sought(&mut tx, &filter, before).await?,
        false => whole(&mut tx, before).await?,
    };
    let waiting = chain::count_waiting(&mut tx).await?;
    tx.commit().await?;
    let mut conn = app.db.get().await?;
    let names = Names::load(&mut conn).await?;
    let view = AuditLog {
        waiting,
        desk: frame::console(&app, &mut conn, &req, &who, Area::Audit).await?,
        earlier: match shown.before {
            Some(before) => filter.address(Some(before)),
            None => String::new(),
        },
        looked_until: shown.before.filter(|_| shown.is_partial),
        rows: shown.rows.iter().map(|one| row(&names, one)).collect(),
        warnings: shown.warnings,
        sought: Filter {
            incidents: incidents(&mut conn).await?,
            actors: actors(&mut conn).await?,
            ..filter
        },
    };
    Ok(page::show(StatusCode::OK, &view)?)
}

/// The acts of a page.
struct Shown {
    rows: Vec<Linked>,
    before: Option<i64>,
    is_partial: bool,
    warnings: Vec<String>,
}

/// All acts, and what does not fit between them.
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

/// The acts that are sought.
async fn sought(conn: &mut Conn, of: &Filter, before: Option<i64>) -> Result<Shown, Problem> {
    let incident = match of.incident.as_str() {
        "" => None,
        slug => Some(incident_at(conn, slug).await?),
    };
    let deeds = Deeds {
        actor: of.by.clone(),
        deed: of.act.clone(),
    };
    let sought = Sought {
        subjects: subjects(conn, incident.as_ref(), &of.on).await?,
        deeds,
    };
    let found = search(conn, &sought, before, PAGE, PATIENCE).await?;
    Ok(Shown {
        rows: found.rows,
        before: found.before,
        is_partial: found.is_partial,
        warnings: warnings(conn).await?,
    })
}

/// What acts are shown of: an incident and its campaigns, one id of these, or any id; `None`: everything.
async fn subjects(
    conn: &mut Conn,
    incident: Option<&Incident>,
    on: &str,
) -> Result<Option<BTreeSet<String>>, Problem> {
    let mut all = match incident {
        None if on.is_empty() => return Ok(None),
        None => return Ok(Some(BTreeSet::from([on.to_owned()]))),
        Some(incident) => BTreeSet::from([incident.id.to_string()]),
    };
    let id = incident.map(|incident| incident.id);
    let campaigns = campaign::store::list(conn, id, None, CAMPAIGNS).await?;
    all.extend(campaigns.iter().map(|one| one.id.to_string()));
    all.retain(|one| on.is_empty() || one == on);
    Ok(Some(all))
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
        what: event.deed.clone(),
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

/// Every incident, the latest first.
async fn incidents(conn: &mut Conn) -> Result<Vec<Choice>, Problem> {
    let all = incident::store::list(conn).await?;
    let each = all.iter().map(|one| choice(&one.slug, &one.title));
    Ok(
        std::iter::once(choice("", "Every incident and everything else"))
            .chain(each)
            .collect(),
    )
}

/// Every member of staff, and the kinds of actors that are none.
async fn actors(conn: &mut Conn) -> Result<Vec<Choice>, Problem> {
    let all = staff::store::list(conn).await?;
    let each = all
        .iter()
        .map(|one| choice(Actor::Staff(one.id), &one.name));
    Ok(std::iter::once(choice("", "Everybody"))
        .chain(each)
        .chain([
            choice("customer:", "Customers"),
            choice("system:", "Candor, and the command line"),
        ])
        .collect())
}
