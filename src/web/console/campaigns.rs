//! All campaigns, and the form that drafts one.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Query};
use askama::Template;
use serde::Deserialize;

use super::Choice;
use super::around::{self, incident_at, on_to};
use super::incident::{CampaignRow, rows};
use crate::app::App;
use crate::campaign::audience::Who;
use crate::campaign::launch;
use crate::campaign::store::NewCampaign as Draft;
use crate::campaign::{Audience, CampaignKind, Limits, UncertainPolicy, store};
use crate::db::Conn;
use crate::id::TemplateId;
use crate::staff::Right;
use crate::staff::right::{DraftCampaign, SeeCampaigns};
use crate::web::figures::filters;
use crate::web::form::Form;
use crate::web::page::{self, Area, Desk, Faults};
use crate::web::problem::{Answer, Problem};
use crate::web::who::{Allowed, Signed};
use crate::{incident, template};

/// How many of an incident's campaigns, and of all, the list shows.
const LATEST: i64 = 100;

/// `/console/campaigns`
#[derive(Template)]
#[template(path = "console/campaigns.html")]
pub struct Campaigns {
    /// The frame.
    pub desk: Desk,
    /// All, the latest first.
    pub campaigns: Vec<CampaignRow>,
    /// The form; none for whoever may not draft one.
    pub new: Option<NewCampaign>,
}

/// The form: what may be chosen, and what was.
#[derive(Debug, Clone, Default)]
pub struct NewCampaign {
    /// Incidents with an active scope, by slug.
    pub incidents: Vec<Choice>,
    /// Templates, by id.
    pub templates: Vec<Choice>,
    /// `initial`, `supplement`, `correction`.
    pub kinds: Vec<Choice>,
    /// Whom it may go to.
    pub audiences: Vec<Choice>,
    /// The incident chosen.
    pub incident: String,
    /// The template chosen.
    pub template: String,
    /// The kind chosen.
    pub kind: String,
    /// The audience chosen.
    pub audience: String,
    /// Messages a second, as typed; 0 for no limit.
    pub rate: String,
    /// Why it was refused.
    pub faults: Faults,
}

/// What a link to the form may choose already.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    incident: String,
}

/// `GET /console/campaigns`.
///
/// # Errors
/// The database's.
pub async fn list(
    who: Allowed<SeeCampaigns>,
    req: HttpRequest,
    app: Data<App>,
    asked: Query<Asked>,
) -> Answer {
    let chosen = NewCampaign {
        incident: asked.into_inner().incident,
        rate: "0".to_owned(),
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
    let mut campaigns = Vec::new();
    for one in incident::store::list(&mut conn).await? {
        let of = store::list(&mut conn, Some(one.id), None, LATEST).await?;
        campaigns.extend(rows(&mut conn, of, &one.title).await?);
    }
    // Ids sort by the time of their making.
    campaigns.sort_by(|a, b| b.id.cmp(&a.id));
    let new = match new {
        Some(chosen) => Some(with_choices(&mut conn, chosen).await?),
        None => None,
    };
    let desk = around::desk(app, &mut conn, req, who, Area::Campaigns).await?;
    Ok(page::show(
        status,
        &Campaigns {
            desk,
            campaigns,
            new,
        },
    )?)
}

async fn with_choices(conn: &mut Conn, chosen: NewCampaign) -> Result<NewCampaign, Problem> {
    let choice = |value: String, words: String| Choice { value, words };
    let incidents = incident::store::list(conn).await?.into_iter();
    let templates = template::store::list(conn).await?.into_iter();
    let word = |(value, words): (&str, &str)| choice(value.to_owned(), words.to_owned());
    Ok(NewCampaign {
        incidents: incidents
            .filter(|one| one.active_scope.is_some())
            .map(|one| choice(one.slug, one.title))
            .collect(),
        templates: templates
            .map(|one| choice(one.id.to_string(), one.name))
            .collect(),
        kinds: [
            ("initial", "Initial"),
            ("supplement", "Supplement"),
            ("correction", "Correction"),
        ]
        .map(word)
        .into(),
        audiences: [
            ("", "As the kind suggests"),
            ("not_yet_notified", "Those who were sent nothing yet"),
            ("unnamed", "Those of whom something taken is not named yet"),
            ("everyone", "Everybody in the scope"),
        ]
        .map(word)
        .into(),
        ..chosen
    })
}

/// What the form sends.
#[derive(Debug, Deserialize)]
pub struct Typed {
    incident: String,
    template: TemplateId,
    kind: CampaignKind,
    #[serde(default)]
    audience: Option<Who>,
    #[serde(default)]
    rate: String,
}

/// `POST /console/campaigns`.
///
/// # Errors
/// 404, a form that is not ours; a bad rate shows the page again.
pub async fn draft(
    who: Allowed<DraftCampaign>,
    req: HttpRequest,
    app: Data<App>,
    mut form: Form<Typed>,
) -> Answer {
    let typed = &form.typed;
    let rate = typed.rate.trim();
    let Ok(rate_per_second) = (if rate.is_empty() {
        Ok(0)
    } else {
        rate.parse::<u32>()
    }) else {
        form.fault("rate", "Enter a whole number, 0 for no limit.");
        let word = |who: Who| {
            serde_json::to_value(who)
                .ok()
                .and_then(|word| word.as_str().map(str::to_owned))
        };
        let Typed {
            incident,
            template,
            kind,
            audience,
            rate,
        } = form.typed;
        let chosen = NewCampaign {
            incident,
            template: template.to_string(),
            kind: kind.to_string(),
            audience: audience.and_then(word).unwrap_or_default(),
            rate,
            faults: form.faults,
            ..NewCampaign::default()
        };
        return shown(
            &app,
            &req,
            &who,
            StatusCode::UNPROCESSABLE_ENTITY,
            Some(chosen),
        )
        .await;
    };
    let mut conn = app.db.get().await?;
    let incident = incident_at(&mut conn, &typed.incident).await?.id;
    let template = template::store::find(&mut conn, typed.template, None).await?;
    drop(conn);
    let new = Draft {
        incident,
        template: template.id,
        template_version: template.version,
        kind: typed.kind,
        audience: Audience {
            who: typed.audience,
            ..Audience::default()
        },
        limits: Limits {
            rate_per_second,
            ..Limits::default()
        },
        on_uncertain: UncertainPolicy::Resend,
    };
    let id = launch::create(&app, who.id, &new).await?;
    Ok(on_to(&format!("/console/campaigns/{id}"), "drafted"))
}
