//! The people who were sent the wrong text of a recall, page by page.

use std::collections::BTreeMap;

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Query};
use askama::Template;
use serde::Deserialize;

use super::in_words;
use crate::app::App;
use crate::audit::Action;
use crate::db::Conn;
use crate::id::{IncidentId, PersonId, RecallId};
use crate::person::{self, Person};
use crate::recall::readers::{self, Reader};
use crate::recall::store;
use crate::staff::Right;
use crate::staff::right::SeeCampaigns;
use crate::web::caller::{Allowed, Signed};
use crate::web::console::answer;
use crate::web::figures::filters;
use crate::web::page::{self, Area, ConsoleFrame, Moment};
use crate::web::problem::{Answer, Problem};
use crate::{incident, template};

/// People on one page.
const PAGE_SIZE: i64 = 50;

/// `/console/recalls/{id}/people`
#[derive(Template)]
#[template(path = "console/recall/people.html")]
pub struct Readers {
    /// The frame.
    pub desk: ConsoleFrame,
    /// The recall's id.
    pub id: String,
    /// What is wrong.
    pub what: String,
    /// One page of the people.
    pub people: Vec<ReaderRow>,
    /// The cursor of the next page.
    pub next: Option<String>,
}

/// One person.
#[derive(Debug, Clone)]
pub struct ReaderRow {
    /// The notice with the text.
    pub notice: String,
    /// The person's reference, if the reader may see people.
    pub reference: String,
    /// Whether it was sent; otherwise it may have arrived.
    pub certain: bool,
    /// When.
    pub at: Moment,
    /// Whether the person used their page since.
    pub used: bool,
}

/// The query: the last person of the page before.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    after: Option<PersonId>,
}

/// `GET /console/recalls/{id}/people`.
///
/// # Errors
/// 404.
pub(crate) async fn show(
    who: Allowed<SeeCampaigns>,
    req: HttpRequest,
    app: Data<App>,
    id: Path<RecallId>,
    asked: Query<Asked>,
) -> Answer {
    let mut conn = app.db.get().await?;
    let recall = store::find(&mut conn, *id).await?;
    let mut found = readers::page(&mut conn, &recall, asked.after, PAGE_SIZE + 1).await?;
    let most = usize::try_from(PAGE_SIZE).unwrap_or(usize::MAX);
    let more = found.len() > most;
    found.truncate(most);
    let known = people_of(&app, &mut conn, &who, recall.incident, &found).await?;
    let templates = template::store::list(&mut conn).await?;
    let row = |one: &Reader| ReaderRow {
        notice: one.notice.to_string(),
        reference: known.get(&one.person).map_or_else(
            || "not shown".to_owned(),
            |person| person.contact.reference.clone(),
        ),
        certain: one.certain,
        at: Moment::row(one.at),
        used: one.used,
    };
    let page = Readers {
        people: found.iter().map(row).collect(),
        next: (found.last().filter(|_| more)).map(|last| last.person.to_string()),
        desk: answer::frame(&app, &mut conn, &req, &who, Area::Incidents).await?,
        id: id.to_string(),
        what: in_words(&recall.named, &templates),
    };
    Ok(page::show(StatusCode::OK, &page)?)
}

/// These people, if the reader may see lists of people. The audit log records that they were shown.
async fn people_of(
    app: &App,
    conn: &mut Conn,
    who: &Signed,
    of: IncidentId,
    readers: &[Reader],
) -> Result<BTreeMap<PersonId, Person>, Problem> {
    let incident = incident::store::find(conn, of).await?;
    let key = incident.key(&app.keys).map_err(Problem::broken)?;
    let Some(key) = key.filter(|_| who.may(Right::SeeAllPeople)) else {
        return Ok(BTreeMap::new());
    };
    let ids: Vec<_> = readers.iter().map(|one| one.person).collect();
    let people = person::store::load_of_buckets(conn, &key, of, &ids).await?;
    if !people.is_empty() {
        who.saw(app, Action::PeopleRead, of, people.len());
    }
    Ok(people.into_iter().map(|one| (one.id, one)).collect())
}
