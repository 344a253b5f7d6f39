//! The people behind one figure of an incident's account.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Query};
use askama::Template;
use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::account::AccountKind;
use crate::account::by::{Slice, whole};
use crate::address::EmailAddress;
use crate::app::App;
use crate::audit::Action;
use crate::element::{Element, in_words};
use crate::id::{IncidentId, PersonId};
use crate::person::flags::WithheldReason;
use crate::person::{PeopleFilter, Person, PersonStanding, store};
use crate::staff::right::SeeAllPeople;
use crate::web::caller::Allowed;
use crate::web::console::answer;
use crate::web::console::incident::incident_at;
use crate::web::figures::filters;
use crate::web::page::{self, Area, ConsoleFrame};
use crate::web::problem::{Answer, Problem};

/// People on one page.
const PAGE_SIZE: usize = 50;

/// `/console/incidents/{slug}/people`
#[derive(Template)]
#[template(path = "console/person/list.html")]
pub struct PeoplePage {
    /// The frame.
    pub desk: ConsoleFrame,
    /// The incident's address.
    pub slug: String,
    /// The filter in words.
    pub asked: String,
    /// How many people the filter matches, if a counter of the account says so.
    pub total: Option<i64>,
    /// One page of the people.
    pub people: Vec<PersonLine>,
    /// The sentence about a forgotten incident; else empty.
    pub forgotten: String,
    /// The address of the whole list as CSV.
    pub csv: String,
    /// The address of the next page; empty on the last.
    pub next: String,
}

/// One person, masked.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the columns of the page")]
pub struct PersonLine {
    pub id: String,
    pub reference: String,
    pub address: String,
    pub locale: String,
    pub jurisdiction: String,
    pub standing: PersonStanding,
    pub reason: String,
    pub exposed: String,
    pub unnamed: String,
}

/// The line of a person in lists and at the top of their page.
pub fn line(of: &Person) -> PersonLine {
    let email = of.contact.email.as_ref();
    PersonLine {
        id: of.id.to_string(),
        reference: of.contact.reference.clone(),
        address: email.map(EmailAddress::masked).unwrap_or_default(),
        locale: of.locale.as_str().to_owned(),
        jurisdiction: of
            .jurisdiction
            .as_ref()
            .map(|under| under.as_str().to_owned())
            .unwrap_or_default(),
        standing: of.standing,
        reason: of.withheld.map(|why| why.to_string()).unwrap_or_default(),
        exposed: match of.standing {
            PersonStanding::Retracted => "nothing: not affected".to_owned(),
            _ => in_words(of.exposed, "en"),
        },
        unnamed: in_words(of.exposed_now().minus(of.named), "en"),
    }
}

/// The query: the figure to show the people of.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    standing: Option<PersonStanding>,
    incomplete: bool,
    jurisdiction: Option<String>,
    locale: Option<String>,
    element: Option<Element>,
    reason: Option<WithheldReason>,
    after: Option<PersonId>,
}

impl Asked {
    /// The filter.
    pub(super) fn filter(self) -> PeopleFilter {
        PeopleFilter {
            standing: self.standing,
            incomplete: self.incomplete,
            jurisdiction: self.jurisdiction,
            locale: self.locale,
            element: self.element,
            reason: self.reason,
        }
    }

    /// The filter as a query string and in words.
    fn describe(&self) -> (String, String) {
        let element = self.element.map(|element| element.code().to_owned());
        let given = [
            ("standing", self.standing.map(|s| s.to_string())),
            ("jurisdiction", self.jurisdiction.clone()),
            ("locale", self.locale.clone()),
            ("element", element),
            ("reason", self.reason.map(|r| r.to_string())),
            ("incomplete", self.incomplete.then(|| "true".to_owned())),
        ];
        let given: Vec<_> = given
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .collect();
        let address = serde_urlencoded::to_string(&given).unwrap_or_default();
        let words: Vec<_> = given
            .iter()
            .map(|(name, value)| match (*name, value.as_str()) {
                ("standing", "needs_letter") => "needs a letter".to_owned(),
                ("standing", value) => value.replace('_', " "),
                ("incomplete", _) => "told less than was taken".to_owned(),
                ("reason", value) => format!("reason: {}", value.replace('_', " ")),
                (name, value) => format!("{name}: {value}"),
            })
            .collect();
        (address, words.join(" · "))
    }
}

