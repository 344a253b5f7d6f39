//! All campaigns, and the form that drafts one.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Query};
use askama::Template;
use serde::Deserialize;

use super::Choice;
use super::around::{self, incident_at, on_to};
use super::campaign_rows::{CampaignRow, rows};
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
use crate::person::flags::Flags;
use crate::person::place::{Jurisdiction, Locale};
use crate::staff::Right;
use crate::staff::right::{DraftCampaign, SeeCampaigns};
use crate::web::caller::{Allowed, Signed};
use crate::web::conversation::sentence;
use crate::web::figures::filters;
use crate::web::form::Form;
use crate::web::page::{self, Area, Desk, Faults};
use crate::web::problem::{Answer, Problem};
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
    /// Incidents with an active scope that are not over, by slug.
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
    /// Element codes, as typed.
    pub elements: String,
    /// Jurisdictions, as typed.
    pub jurisdictions: String,
    /// Locales, as typed.
    pub locales: String,
    /// Flags, as typed.
    pub flags: String,
    /// Whether only people who may have been told are meant.
    pub maybe: bool,
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
    kind: String,
    maybe: bool,
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
    let mut campaigns = Vec::new();
    let mut found = Vec::new();
    for one in incident::store::list(&mut conn).await? {
        found.push((
            (one.id, one.title),
            store::list(&mut conn, Some(one.id), None, LATEST).await?,
        ));
    }
    let all: Vec<_> = found.iter().flat_map(|(_, of)| of.clone()).collect();
    let void = approval::void(app, &mut conn, &all).await?;
    for ((id, title), of) in found {
        campaigns.extend(rows(&mut conn, of, (id, &title), &void).await?);
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
            ("", "Everyone this kind is for"),
            (
                "over_told",
                "Correction: only who was told of something that is not theirs",
            ),
            (
                "retracted_after_notice",
                "Correction: only who was told and is no longer affected",
            ),
            ("told", "Correction: everybody who was told"),
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

/// The words of a field, which commas, semicolons or spaces separate.
fn words(typed: &str) -> impl Iterator<Item = &str> {
    let between = |c: char| c.is_whitespace() || matches!(c, ',' | ';');
    typed.split(between).filter(|word| !word.is_empty())
}

/// Audience and rate, as far as they can be read; faults for the rest.
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
            "Nobody of an audience has the flag retract.".to_owned(),
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
/// 404, a form that is not ours; what cannot be read shows the page again.
pub async fn draft(
    who: Allowed<DraftCampaign>,
    req: HttpRequest,
    app: Data<App>,
    mut form: Form<Typed>,
) -> Answer {
    let (audience, rate_per_second) = read(&mut form);
    if form.faults.any() {
        let kept = form.typed.kept(form.faults);
        return shown(
            &app,
            &req,
            &who,
            StatusCode::UNPROCESSABLE_ENTITY,
            Some(kept),
        )
        .await;
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
            let kept = Some(form.typed.kept(form.faults));
            return shown(&app, &req, &who, StatusCode::UNPROCESSABLE_ENTITY, kept).await;
        }
        Err(other) => return Err(other.into()),
    };
    Ok(on_to(&format!("/console/campaigns/{id}"), "drafted"))
}
