//! The people behind a number of the sentence, or a sample of them: references only.

use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use askama::Template;
use serde::Deserialize;

use super::typed::Typed;
use crate::app::App;
use crate::audit::Action;
use crate::db::Conn;
use crate::id::PersonId;
use crate::incident::Incident;
use crate::person::AudienceFilter;
use crate::person::Person;
use crate::person::store::people_of_term;
use crate::person::terms::AudienceTerm;
use crate::staff::right::SeeAllPeople;
use crate::web::caller::Allowed;
use crate::web::console::answer;
use crate::web::console::incident::incident_at;
use crate::web::figures::filters;
use crate::web::form::Query;
use crate::web::page::{self, Area, ConsoleFrame};
use crate::web::problem::{Answer, Problem};

/// People on one page, and in a sample.
const PAGE_SIZE: usize = 50;
const SAMPLE: usize = 10;
/// How long the page looks for people.
const PATIENCE: Duration = Duration::from_secs(2);

/// `/console/incidents/{slug}/audience/people`
#[derive(Template)]
#[template(path = "console/audience/people.html")]
pub(crate) struct TermPeople {
    desk: ConsoleFrame,
    slug: String,
    /// The query of the audience.
    query: String,
    /// What the people have in common.
    words: &'static str,
    is_sample: bool,
    people: Vec<Line>,
    /// Whether Candor stopped looking for people.
    is_late: bool,
    /// The address of the next page; empty on the last.
    next: String,
}

/// A person.
struct Line {
    id: String,
    reference: String,
    locale: String,
    jurisdiction: String,
}

/// The term with the people to list, and the person before the first of them.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Part {
    term: String,
    sample: String,
    after: Option<PersonId>,
}

impl Part {
    /// The term; those who get it if none is named.
    fn term(&self) -> Option<AudienceTerm> {
        match self.term.as_str() {
            "" => Some(AudienceTerm::GetsIt),
            word => AudienceTerm::ALL
                .into_iter()
                .find(|one| one.as_str() == word),
        }
    }
}

fn line(of: &Person) -> Line {
    let place = of.jurisdiction.as_ref();
    Line {
        id: of.id.to_string(),
        reference: of.contact.reference.clone(),
        locale: of.locale.as_str().to_owned(),
        jurisdiction: place.map(|of| of.as_str().to_owned()).unwrap_or_default(),
    }
}

/// The people; `None` if they are not found in time, none once the incident is forgotten.
async fn find(
    app: &App,
    of: &Incident,
    part: (&AudienceFilter, AudienceTerm),
    (after, limit): (Option<PersonId>, usize),
) -> Result<Option<Vec<Person>>, Problem> {
    let Some(key) = of.key(&app.keys).map_err(Problem::broken)? else {
        return Ok(Some(Vec::new()));
    };
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let read =
        async |conn: &mut Conn| people_of_term(conn, (of.id, &key), part, after, limit).await;
    Ok(app.db.read_within(PATIENCE, read).await?)
}

/// `GET /console/incidents/{slug}/audience/people`.
///
/// # Errors
/// 404, also for a term or an audience that is none.
pub(crate) async fn show(
    who: Allowed<SeeAllPeople>,
    req: HttpRequest,
    app: Data<App>,
    slug: Path<String>,
    typed: Query<Typed>,
    part: Query<Part>,
) -> Answer {
    let of = incident_at(&mut *app.db.get().await?, &slug).await?;
    let (kind, audience, faults) = typed.read();
    let term = part.term().filter(|_| !faults.any());
    let term = term.ok_or_else(Problem::not_found)?;
    let is_sample = !part.sample.is_empty();
    let size = if is_sample { SAMPLE } else { PAGE_SIZE };
    let filter = audience.filter(kind);
    let found = find(&app, &of, (&filter, term), (part.after, size + 1)).await?;
    let is_late = found.is_none();
    let mut found = found.unwrap_or_default();
    let has_more = found.len() > size && !is_sample;
    found.truncate(size);
    who.saw(&app, Action::PeopleRead, of.id, found.len());
    let (query, word) = (typed.query(), term.as_str());
    let last = found.last().filter(|_| has_more);
    let next = last.map(|last| format!("?{query}&term={word}&after={}", last.id));
    let shown = TermPeople {
        desk: answer::frame(&app, &mut *app.db.get().await?, &req, &who, Area::Incidents).await?,
        slug: of.slug,
        words: term.in_words(audience.who(kind), 2),
        people: found.iter().map(line).collect(),
        next: next.unwrap_or_default(),
        is_sample,
        is_late,
        query,
    };
    Ok(page::show(StatusCode::OK, &shown)?)
}
