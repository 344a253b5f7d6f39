//! A campaign's notices, one by one, by state.

use std::collections::BTreeMap;

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Query};
use askama::Template;
use serde::Deserialize;

use super::around::{self, template_names};
use super::campaign_rows::which;
use super::outcomes::reason_words;
use super::progress::Counts;
use crate::address::EmailAddress;
use crate::app::App;
use crate::audit::Action;
use crate::campaign::Campaign;
use crate::campaign::store::Progress;
use crate::db::Conn;
use crate::id::{CampaignId, IncidentId, NoticeId, PersonId};
use crate::notice::store::outcome;
use crate::notice::{Notice, NoticeStatus, store};
use crate::person::{self, Person};
use crate::staff::Right;
use crate::staff::right::SeeCampaigns;
use crate::web::api::notices::{AttemptView, attempts};
use crate::web::caller::{Allowed, Signed};
use crate::web::figures::filters;
use crate::web::page::{self, Area, Desk, Moment};
use crate::web::problem::{Answer, Problem};
use crate::{campaign, incident};

/// Notices on one page.
const ON_A_PAGE: i64 = 50;

/// `/console/campaigns/{id}/notices`
#[derive(Template)]
#[template(path = "console/notices.html")]
pub struct Notices {
    /// The frame.
    pub desk: Desk,
    /// The campaign's id.
    pub id: String,
    /// The campaign's name.
    pub name: String,
    /// The state shown; empty for all.
    pub status: String,
    /// Notices by state.
    pub counts: Counts,
    /// One page of them.
    pub notices: Vec<NoticeRow>,
    /// The cursor of the next page.
    pub next: Option<String>,
}

/// `/console/notices/{id}`
#[derive(Template)]
#[template(path = "console/notice.html")]
pub struct NoticePage {
    /// The frame.
    pub desk: Desk,
    /// The campaign's id.
    pub campaign: String,
    /// The campaign's name.
    pub name: String,
    /// The id of the person, for whoever may see people; else empty.
    pub person: String,
    /// The notice.
    pub notice: NoticeRow,
    /// The elements it names.
    pub named: String,
    /// Every SMTP transaction, in order.
    pub attempts: Vec<AttemptRow>,
}

/// One SMTP transaction.
#[derive(Debug, Clone)]
pub struct AttemptRow {
    /// From 1.
    pub attempt: i64,
    /// Through which relay.
    pub relay: String,
    /// What became of it.
    pub result: String,
    /// The relay's words, and why they were judged so.
    pub reply: String,
    /// When its last row was written.
    pub at: Option<Moment>,
}

/// One notice.
#[derive(Debug, Clone)]
pub struct NoticeRow {
    /// Its id.
    pub id: String,
    /// The person's reference at the organisation.
    pub reference: String,
    /// Where it goes, masked; empty for whoever needs a letter.
    pub address: String,
    /// The language.
    pub locale: String,
    /// Its state.
    pub status: String,
    /// SMTP transactions so far.
    pub attempts: i64,
    /// The last reply, or why it is withheld.
    pub reply: String,
    /// When it last changed.
    pub at: Moment,
    /// When it is tried again; none if nothing was put off.
    pub next: Option<Moment>,
}

/// What an address of the list may ask for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    status: String,
    after: Option<PersonId>,
}

/// `GET /console/campaigns/{id}/notices`.
///
/// # Errors
/// 404.
pub async fn list(
    who: Allowed<SeeCampaigns>,
    req: HttpRequest,
    app: Data<App>,
    id: Path<CampaignId>,
    asked: Query<Asked>,
) -> Answer {
    let mut conn = app.db.get().await?;
    let of = campaign::store::find(&mut conn, *id).await?;
    // None is listed as `sending`: those on a connection are under the state that they leave by the result.
    let status = asked.status.parse::<NoticeStatus>().ok();
    let status = status.filter(|status| *status != NoticeStatus::Sending);
    let mut found = store::list(&mut conn, *id, status, asked.after, ON_A_PAGE + 1).await?;
    let more = found.len() > usize::try_from(ON_A_PAGE).unwrap_or(usize::MAX);
    found.truncate(usize::try_from(ON_A_PAGE).unwrap_or(usize::MAX));
    let next = found
        .last()
        .filter(|_| more)
        .map(|last| last.person.to_string());
    let people = people(
        &app,
        &mut conn,
        (&who, Right::SeeAllPeople),
        of.incident,
        &found,
    )
    .await?;
    if !people.is_empty() {
        who.saw(&app, Action::PeopleRead, of.incident, people.len());
    }
    let mut notices = Vec::new();
    for notice in &found {
        let tries = tries(&mut conn, notice).await?;
        notices.push(row(notice, people.get(&notice.person), tries.last()));
    }
    let page = Notices {
        desk: around::desk(&app, &mut conn, &req, &who, Area::Campaigns).await?,
        id: id.to_string(),
        name: named(&mut conn, &of).await?,
        status: status.map(|status| status.to_string()).unwrap_or_default(),
        counts: Counts::from(&Progress {
            counts: campaign::store::counts(&mut conn, *id).await?,
            frozen: true,
        }),
        notices,
        next,
    };
    Ok(page::show(StatusCode::OK, &page)?)
}

