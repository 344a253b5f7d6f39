//! `/api/v1/campaigns`: editing a draft, copying a campaign, and the schedule of its launch.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use super::campaigns::{Act, created, seen, shown};
use super::{Json, OrNothing, seen_version};
use crate::app::App;
use crate::campaign::launch::Seen;
use crate::campaign::store::NewCampaign;
use crate::campaign::{
    Audience, CampaignKind, Limits, Name, Schedule, UncertainPolicy, draft, schedule as verb,
};
use crate::campaign::{copy as copies, store};
use crate::id::{CampaignId, TemplateId};
use crate::staff::right::{DraftCampaign, LaunchCampaign};
use crate::template;
use crate::web::caller::Allowed;
use crate::web::problem::{Answer, Kind, Problem};
use crate::zone::Zone;

/// The body of [`edit`]: what is left out stays.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Edit {
    version: Option<i32>,
    name: Option<Name>,
    template: Option<TemplateId>,
    /// The newest of another template if left out.
    template_version: Option<i32>,
    kind: Option<CampaignKind>,
    audience: Option<Audience>,
    limits: Option<Limits>,
    on_uncertain: Option<UncertainPolicy>,
}

/// `PATCH /campaigns/{id}`: changes a draft.
///
/// # Errors
/// 409 for another version than the caller's, or a campaign that is no draft; 428 without a version.
pub(crate) async fn edit(
    who: Allowed<DraftCampaign>,
    req: HttpRequest,
    app: Data<App>,
    id: Path<CampaignId>,
    edit: Json<Edit>,
) -> Answer {
    let edit = edit.0;
    let seen = Seen::at(*id, Some(seen_version(&req, edit.version)?));
    let mut conn = app.db.get().await?;
    let now = store::find(&mut conn, *id).await?;
    let before = draft::as_draft(&now);
    let template = edit.template.unwrap_or(before.template);
    let version = match (template == before.template, edit.template_version) {
        (true, None) => Some(before.template_version),
        (_, version) => version,
    };
    let version = template::store::find(&mut conn, template, version)
        .await?
        .version;
    drop(conn);
    let new = NewCampaign {
        incident: before.incident,
        template,
        template_version: version,
        kind: edit.kind.unwrap_or(before.kind),
        audience: edit.audience.unwrap_or(before.audience),
        limits: edit.limits.unwrap_or(before.limits),
        on_uncertain: edit.on_uncertain.unwrap_or(before.on_uncertain),
    };
    draft::edit_named(&app, who.id, seen, edit.name.as_ref(), &new).await?;
    shown(&app, HttpResponse::Ok(), *id).await
}

/// `POST /campaigns/{id}/copy`: a new draft with the newest version of the template.
///
/// # Errors
/// 404; a forgotten incident.
pub(crate) async fn copy(
    who: Allowed<DraftCampaign>,
    app: Data<App>,
    id: Path<CampaignId>,
    _: OrNothing<serde::de::IgnoredAny>,
) -> Answer {
    let copy = copies::copy(&app, who.id, *id).await?;
    created(&app, copy).await
}

/// The body of [`schedule`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct When {
    version: Option<i32>,
    /// A local time of the zone; of one that occurs twice with its offset.
    at: String,
    /// That of the organisation if left out.
    zone: Option<String>,
    /// `false` refuses it while the texts quote facts that are not public.
    agreed: Option<bool>,
}

/// `POST /campaigns/{id}/schedule` `{at, zone}`: the clock launches it.
///
/// # Errors
/// 422 for a time that is past, that the zone's clocks skip, or that they show twice; 409 as for a launch.
pub(crate) async fn schedule(
    who: Allowed<LaunchCampaign>,
    req: HttpRequest,
    app: Data<App>,
    id: Path<CampaignId>,
    when: Json<When>,
) -> Answer {
    let when = when.0;
    let wrong = |why: &dyn std::fmt::Display| Problem::new(Kind::NotAccepted).because(why);
    let zone = match &when.zone {
        Some(name) => Zone::parse(name).map_err(|why| wrong(&why))?,
        None => app.config.organisation.zone,
    };
    let at = zone.read_whole(&when.at).map_err(|why| wrong(&why))?;
    let act = Act::at(when.version);
    let seen = seen(&req, *id, &act)?;
    let to = Schedule {
        at: at.at,
        zone,
        by: who.id,
    };
    verb::schedule(&app, seen, to, when.agreed.unwrap_or(true)).await?;
    shown(&app, HttpResponse::Ok(), *id).await
}

/// `POST /campaigns/{id}/unschedule`: it is approved, as it was.
///
/// # Errors
/// An illegal move.
pub(crate) async fn unschedule(
    who: Allowed<LaunchCampaign>,
    req: HttpRequest,
    app: Data<App>,
    id: Path<CampaignId>,
    act: OrNothing<Act>,
) -> Answer {
    let seen = seen(&req, *id, &act.0)?;
    verb::unschedule(&app, who.id, seen).await?;
    shown(&app, HttpResponse::Ok(), *id).await
}
