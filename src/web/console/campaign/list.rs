//! All campaigns, and the form that drafts one.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Query};
use askama::Template;
use serde::Deserialize;

pub use super::form::NewCampaign;
use super::row::{CampaignRow, rows};
use super::typed::{Typed, field_of, read};
use crate::app::App;
use crate::campaign::{approval, draft, store};
use crate::db::Conn;
use crate::incident::Incident;
use crate::staff::Right;
use crate::staff::right::{DraftCampaign, SeeCampaigns};
use crate::web::caller::{Allowed, Signed};
use crate::web::console::Choice;
use crate::web::console::answer::{self, redirect};
use crate::web::console::incident::incident_at;
use crate::web::conversation::sentence;
use crate::web::figures::filters;
use crate::web::form::Form;
use crate::web::page::{self, Area, ConsoleFrame};
use crate::web::problem::{Answer, Problem};
use crate::{incident, template};

/// How many campaigns of an incident the list shows.
const LATEST: i64 = 100;

/// `/console/campaigns`
#[derive(Template)]
#[template(path = "console/campaign/list.html")]
pub struct Campaigns {
    /// The frame.
    pub desk: ConsoleFrame,
    /// The campaigns, the latest first.
    pub campaigns: Vec<CampaignRow>,
    /// The form; `None` without the right to draft a campaign.
    pub new: Option<NewCampaign>,
}

/// The query: what a link to the form chooses in advance.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    incident: String,
    kind: String,
    maybe: bool,
}

/// `GET /console/campaigns`.
///
/// # Errors
/// Database errors.
pub(crate) async fn list(
    who: Allowed<SeeCampaigns>,
    req: HttpRequest,
    app: Data<App>,
    asked: Query<Asked>,
) -> Answer {
    let asked = asked.into_inner();
    let chosen = NewCampaign {
        incident: asked.incident,
        kind: asked.kind,
        maybe: asked.maybe,
        rate: "0".to_owned(),
        zone: app.config.organisation.zone.to_string(),
        ..NewCampaign::default()
    };
    let new = who.may(Right::DraftCampaign).then_some(chosen);
    shown(&app, &req, &who, StatusCode::OK, new).await
}

async fn shown(
    app: &App,
    req: &HttpRequest,
    who: &Signed,
    status: StatusCode,
    new: Option<NewCampaign>,
) -> Answer {
    let mut conn = app.db.get().await?;
    let incidents = incident::store::list(&mut conn).await?;
    let all: Vec<_> = incidents.iter().map(|one| one.id).collect();
    // Ids sort by the time of their creation.
    let found = store::overviews_of_each(&mut conn, &all, LATEST).await?;
    let void = approval::void(app, &found, &incidents);
    let campaigns = rows(&found, &incidents, &void);
    let new = match new {
        Some(chosen) => Some(with_choices(&mut conn, chosen, incidents).await?),
        None => None,
    };
    let desk = answer::frame(app, &mut conn, req, who, Area::Campaigns).await?;
    Ok(page::show(
        status,
        &Campaigns {
            desk,
            campaigns,
            new,
        },
    )?)
}

/// Adds the options, such as the incidents that may get a new campaign.
async fn with_choices(
    conn: &mut Conn,
    chosen: NewCampaign,
    incidents: Vec<Incident>,
) -> Result<NewCampaign, Problem> {
    let chosen = chosen.with_options(conn, None).await?;
    let open = incidents
        .into_iter()
        .filter(|one| one.active_scope.is_some() && !one.is_over());
    let choice = |one: Incident| Choice {
        value: one.slug,
        words: one.title,
    };
    let mut incidents: Vec<Choice> = open.map(choice).collect();
    // The form never takes another incident than the one that was asked for without a choice.
    if !chosen.incident.is_empty() && incidents.iter().all(|one| one.value != chosen.incident) {
        let none = Choice {
            value: String::new(),
            words: "Choose an incident with a list in force".to_owned(),
        };
        incidents.insert(0, none);
    }
    Ok(NewCampaign {
        incidents,
        ..chosen
    })
}

/// `POST /console/campaigns`.
///
/// # Errors
/// 404, a form without our token. A form with faults shows the page again.
pub(crate) async fn draft(
    who: Allowed<DraftCampaign>,
    req: HttpRequest,
    app: Data<App>,
    mut form: Form<Typed>,
) -> Answer {
    let Some(read) = read(&app, &mut form, None) else {
        return refused(&app, &req, &who, form).await;
    };
    let mut conn = app.db.get().await?;
    let incident = incident_at(&mut conn, &form.typed.incident).await?.id;
    let (template, version) = read.template;
    let template = template::store::find(&mut conn, template, version).await?;
    drop(conn);
    let new = read.draft(incident, template.version);
    let id = match draft::create_named(&app, who.id, &read.name, &new).await {
        Ok(id) => id,
        Err(why) if field_of(&why).is_some() => {
            let field = field_of(&why).unwrap_or_default();
            form.fault(field, sentence(why));
            return refused(&app, &req, &who, form).await;
        }
        Err(other) => return Err(other.into()),
    };
    Ok(redirect(&format!("/console/campaigns/{id}"), "drafted"))
}

/// The page with the faults of the form and what was typed.
async fn refused(app: &App, req: &HttpRequest, who: &Signed, form: Form<Typed>) -> Answer {
    let kept = form.typed.kept(form.faults);
    shown(app, req, who, StatusCode::UNPROCESSABLE_ENTITY, Some(kept)).await
}
