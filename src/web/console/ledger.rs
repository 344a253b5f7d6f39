//! One person: what lists say of them, what was written to them, and what was believed of them then.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use askama::Template;

use super::account::{PersonLine, line};
use super::around;
use crate::app::App;
use crate::campaign::Campaign;
use crate::db::Conn;
use crate::element::in_words;
use crate::id::PersonId;
use crate::notice::Notice;
use crate::person::{self, Believed};
use crate::staff::Right;
use crate::staff::right::SeePeople;
use crate::web::affected;
use crate::web::figures::filters;
use crate::web::page::{self, Area, Desk, Moment};
use crate::web::problem::{Answer, Problem};
use crate::web::thread::kind_in_words;
use crate::web::who::Allowed;

/// `/console/people/{id}`
#[derive(Template)]
#[template(path = "console/ledger.html")]
pub struct Ledger {
    /// The frame.
    pub desk: Desk,
    /// The incident's address.
    pub slug: String,
    /// The incident's title.
    pub title: String,
    /// Who.
    pub person: PersonLine,
    /// What was named to them.
    pub named: String,
    /// What changes how, or whether, we write.
    pub flags: String,
    /// What every campaign wrote to them, newest first.
    pub notices: Vec<Told>,
    /// Whether notices may be opened.
    pub may_open: bool,
}

/// What one campaign wrote.
#[derive(Debug, Clone)]
pub struct Told {
    /// The notice's id.
    pub id: String,
    /// Why it was sent.
    pub kind: String,
    /// Its state.
    pub status: String,
    /// When it last changed.
    pub at: Moment,
    /// The elements it names.
    pub names: String,
    /// What was believed to be exposed then, and by which version of the scope; empty before any.
    pub believed: String,
}

/// `GET /console/people/{id}`.
///
/// # Errors
/// 404, also for somebody of a forgotten incident.
pub async fn show(
    who: Allowed<SeePeople>,
    req: HttpRequest,
    app: Data<App>,
    id: Path<PersonId>,
) -> Answer {
    let mut conn = app.db.get().await?;
    let (of, person) = affected::find(&app, &mut conn, *id).await?;
    let (campaigns, written) = affected::written_to(&mut conn, of.id, *id).await?;
    let mut notices = Vec::new();
    for notice in &written {
        notices.push(told(&mut conn, notice, &campaigns).await?);
    }
    let page = Ledger {
        desk: around::desk(&app, &mut conn, &req, &who, Area::Incidents).await?,
        slug: of.slug,
        title: of.title,
        person: line(&person),
        named: in_words(person.named, "en"),
        flags: person.flags.to_string().replace(';', ", "),
        notices,
        may_open: who.may(Right::SeeCampaigns),
    };
    Ok(page::show(StatusCode::OK, &page)?)
}

async fn told(conn: &mut Conn, notice: &Notice, of: &[Campaign]) -> Result<Told, Problem> {
    let at = notice.settled_at.unwrap_or(notice.created_at);
    let believed = person::store::believed(conn, notice.person, at).await?;
    Ok(Told {
        id: notice.id.to_string(),
        kind: affected::campaign_of(of, notice)
            .map(|campaign| kind_in_words(campaign.kind))
            .unwrap_or_default()
            .to_owned(),
        status: notice.status.to_string(),
        at: Moment::row(at),
        names: in_words(notice.named, "en"),
        believed: believed.as_ref().map(in_a_line).unwrap_or_default(),
    })
}

fn in_a_line(believed: &Believed) -> String {
    let what = match believed.in_scope {
        true => in_words(believed.exposed, "en"),
        false => "not affected".to_owned(),
    };
    format!("v{}: {what}", believed.scope)
}
