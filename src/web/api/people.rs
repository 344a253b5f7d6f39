//! `/api/v1/incidents/{incident}/people` and `…/account`: who is affected, and where they stand.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path, Query};
use serde::{Deserialize, Serialize};

use super::Page;
use super::incidents::named;
use crate::address::EmailAddress;
use crate::app::App;
use crate::element::ElementSet;
use crate::id::{IncidentId, PersonId};
use crate::notice::account;
use crate::person::find::{self, Clue, FindError};
use crate::person::flags::WithheldReason;
use crate::person::{Person, PersonStanding};
use crate::staff::right::{SeeIncidents, SeePeople};
use crate::web::problem::{Answer, Kind, Problem};
use crate::web::who::Allowed;

/// A person, as we promise them: how to reach them only masked.
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
            exposed: person.exposed,
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

/// The query of [`find()`]: one of the two.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    reference: Option<String>,
    email: Option<String>,
}

impl Known {
    fn clue(self) -> Result<Clue, Problem> {
        match (self.reference, self.email) {
            (Some(reference), None) => Ok(Clue::Reference(reference)),
            (None, Some(email)) => match EmailAddress::parse(&email) {
                Ok(email) => Ok(Clue::Email(email)),
                Err(why) => Err(Problem::new(Kind::BadRequest)
                    .because(why)
                    .with("at", "email")),
            },
            _ => {
                Err(Problem::new(Kind::BadRequest)
                    .because("ask by reference or by email, one of them"))
            }
        }
    }
}

/// `GET /incidents/{id|slug}/people?reference=…` or `?email=…`: a mailbox may be shared.
///
/// # Errors
/// 404 without such an incident.
pub async fn find(
    _: Allowed<SeePeople>,
    app: Data<App>,
    name: Path<String>,
    known: Query<Known>,
) -> Answer {
    let incident = named(&mut *app.db.get().await?, &name).await?.id;
    let people = find::find(&app, incident, &known.into_inner().clue()?).await?;
    let items: Vec<_> = people.into_iter().map(PersonView::of).collect();
    Ok(HttpResponse::Ok().json(Page { items, next: None }))
}

/// `GET /incidents/{id|slug}/account`: everybody in scope is somewhere (P1), and what is not named
/// to its person yet (P2).
///
/// # Errors
/// 404.
pub async fn account(_: Allowed<SeeIncidents>, app: Data<App>, name: Path<String>) -> Answer {
    let mut conn = app.db.get().await?;
    let incident = named(&mut conn, &name).await?.id;
    Ok(HttpResponse::Ok().json(account::account(&mut conn, incident).await?))
}

impl From<FindError> for Problem {
    fn from(error: FindError) -> Self {
        match error {
            FindError::Db(error) => error.into(),
            FindError::Missing => Self::not_found(),
            FindError::Key(broken) => Self::broken(broken),
        }
    }
}
