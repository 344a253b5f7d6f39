//! One person: what lists say of them, what was written to them, and what was believed of them then.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use askama::Template;

use super::around;
use crate::address::EmailAddress;
use crate::app::App;
use crate::campaign::{self, Campaign};
use crate::db::Conn;
use crate::element::in_words;
use crate::id::PersonId;
use crate::incident;
use crate::notice::{self, Notice};
use crate::person::{self, Believed, Person};
use crate::staff::Right;
use crate::staff::right::SeePeople;
use crate::web::figures::filters;
use crate::web::page::{self, Area, Desk, Moment};
use crate::web::problem::{Answer, Problem};
use crate::web::thread::kind_in_words;
use crate::web::who::Allowed;

/// More campaigns than any incident has.
const MOST: i64 = 500;

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
    pub person: Affected,
    /// What every campaign wrote to them, newest first.
    pub notices: Vec<Told>,
    /// Whether campaigns and notices may be opened.
    pub may_open: bool,
}

/// A person, how to reach them only masked.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the facts of the page")]
pub struct Affected {
    pub reference: String,
    pub address: String,
    pub locale: String,
    pub jurisdiction: String,
    pub standing: String,
    pub reason: String,
    pub flags: String,
    pub exposed: String,
    pub named: String,
    pub unnamed: String,
}

/// What one campaign wrote.
#[derive(Debug, Clone)]
pub struct Told {
    /// The notice's id.
    pub id: String,
    /// The campaign's id.
    pub campaign: String,
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
    let of = person::store::find_row(&mut conn, *id).await?.incident;
    let of = incident::store::find(&mut conn, of).await?;
    let key = of.key(&app.keys).map_err(Problem::broken)?;
    let key = key.ok_or_else(Problem::not_found)?;
    let person = person::store::find(&mut conn, &key, *id).await?;
    let campaigns = campaign::store::list(&mut conn, Some(of.id), None, MOST).await?;
    let ids: Vec<_> = campaigns.iter().map(|campaign| campaign.id).collect();
    let mut notices = Vec::new();
    for notice in notice::store::of_person(&mut conn, &ids, *id).await? {
        notices.push(told(&mut conn, &notice, &campaigns).await?);
    }
    let page = Ledger {
        desk: around::desk(&app, &mut conn, &req, &who, Area::Incidents).await?,
        slug: of.slug,
        title: of.title,
        person: affected(&person),
        notices,
        may_open: who.may(Right::SeeCampaigns),
    };
    Ok(page::show(StatusCode::OK, &page)?)
}

async fn told(conn: &mut Conn, notice: &Notice, of: &[Campaign]) -> Result<Told, Problem> {
    let campaign = of.iter().find(|campaign| campaign.id == notice.campaign);
    let at = notice.settled_at.unwrap_or(notice.created_at);
    let believed = person::store::believed(conn, notice.person, at).await?;
    Ok(Told {
        id: notice.id.to_string(),
        campaign: notice.campaign.to_string(),
        kind: campaign
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

fn affected(of: &Person) -> Affected {
    let email = of.contact.email.as_ref();
    let under = of.jurisdiction.as_ref();
    Affected {
        reference: of.contact.reference.clone(),
        address: email.map(EmailAddress::masked).unwrap_or_default(),
        locale: of.locale.as_str().to_owned(),
        jurisdiction: under
            .map(|under| under.as_str().to_owned())
            .unwrap_or_default(),
        standing: of.standing.to_string(),
        reason: of.withheld.map(|why| why.to_string()).unwrap_or_default(),
        flags: of.flags.to_string().replace(';', ", "),
        exposed: in_words(of.exposed, "en"),
        named: in_words(of.named, "en"),
        unnamed: in_words(of.unnamed(), "en"),
    }
}
