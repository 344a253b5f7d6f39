//! `/api/v1/incidents/{incident}/people` and `…/account`: the affected people and their standing; and
//! `/api/v1/people`: one of them, and what was written to them.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use actix_web::web::{Data, Path, Query};
use serde::{Deserialize, Serialize};

use super::incidents::named;
use super::notices::NoticeView;
use super::{OrNothing, Page, Paging};
use crate::account::{self, Account, AccountKind};
use crate::address::EmailAddress;
use crate::app::App;
use crate::audit::Action;
use crate::campaign::{self, Campaign, CampaignKind, CampaignStatus};
use crate::element::{Element, ElementSet};
use crate::id::{CampaignId, IncidentId, PersonId};
use crate::incident::Incident;
use crate::notice::NoticeStatus;
use crate::person::find::{self, Clue};
use crate::person::flags::WithheldReason;
use crate::person::{PeopleFilter, Person, PersonStanding, revoke, store};
use crate::staff::Right;
use crate::staff::right::{RevokeLinks, SeeIncidents, SeePeople};
use crate::web::caller::{Allowed, Signed};
use crate::web::person_lookup::{self, CAMPAIGNS};
use crate::web::problem::{Answer, Kind, Problem};

/// A person, in the JSON of the API. Contact data are masked.
#[derive(Debug, Serialize)]
struct PersonView {
    id: PersonId,
    incident: IncidentId,
    standing: PersonStanding,
    withheld: Option<WithheldReason>,
    exposed: ElementSet,
    named: ElementSet,
    unnamed: ElementSet,
    locale: String,
    jurisdiction: Option<String>,
    flags: Vec<String>,
    email: Option<String>,
    has_postal_address: bool,
}

impl PersonView {
    fn of(person: Person) -> Self {
        let flags = person.flags.to_string();
        Self {
            id: person.id,
            incident: person.incident,
            standing: person.standing,
            withheld: person.withheld,
            exposed: person.exposed_now(),
            named: person.named,
            unnamed: person.unnamed(),
            locale: person.locale.as_str().to_owned(),
            jurisdiction: person.jurisdiction.map(|of| of.as_str().to_owned()),
            flags: flags
                .split(';')
                .filter(|flag| !flag.is_empty())
                .map(str::to_owned)
                .collect(),
            email: person.contact.email.as_ref().map(EmailAddress::masked),
            has_postal_address: person.contact.address.is_some(),
        }
    }
}

/// The query of [`find()`]: reference, e-mail, or name and postcode; or a filter.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Known {
    reference: Option<String>,
    email: Option<String>,
    name: Option<String>,
    postcode: Option<String>,
    standing: Option<PersonStanding>,
    #[serde(default)]
    incomplete: bool,
    jurisdiction: Option<String>,
    locale: Option<String>,
    element: Option<Element>,
    reason: Option<WithheldReason>,
    cursor: Option<String>,
    limit: Option<i64>,
}

impl Known {
    /// Whether the query names no single person.
    fn is_filter(&self) -> bool {
        let clues = [&self.reference, &self.email, &self.name, &self.postcode];
        clues.iter().all(|clue| clue.is_none())
    }

    fn filter(self) -> (PeopleFilter, Paging) {
        let filter = PeopleFilter {
            standing: self.standing,
            incomplete: self.incomplete,
            jurisdiction: self.jurisdiction,
            locale: self.locale,
            element: self.element,
            reason: self.reason,
        };
        let (cursor, limit) = (self.cursor, self.limit);
        (filter, Paging { cursor, limit })
    }

    fn clue(self) -> Result<Clue, Problem> {
        match (self.reference, self.email, self.name.zip(self.postcode)) {
            (Some(reference), None, None) => Ok(Clue::Reference(reference)),
            (None, None, Some((name, postcode))) => Ok(Clue::NamePostcode(name, postcode)),
            (None, Some(email), None) => match EmailAddress::parse(&email) {
                Ok(email) => Ok(Clue::Email(email)),
                Err(why) => Err(Problem::new(Kind::BadRequest)
                    .because(why)
                    .with("at", "email")),
            },
            _ => Err(Problem::new(Kind::BadRequest)
                .because("ask by reference, by email, or by name and postcode: one of the three")),
        }
    }
}

/// `GET /incidents/{id|slug}/people?reference=…`, `?email=…` or `?name=…&postcode=…`: a mailbox may be shared, a
/// name too. Or, page by page,
/// the people behind a figure of the account: `?standing=needs_letter&jurisdiction=US-CA`.
///
/// # Errors
/// 404 without such an incident.
pub(crate) async fn find(
    who: Allowed<SeePeople>,
    app: Data<App>,
    name: Path<String>,
    known: Query<Known>,
) -> Answer {
    let of = named(&mut *app.db.get().await?, &name).await?;
    let (incident, known) = (of.id, known.into_inner());
    // Who may look one person up may not list them all.
    if known.is_filter() && who.may(Right::SeeAllPeople) {
        let (filter, paging) = known.filter();
        return list(&app, &who, &of, &filter, &paging).await;
    }
    let people = find::find(&app, incident, &known.clue()?).await?;
    who.saw(&app, Action::PeopleFind, incident, people.len());
    let items: Vec<_> = people.into_iter().map(PersonView::of).collect();
    Ok(HttpResponse::Ok().json(Page { items, next: None }))
}

