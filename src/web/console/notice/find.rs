//! Finding the notice of one person in a campaign, by the reference of the organisation.

use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use super::list::{Asked, load};
use crate::app::App;
use crate::audit::Action;
use crate::campaign;
use crate::delivery::store;
use crate::id::CampaignId;
use crate::notice::Notice;
use crate::person::find::{Clue, find};
use crate::staff::right::SeeAllPeople;
use crate::web::caller::{Allowed, Signed};
use crate::web::form::Form;
use crate::web::page;
use crate::web::problem::{Answer, Problem};

/// The form. A reference names a person: it is never part of an address.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Sought {
    reference: String,
}

/// The notices of a campaign to the person with this reference, by its keyed hash: one at most.
///
/// # Errors
/// 404 without such a campaign.
pub(crate) async fn by_reference(
    app: &App,
    who: &Signed,
    id: CampaignId,
    reference: &str,
) -> Result<Vec<Notice>, Problem> {
    let of = campaign::store::find(&mut *app.db.get().await?, id).await?;
    let clue = Clue::Reference(reference.to_owned());
    let people = find(app, of.incident, &clue).await?;
    who.saw(app, Action::PeopleFind, id, people.len());
    let Some(person) = people.first() else {
        return Ok(Vec::new());
    };
    let mut conn = app.db.get().await?;
    Ok(store::of_person(&mut conn, &[id], person.id).await?)
}

/// `POST /console/campaigns/{id}/notices/find`: leads to the notice.
///
/// # Errors
/// 404.
pub(crate) async fn seek(
    who: Allowed<SeeAllPeople>,
    req: HttpRequest,
    app: Data<App>,
    id: Path<CampaignId>,
    mut form: Form<Sought>,
) -> Answer {
    let found = match form.reference.trim() {
        "" => Vec::new(),
        reference => by_reference(&app, &who, *id, reference).await?,
    };
    if let Some(notice) = found.first() {
        let to = format!("/console/notices/{}", notice.id);
        return Ok(HttpResponse::SeeOther()
            .insert_header((header::LOCATION, to))
            .finish());
    }
    form.fault(
        "reference",
        "No person with this reference has a notice in this campaign. Check the reference.",
    );
    let mut page = load(&app, &req, &who, *id, &Asked::default()).await?;
    page.reference = form.typed.reference;
    page.faults = form.faults;
    Ok(page::show(StatusCode::UNPROCESSABLE_ENTITY, &page)?)
}
