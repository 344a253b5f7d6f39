//! All campaigns, and the form that drafts one.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Query};
use askama::Template;
use serde::Deserialize;

use super::row::{CampaignRow, rows};
use crate::app::App;
use crate::campaign::approval;
use crate::campaign::audience::Who;
use crate::campaign::error::CampaignError;
use crate::campaign::launch;
use crate::campaign::store::NewCampaign as Draft;
use crate::campaign::{Audience, CampaignKind, Limits, UncertainPolicy, store};
use crate::db::Conn;
use crate::element::ElementSet;
use crate::id::TemplateId;
use crate::incident::Incident;
use crate::person::flags::Flags;
use crate::person::place::{Jurisdiction, Locale};
use crate::staff::Right;
use crate::staff::right::{DraftCampaign, SeeCampaigns};
use crate::web::caller::{Allowed, Signed};
use crate::web::console::Choice;
use crate::web::console::answer::{self, redirect};
use crate::web::console::incident::incident_at;
use crate::web::conversation::sentence;
use crate::web::figures::filters;
use crate::web::form::Form;
use crate::web::page::{self, Area, ConsoleFrame, Faults};
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

/// The form: the options, and the values that were chosen or typed.
#[derive(Debug, Clone, Default)]
pub struct NewCampaign {
    /// Incidents with an active scope that are not over, by slug.
    pub incidents: Vec<Choice>,
    /// Templates, by id.
    pub templates: Vec<Choice>,
    /// `initial`, `supplement`, `correction`.
    pub kinds: Vec<Choice>,
    /// The audiences.
    pub audiences: Vec<Choice>,
    /// The incident chosen.
    pub incident: String,
    /// The template chosen.
    pub template: String,
    /// The kind chosen.
    pub kind: String,
    /// The audience chosen.
    pub audience: String,
    /// Element codes, as typed.
    pub elements: String,
    /// Jurisdictions, as typed.
    pub jurisdictions: String,
    /// Locales, as typed.
    pub locales: String,
    /// Flags, as typed.
    pub flags: String,
    /// Whether it goes only to people who may have got an uncertain notice.
    pub maybe: bool,
    /// Messages a second, as typed; 0 for no limit.
    pub rate: String,
    /// Why it was refused.
    pub faults: Faults,
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

async fn with_choices(
    conn: &mut Conn,
    chosen: NewCampaign,
    incidents: Vec<Incident>,
) -> Result<NewCampaign, Problem> {
    let choice = |value: String, words: String| Choice { value, words };
    let templates = template::store::list(conn).await?.into_iter();
    let word = |(value, words): (&str, &str)| choice(value.to_owned(), words.to_owned());
    Ok(NewCampaign {
        incidents: incidents
            .into_iter()
            .filter(|one| one.active_scope.is_some() && !one.is_over())
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
            ("", "All people that the kind is for"),
            (
                "over_told",
                "Correction: only people who were told of something that is not theirs",
            ),
            (
                "retracted_after_notice",
                "Correction: only people who were told and are no longer affected",
            ),
            ("told", "Correction: all people who were told"),
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
    elements: String,
    #[serde(default)]
    jurisdictions: String,
    #[serde(default)]
    locales: String,
    #[serde(default)]
    flags: String,
    #[serde(default)]
    maybe: Option<String>,
    #[serde(default)]
    rate: String,
}

impl Typed {
    fn kept(&self, faults: Faults) -> NewCampaign {
        NewCampaign {
            incident: self.incident.clone(),
            template: self.template.to_string(),
            kind: self.kind.to_string(),
            audience: self
                .audience
                .map(Who::as_str)
                .unwrap_or_default()
                .to_owned(),
            elements: self.elements.clone(),
            jurisdictions: self.jurisdictions.clone(),
            locales: self.locales.clone(),
            flags: self.flags.clone(),
            maybe: self.maybe.is_some(),
            rate: self.rate.clone(),
            faults,
            ..NewCampaign::default()
        }
    }
}

/// The words of a field, separated by commas, semicolons or spaces.
fn words(typed: &str) -> impl Iterator<Item = &str> {
    let between = |c: char| c.is_whitespace() || matches!(c, ',' | ';');
    typed.split(between).filter(|word| !word.is_empty())
}

/// Reads audience and rate. What cannot be read becomes a fault of the form.
fn read(form: &mut Form<Typed>) -> (Audience, u32) {
    let typed = &form.typed;
    let (mut audience, mut wrong) = (Audience::default(), Vec::new());
    audience.who = typed.audience;
    audience.may_have_been_told = typed.maybe.is_some();
    match ElementSet::parse(&words(&typed.elements).collect::<Vec<_>>().join(";")) {
        Ok(elements) => audience.elements = elements,
        Err(error) => wrong.push(("elements", error.to_string())),
    }
    match words(&typed.jurisdictions)
        .map(Jurisdiction::parse)
        .collect()
    {
        Ok(places) => audience.jurisdictions = places,
        Err(error) => wrong.push(("jurisdictions", error.to_string())),
    }
    match words(&typed.locales).map(Locale::parse).collect() {
        Ok(locales) => audience.locales = locales,
        Err(error) => wrong.push(("locales", error.to_string())),
    }
    match Flags::parse(&words(&typed.flags).collect::<Vec<_>>().join(";")) {
        Ok(flags) if !flags.contains(Flags::RETRACT) => audience.flags = flags,
        Ok(_) => wrong.push((
            "flags",
            "People with the flag retract are in no audience.".to_owned(),
        )),
        Err(error) => wrong.push(("flags", error.to_string())),
    }
    if let Err(error) = audience.check(typed.kind) {
        wrong.push(("audience", error.to_string()));
    }
    let rate = match typed.rate.trim() {
        "" => Some(0),
        rate => rate.parse().ok(),
    };
    if rate.is_none() {
        wrong.push(("rate", "Enter a whole number, 0 for no limit.".to_owned()));
    }
    for (field, why) in wrong {
        form.fault(field, why);
    }
    (audience, rate.unwrap_or_default())
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
    let (audience, rate_per_second) = read(&mut form);
    if form.faults.any() {
        return refused(&app, &req, &who, form).await;
    }
    let typed = &form.typed;
    let mut conn = app.db.get().await?;
    let incident = incident_at(&mut conn, &typed.incident).await?.id;
    let template = template::store::find(&mut conn, typed.template, None).await?;
    drop(conn);
    let new = Draft {
        incident,
        template: template.id,
        template_version: template.version,
        kind: typed.kind,
        audience,
        limits: Limits {
            rate_per_second,
            ..Limits::default()
        },
        on_uncertain: UncertainPolicy::Resend,
    };
    let id = match launch::create(&app, who.id, &new).await {
        Ok(id) => id,
        Err(why @ CampaignError::Forgotten) => {
            form.fault("incident", sentence(why));
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