async fn list(
    app: &App,
    who: &Signed,
    of: &Incident,
    filter: &PeopleFilter,
    paging: &Paging,
) -> Answer {
    let limit = usize::try_from(paging.limit()?).unwrap_or(usize::MAX);
    let after = paging.after::<PersonId>()?;
    let (people, next) = match of.key(&app.keys).map_err(Problem::broken)? {
        Some(key) => {
            let mut conn = app.db.get().await?;
            store::list(&mut conn, &key, of.id, filter, after, limit).await?
        }
        None => (Vec::new(), None),
    };
    who.saw(app, Action::PeopleRead, of.id, people.len());
    let next = next.map(|id| Page::<()>::cursor(&id));
    let items: Vec<_> = people.into_iter().map(PersonView::of).collect();
    Ok(HttpResponse::Ok().json(Page { items, next }))
}

/// A person with all notices to them.
#[derive(Debug, Serialize)]
struct PersonWithNotices {
    #[serde(flatten)]
    person: PersonView,
    notices: Vec<NoticeView>,
}

/// `GET /people/{id}`, with their notices in all campaigns, newest first, and every attempt to send each.
///
/// # Errors
/// 404, also for a person of a forgotten incident.
pub(crate) async fn show(who: Allowed<SeePeople>, app: Data<App>, id: Path<PersonId>) -> Answer {
    let mut conn = app.db.get().await?;
    let (of, person) = person_lookup::find(&app, &mut conn, *id).await?;
    who.saw(&app, Action::PersonRead, *id, 1);
    let person = PersonView::of(person);
    let written = person_lookup::written_to(&mut conn, of.id, *id).await?.1;
    let notices = NoticeView::with_attempts(&mut conn, written).await?;
    Ok(HttpResponse::Ok().json(PersonWithNotices { person, notices }))
}

/// `POST /people/{id}/revoke-links`: revokes every status link that was sent to the person.
///
/// # Errors
/// 404, also for a person of a forgotten incident.
pub(crate) async fn revoke_links(
    who: Allowed<RevokeLinks>,
    app: Data<App>,
    id: Path<PersonId>,
    _: OrNothing<Empty>,
) -> Answer {
    person_lookup::find(&app, &mut *app.db.get().await?, *id).await?;
    revoke::links(&app, who.id, *id).await?;
    Ok(HttpResponse::Ok().json(serde_json::json!({ "person": *id, "revoked": true })))
}

/// An empty body.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Empty {}

/// The dimensions of [`account()`].
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum By {
    /// Law.
    Jurisdiction,
    /// Language.
    Locale,
    /// Exposed element.
    Element,
    /// Reason why people are withheld.
    Reason,
    /// Campaign: its notices by state.
    Campaign,
}

/// The query of [`account()`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Divided {
    by: Option<By>,
}

/// An account with its parts, read in one snapshot.
#[derive(Debug, Serialize)]
struct Parts<T> {
    #[serde(flatten)]
    account: Account,
    items: Vec<T>,
}

/// A campaign's notices by state.
#[derive(Debug, Serialize)]
struct ByCampaign {
    value: CampaignId,
    kind: CampaignKind,
    status: CampaignStatus,
    counts: BTreeMap<NoticeStatus, i64>,
}

/// `GET /incidents/{id|slug}/account`: everybody in scope is somewhere (P1), and what is not named
/// to its person yet (P2). `?by=jurisdiction|locale|element|reason|campaign` adds its parts as `items`.
///
/// # Errors
/// 404.
pub(crate) async fn account(
    _: Allowed<SeeIncidents>,
    app: Data<App>,
    name: Path<String>,
    divided: Query<Divided>,
) -> Answer {
    let incident = named(&mut *app.db.get().await?, &name).await?.id;
    let kind = match divided.by {
        None => {
            let mut conn = app.db.get().await?;
            return Ok(HttpResponse::Ok().json(account::account(&mut conn, incident).await?));
        }
        Some(By::Campaign) => return by_campaign(&app, incident).await,
        Some(By::Jurisdiction) => AccountKind::Jurisdiction,
        Some(By::Locale) => AccountKind::Locale,
        Some(By::Element) => AccountKind::Element,
        Some(By::Reason) => AccountKind::Reason,
    };
    let (account, parts) = account::by::whole(&app, incident, &[kind]).await?;
    let items = parts.into_iter().flatten().collect();
    Ok(HttpResponse::Ok().json(Parts { account, items }))
}

async fn by_campaign(app: &App, incident: IncidentId) -> Answer {
    let mut conn = app.db.get().await?;
    let account = account::account(&mut conn, incident).await?;
    let campaigns = campaign::store::list(&mut conn, Some(incident), None, CAMPAIGNS).await?;
    let ids: Vec<_> = campaigns.iter().map(|one| one.id).collect();
    let mut progress = campaign::store::progress_of_each(&mut conn, &ids).await?;
    let item = |one: Campaign| ByCampaign {
        value: one.id,
        kind: one.kind,
        status: one.status,
        counts: progress.remove(&one.id).unwrap_or_default().counts,
    };
    let items = campaigns.into_iter().map(item).collect();
    Ok(HttpResponse::Ok().json(Parts { account, items }))
}