/// `GET /console/notices/{id}`.
///
/// # Errors
/// 404.
pub async fn show(
    who: Allowed<SeeCampaigns>,
    req: HttpRequest,
    app: Data<App>,
    id: Path<NoticeId>,
) -> Answer {
    let mut conn = app.db.get().await?;
    let notice = store::find(&mut conn, *id).await?;
    let of = campaign::store::find(&mut conn, notice.campaign).await?;
    let people = people(
        &app,
        &mut conn,
        (&who, Right::SeePeople),
        of.incident,
        std::slice::from_ref(&notice),
    )
    .await?;
    if !people.is_empty() {
        who.saw(&app, Action::PersonRead, notice.person, 1);
    }
    let tries = tries(&mut conn, &notice).await?;
    let attempt = |one: &AttemptView| AttemptRow {
        attempt: one.attempt.into(),
        relay: one.relay.clone(),
        result: one.result.to_string(),
        reply: words(one),
        at: one.ended_at.or(one.began_at).map(Moment::row),
    };
    let page = NoticePage {
        desk: around::desk(&app, &mut conn, &req, &who, Area::Campaigns).await?,
        campaign: of.id.to_string(),
        name: named(&mut conn, &of).await?,
        person: people
            .get(&notice.person)
            .map(|person| person.id.to_string())
            .unwrap_or_default(),
        notice: row(&notice, people.get(&notice.person), tries.last()),
        named: notice.named.to_string().replace(';', ", "),
        attempts: tries.iter().map(attempt).collect(),
    };
    Ok(page::show(StatusCode::OK, &page)?)
}

/// What a campaign is called, and what tells it from others of its name.
async fn named(conn: &mut Conn, of: &Campaign) -> Result<String, Problem> {
    let numbers = campaign::store::numbers(conn, &[of.incident]).await?;
    let number = numbers.get(&of.id).copied().unwrap_or_default();
    let mut names = template_names(conn).await?;
    let name = names.remove(&of.template).unwrap_or_default();
    Ok(format!("{name} ({})", which(number, of)))
}

/// The people of these notices, for whoever has the right to see them; nobody once the incident was forgotten.
async fn people(
    app: &App,
    conn: &mut Conn,
    (who, right): (&Signed, Right),
    incident: IncidentId,
    notices: &[Notice],
) -> Result<BTreeMap<PersonId, Person>, Problem> {
    let key = incident::store::find(conn, incident)
        .await?
        .key(&app.keys)
        .map_err(Problem::broken)?;
    let Some(key) = key.filter(|_| who.may(right)) else {
        return Ok(BTreeMap::new());
    };
    let mut found = BTreeMap::new();
    for some in notices.chunk_by(|a, b| a.person.bucket() == b.person.bucket()) {
        let ids: Vec<_> = some.iter().map(|notice| notice.person).collect();
        let bucket = some[0].person.bucket();
        let people = person::store::load_many(conn, &key, (incident, bucket), &ids).await?;
        found.extend(people.into_iter().map(|person| (person.id, person)));
    }
    Ok(found)
}

async fn tries(conn: &mut Conn, of: &Notice) -> Result<Vec<AttemptView>, Problem> {
    match of.status {
        NoticeStatus::Queued => Ok(Vec::new()),
        // Others were tried before their people changed.
        NoticeStatus::Withheld if of.attempts == 0 => Ok(Vec::new()),
        _ => Ok(attempts(outcome::of_notice(conn, of.id).await?)),
    }
}

/// What the relay said, once and in its own words, and in brackets why that was judged as it was.
fn words(attempt: &AttemptView) -> String {
    let code = attempt.code.map(|code| code.to_string());
    let said = attempt.reply.as_deref().unwrap_or_default();
    let enhanced = attempt.enhanced.as_deref();
    // Most relays begin their words with it.
    let enhanced = enhanced.filter(|enhanced| !said.starts_with(enhanced));
    let why = attempt.reason.as_deref().map(reason_words);
    let parts = [
        code,
        enhanced.map(ToOwned::to_owned),
        Some(said.to_owned()),
        why.map(|why| format!("({})", why.replace('_', " "))),
    ];
    let parts = parts.into_iter().flatten().filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(" ")
}

fn row(notice: &Notice, person: Option<&Person>, last: Option<&AttemptView>) -> NoticeRow {
    let withheld = notice.withheld.map(|why| why.words().to_owned());
    NoticeRow {
        id: notice.id.to_string(),
        reference: person.map_or_else(
            || "not shown".to_owned(),
            |one| one.contact.reference.clone(),
        ),
        address: match person {
            Some(one) => one
                .contact
                .email
                .as_ref()
                .map(EmailAddress::masked)
                .unwrap_or_default(),
            None => "not shown".to_owned(),
        },
        locale: person
            .map(|one| one.locale.as_str().to_owned())
            .unwrap_or_default(),
        status: notice.status.to_string(),
        attempts: notice.attempts.into(),
        reply: withheld.or(last.map(words)).unwrap_or_default(),
        at: Moment::row(notice.settled_at.unwrap_or(notice.created_at)),
        next: match notice.status {
            NoticeStatus::Deferred => notice.due_at.map(Moment::row),
            _ => None,
        },
    }
}
