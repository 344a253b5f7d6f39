//! Editing a draft.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use askama::Template;

use super::form::NewCampaign;
use super::typed::{Typed, field_of, read};
use crate::app::App;
use crate::campaign::error::CampaignError;
use crate::campaign::launch::Seen;
use crate::campaign::{Campaign, CampaignStatus, draft, store};
use crate::id::CampaignId;
use crate::staff::right::DraftCampaign;
use crate::template;
use crate::web::caller::{Allowed, Signed};
use crate::web::console::answer::{self, redirect};
use crate::web::console::changed::in_words;
use crate::web::conversation::sentence;
use crate::web::figures::filters;
use crate::web::form::Form;
use crate::web::page::{self, Area, ConsoleFrame};
use crate::web::problem::Answer;

/// `/console/campaigns/{id}/edit`
#[derive(Template)]
#[template(path = "console/campaign/edit.html")]
pub struct EditPage {
    /// The frame.
    pub desk: ConsoleFrame,
    /// The campaign's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its state.
    pub status: CampaignStatus,
    /// Its version; the form carries it.
    pub version: i32,
    /// What others changed since the page was loaded, in words; empty for nothing.
    pub changed: String,
    /// The form.
    pub new: NewCampaign,
}

impl EditPage {
    /// The address that a button posts to.
    fn to(&self, action: &str) -> String {
        format!("/console/campaigns/{}/{action}", self.id)
    }

    /// Whether the form is shown: what was typed stays on the page whatever others did.
    fn has_form(&self) -> bool {
        self.status == CampaignStatus::Draft || !self.changed.is_empty()
    }

    /// Whether it can be taken back to its draft.
    fn can_be_taken_back(&self) -> bool {
        self.status.after().contains(&CampaignStatus::Draft)
    }
}

/// `GET /console/campaigns/{id}/edit`. A campaign that is no draft says what to do first.
///
/// # Errors
/// 404.
pub(crate) async fn show(
    who: Allowed<DraftCampaign>,
    req: HttpRequest,
    app: Data<App>,
    id: Path<CampaignId>,
) -> Answer {
    let campaign = store::find(&mut *app.db.get().await?, *id).await?;
    let new = NewCampaign::of(&campaign, app.config.organisation.zone);
    let said = (StatusCode::OK, String::new());
    shown(&app, &req, &who, said, (campaign, new)).await
}

async fn shown(
    app: &App,
    req: &HttpRequest,
    who: &Signed,
    (status, changed): (StatusCode, String),
    (of, new): (Campaign, NewCampaign),
) -> Answer {
    let mut conn = app.db.get().await?;
    let new = new.with_options(&mut conn, Some(&of)).await?;
    let view = EditPage {
        desk: answer::frame(app, &mut conn, req, who, Area::Campaigns).await?,
        id: of.id.to_string(),
        name: of.name.to_string(),
        status: of.status,
        version: of.version,
        changed,
        new,
    };
    Ok(page::show(status, &view)?)
}

/// `POST /console/campaigns/{id}/edit`. If the draft changed since the page was loaded, the page says how, and keeps what
/// was typed.
///
/// # Errors
/// 404, or a campaign that is no draft.
pub(crate) async fn save(
    who: Allowed<DraftCampaign>,
    req: HttpRequest,
    app: Data<App>,
    id: Path<CampaignId>,
    mut form: Form<Typed>,
) -> Answer {
    let before = store::find(&mut *app.db.get().await?, *id).await?;
    let refused = StatusCode::UNPROCESSABLE_ENTITY;
    let Some(read) = read(&app, &mut form, Some(&before)) else {
        return kept(&app, &req, &who, (refused, String::new()), (*id, form)).await;
    };
    let (template, version) = read.template;
    let template = template::store::find(&mut *app.db.get().await?, template, version).await?;
    let new = read.draft(before.incident, template.version);
    let seen = Seen::at(*id, Some(form.version));
    match draft::edit_named(&app, who.id, seen, Some(&read.name), &new).await {
        Ok(()) => Ok(redirect(&format!("/console/campaigns/{id}"), "edited")),
        Err(CampaignError::Changed(changed)) => {
            let changed = sentence(in_words(&app, &changed).await?);
            let said = (StatusCode::CONFLICT, changed);
            kept(&app, &req, &who, said, (*id, form)).await
        }
        Err(why) => {
            let Some(field) = field_of(&why) else {
                return Err(why.into());
            };
            form.fault(field, sentence(why));
            kept(&app, &req, &who, (refused, String::new()), (*id, form)).await
        }
    }
}

/// The page with what was typed, on the present version.
async fn kept(
    app: &App,
    req: &HttpRequest,
    who: &Signed,
    said: (StatusCode, String),
    (id, form): (CampaignId, Form<Typed>),
) -> Answer {
    let now = store::find(&mut *app.db.get().await?, id).await?;
    let new = form.typed.kept(form.faults);
    shown(app, req, who, said, (now, new)).await
}
