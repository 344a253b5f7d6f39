//! The actions of a recall: what the buttons of its page post.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use serde::Deserialize;

use super::page::load;
use crate::app::App;
use crate::id::{RecallId, TemplateId};
use crate::recall::draft;
use crate::recall::steer::{self, RecallError, Seen};
use crate::staff::confirm::{ConfirmError, own_password};
use crate::staff::right::{ApproveCampaign, DraftCampaign};
use crate::staff::sign_in::Attempts;
use crate::web::caller::Allowed;
use crate::web::console::answer::redirect;
use crate::web::console::changed::out_of_date;
use crate::web::conversation::sentence;
use crate::web::form::Form;
use crate::web::page;
use crate::web::problem::{Answer, Problem};

/// The form of every button: the version that its page showed.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Shown {
    version: i32,
}

/// The form that publishes. It is never printed: it holds a password.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Publishing {
    version: i32,
    password: String,
}

async fn ended(app: &App, id: RecallId, word: &str, end: Result<(), RecallError>) -> Answer {
    match end {
        Ok(()) => Ok(redirect(&format!("/console/recalls/{id}"), word)),
        Err(RecallError::Changed(changed)) => Err(out_of_date(app, &changed).await),
        Err(error) => Err(error.into()),
    }
}

/// `POST /console/recalls/{id}/publish`, by another person than the one who proposed it, with their password.
///
/// # Errors
/// 403 for the person who proposed it; a page that is out of date. A wrong password shows the page again.
pub(crate) async fn publish(
    who: Allowed<ApproveCampaign>,
    req: HttpRequest,
    app: Data<App>,
    attempts: Data<Attempts>,
    id: Path<RecallId>,
    mut form: Form<Publishing>,
) -> Answer {
    match own_password(&app, &attempts, who.id, &form.password).await {
        Ok(()) => {}
        Err(ConfirmError::TooMany(seconds)) => return Err(Problem::too_many(seconds)),
        Err(ConfirmError::Db(error)) => return Err(error.into()),
        Err(why @ ConfirmError::WrongPassword) => {
            form.fault("password", sentence(why));
            let mut page = load(&app, &req, &who, *id).await?;
            page.faults = form.faults;
            return Ok(page::show(StatusCode::UNPROCESSABLE_ENTITY, &page)?);
        }
    }
    let seen = Seen::at(*id, Some(form.version));
    let end = steer::publish(&app, who.id, seen).await;
    ended(&app, *id, "recall-published", end).await
}

/// `POST /console/recalls/{id}/withdraw`.
///
/// # Errors
/// An illegal transition, or a page that is out of date.
pub(crate) async fn withdraw(
    who: Allowed<DraftCampaign>,
    app: Data<App>,
    id: Path<RecallId>,
    form: Form<Shown>,
) -> Answer {
    let end = steer::withdraw(&app, who.id, Seen::at(*id, Some(form.version))).await;
    ended(&app, *id, "recall-withdrawn", end).await
}

/// `POST /console/recalls/{id}/discard`.
///
/// # Errors
/// An illegal transition, or a page that is out of date.
pub(crate) async fn discard(
    who: Allowed<DraftCampaign>,
    app: Data<App>,
    id: Path<RecallId>,
    form: Form<Shown>,
) -> Answer {
    let end = steer::discard(&app, who.id, Seen::at(*id, Some(form.version))).await;
    ended(&app, *id, "recall-discarded", end).await
}

/// The form that drafts the correcting campaign.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Drafting {
    template: Option<TemplateId>,
}

/// `POST /console/recalls/{id}/draft`.
///
/// # Errors
/// A recall that is not published. A form without a template, and a recall without people, show the page again.
pub(crate) async fn draft(
    who: Allowed<DraftCampaign>,
    req: HttpRequest,
    app: Data<App>,
    id: Path<RecallId>,
    mut form: Form<Drafting>,
) -> Answer {
    let why = match form.template {
        None => "Choose a template: a campaign sends its texts.".to_owned(),
        Some(template) => match draft::draft(&app, who.id, *id, (template, None)).await {
            Ok(campaign) => {
                let page = format!("/console/campaigns/{campaign}");
                return Ok(redirect(&page, "drafted"));
            }
            Err(why @ (RecallError::Nobody | RecallError::Drafted(_))) => sentence(why),
            Err(error) => return Err(error.into()),
        },
    };
    form.fault("draft_template", why);
    let mut page = load(&app, &req, &who, *id).await?;
    page.template = form.template.map(|id| id.to_string()).unwrap_or_default();
    page.faults = form.faults;
    Ok(page::show(StatusCode::UNPROCESSABLE_ENTITY, &page)?)
}