/// `GET /console/incidents/{slug}/people`.
///
/// # Errors
/// 404.
pub(crate) async fn list(
    who: Allowed<SeeAllPeople>,
    req: HttpRequest,
    app: Data<App>,
    slug: Path<String>,
    asked: Query<Asked>,
) -> Answer {
    let mut conn = app.db.get().await?;
    let of = incident_at(&mut conn, &slug).await?;
    let (address, words) = asked.describe();
    let asked = asked.into_inner();
    let after = asked.after;
    let filter = asked.filter();
    let (found, next) = match of.key(&app.keys).map_err(Problem::broken)? {
        Some(key) => store::list(&mut conn, &key, of.id, &filter, after, PAGE_SIZE).await?,
        None => (Vec::new(), None),
    };
    drop(conn);
    let total = total(&app, of.id, &filter).await?;
    let mut conn = app.db.get().await?;
    who.saw(&app, Action::PeopleRead, of.id, found.len());
    let shown = PeoplePage {
        total,
        desk: answer::frame(&app, &mut conn, &req, &who, Area::Incidents).await?,
        slug: of.slug,
        asked: words,
        csv: format!("/console/incidents/{slug}/people.csv?{address}"),
        people: found.iter().map(line).collect(),
        forgotten: of.forgotten_at.map(forgotten).unwrap_or_default(),
        next: next
            .map(|after| format!("?{address}&after={after}"))
            .unwrap_or_default(),
    };
    Ok(page::show(StatusCode::OK, &shown)?)
}

/// The sentence in place of the people of a forgotten incident.
fn forgotten(at: DateTime<Utc>) -> String {
    format!(
        "The people of this incident were forgotten on {}: nobody can read their data. The figure stays.",
        at.format("%-d %B %Y")
    )
}

/// How many people a filter matches, from the counters of the account; `None` if no counter has this filter.
async fn total(app: &App, of: IncidentId, filter: &PeopleFilter) -> Result<Option<i64>, Problem> {
    let element = filter.element.map(|element| element.code().to_owned());
    let given = [
        (AccountKind::Jurisdiction, filter.jurisdiction.clone()),
        (AccountKind::Locale, filter.locale.clone()),
        (AccountKind::Element, element),
        (
            AccountKind::Reason,
            filter.reason.map(|why| why.to_string()),
        ),
    ];
    let mut given = given
        .into_iter()
        .filter_map(|(kind, value)| Some((kind, value?)));
    let slice = match (given.next(), given.next()) {
        (_, Some(_)) => return Ok(None),
        (None, _) => {
            let (all, _) = whole(app, of, &[]).await?;
            return Ok(figure(filter, &all.into()));
        }
        (Some((kind, value)), None) => {
            let (_, parts) = whole(app, of, &[kind]).await?;
            let mut slices = parts.into_iter().flatten();
            slices.find(|slice| slice.value == value)
        }
    };
    Ok(slice.map_or(Some(0), |slice| figure(filter, &slice)))
}

fn figure(filter: &PeopleFilter, of: &Slice) -> Option<i64> {
    Some(match (filter.standing, filter.incomplete) {
        (None, false) => of.people,
        (Some(PersonStanding::Notified), false) => of.notified,
        (Some(PersonStanding::Notified), true) => of.unnotified_elements,
        (Some(PersonStanding::InProgress), false) => of.in_progress,
        (Some(PersonStanding::NeedsLetter), false) => of.needs_letter,
        (Some(PersonStanding::Withheld), false) => of.withheld,
        _ => return None,
    })
}
