//! `/api/v1/campaigns`: drafts, approval by a second person, launch, pause, end; and the emergency
//! stop of all of them.

use std::collections::BTreeSet;

use actix_web::http::header;
use actix_web::web::{Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use serde::{Deserialize, Serialize};

use super::campaign_view::{CampaignView, Results};
use super::incidents::named;
use super::sending::{self, InDoubt};
use super::{Json, OrNothing, Page, Paging, seen_version, versioned};
use crate::app::App;
use crate::campaign::approval;
use crate::campaign::hold;
use crate::campaign::launch::{self, Seen};
use crate::campaign::store::{self, NewCampaign};
use crate::campaign::{Audience, CampaignKind, Limits, Name, UncertainPolicy, draft};
use crate::id::{CampaignId, TemplateId};
use crate::staff::right::{
    ApproveCampaign, DraftCampaign, LaunchCampaign, SeeCampaigns, StopSending,
};
use crate::web::caller::Allowed;
use crate::web::problem::{Answer, Kind, Problem};
use crate::{incident, template};

/// Characters of a reason for a pause.
const REASON_LIMIT: usize = 200;

pub(super) async fn shown(app: &App, answer: HttpResponseBuilder, id: CampaignId) -> Answer {
    let (version, view) = view(app, id).await?;
    Ok(versioned(answer, version, &view))
}

/// The answer to a request that made a campaign.
pub(super) async fn created(app: &App, id: CampaignId) -> Answer {
    let mut answer = HttpResponse::Created();
    answer.insert_header((header::LOCATION, format!("/api/v1/campaigns/{id}")));
    shown(app, answer, id).await
}

/// The version of a campaign, and how it is shown.
pub(super) async fn view(app: &App, id: CampaignId) -> Result<(i32, CampaignView), Problem> {
    let mut conn = app.db.get().await?;
    let mut of = store::overview(&mut conn, id).await?;
    let incident = incident::store::find(&mut conn, of.campaign.incident).await?;
    drop(conn);
    let known = std::slice::from_ref(&incident);
    hold::open_reasons(app, [&mut of.campaign], known);
    let void = approval::void(app, [&of], known);
    let results = Results::load(app, std::slice::from_ref(&of)).await?;
    let version = of.campaign.version;
    Ok((version, CampaignView::of(of, &results, &void)))
}

/// A launched campaign, with a warning if its texts quote facts that are not public.
#[derive(Serialize)]
struct Launched {
    #[serde(flatten)]
    campaign: CampaignView,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unpublished: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    warning: Option<String>,
}

/// The body of [`create`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct New {
    incident: String,
    /// The kind and the day if left out.
    name: Option<Name>,
    template: TemplateId,
    /// The newest if left out.
    template_version: Option<i32>,
    kind: CampaignKind,
    #[serde(default)]
    audience: Audience,
    #[serde(default)]
    limits: Limits,
    #[serde(default = "resend")]
    on_uncertain: UncertainPolicy,
}

fn resend() -> UncertainPolicy {
    UncertainPolicy::Resend
}

/// `POST /campaigns`.
///
/// # Errors
/// 404 without such an incident or template version.
pub(crate) async fn create(who: Allowed<DraftCampaign>, app: Data<App>, new: Json<New>) -> Answer {
    let new = new.0;
    let mut conn = app.db.get().await?;
    let incident = named(&mut conn, &new.incident).await?.id;
    let template = template::store::find(&mut conn, new.template, new.template_version).await?;
    drop(conn);
    let written = NewCampaign {
        incident,
        template: template.id,
        template_version: template.version,
        kind: new.kind,
        audience: new.audience,
        limits: new.limits,
        on_uncertain: new.on_uncertain,
    };
    let usual = || Name::usual(new.kind, app.now());
    let name = new.name.unwrap_or_else(usual);
    let id = draft::create_named(&app, who.id, &name, &written).await?;
    created(&app, id).await
}

/// The query of [`list`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Which {
    incident: Option<String>,
    cursor: Option<String>,
    limit: Option<i64>,
}

/// `GET /campaigns?incident=…`: the newest first.
///
/// # Errors
/// 404 without such an incident.
pub(crate) async fn list(_: Allowed<SeeCampaigns>, app: Data<App>, which: Query<Which>) -> Answer {
    let Which {
        incident,
        cursor,
        limit,
    } = which.into_inner();
    let paging = Paging { cursor, limit };
    let (limit, before) = (paging.limit()?, paging.after::<CampaignId>()?);
    let mut conn = app.db.get().await?;
    let (of, known) = match incident {
        Some(name) => {
            let one = named(&mut conn, &name).await?;
            (Some(one.id), vec![one])
        }
        None => (None, incident::store::list(&mut conn).await?),
    };
    let mut campaigns = store::overviews(&mut conn, of, before, limit + 1).await?;
    drop(conn);
    let each = campaigns.iter_mut().map(|one| &mut one.campaign);
    hold::open_reasons(&app, each, &known);
    let void = approval::void(&app, &campaigns, &known);
    let results = Results::load(&app, &campaigns).await?;
    let page = Page::of(
        campaigns,
        limit,
        |one| one.campaign.id,
        |one| CampaignView::of(one, &results, &void),
    );
    Ok(HttpResponse::Ok().json(page))
}

/// `GET /campaigns/{id}`.
///
/// # Errors
/// 404.
pub(crate) async fn show(_: Allowed<SeeCampaigns>, app: Data<App>, id: Path<CampaignId>) -> Answer {
    shown(&app, HttpResponse::Ok(), *id).await
}

/// The body of an action; it may be left out where no member is needed.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Act {
    version: Option<i32>,
    content_hash: Option<String>,
    reason: Option<String>,
    /// For a submission: the keys of `acknowledge` that the caller confirms.
    acknowledged: BTreeSet<String>,
    /// For a rejection: what its author must change.
    pub(super) comment: Option<String>,
    /// For a launch: `false` refuses it while its texts quote facts that are not public.
    agreed: Option<bool>,
}

impl Act {
    /// An act on this version.
    pub(super) fn at(version: Option<i32>) -> Self {
        Self {
            version,
            ..Self::default()
        }
    }
}

/// The campaign as the caller saw it. A caller who names no version accepts the present one.
pub(super) fn seen(req: &HttpRequest, id: CampaignId, act: &Act) -> Result<Seen, Problem> {
    if req.headers().get(header::IF_MATCH).is_none() && act.version.is_none() {
        return Ok(Seen::from(id));
    }
    Ok(Seen::at(id, Some(seen_version(req, act.version)?)))
}

/// `POST /campaigns/{id}/submit`: from here on the content is pinned to its hash.
///
/// # Errors
/// Illegal moves, no active scope, texts with errors or that do not fit the whole audience, an empty audience,
/// an incident or a deadline that does not allow it.
pub(crate) async fn submit(
    who: Allowed<DraftCampaign>,
    req: HttpRequest,
    app: Data<App>,
    id: Path<CampaignId>,
    act: OrNothing<Act>,
) -> Answer {
    let seen = seen(&req, *id, &act.0)?;
    launch::submit_with(&app, who.id, seen, &act.0.acknowledged).await?;
    shown(&app, HttpResponse::Ok(), *id).await
}

/// `POST /campaigns/{id}/approve` `{content_hash}`, by another account than its author's (P5).
///
/// # Errors
/// 403 for the author, 409 for another content.
pub(crate) async fn approve(
    who: Allowed<ApproveCampaign>,
    req: HttpRequest,
    app: Data<App>,
    id: Path<CampaignId>,
    act: OrNothing<Act>,
) -> Answer {
    let seen = seen(&req, *id, &act.0)?;
    let missing = || Problem::new(Kind::BadRequest).because("say which content_hash you approve");
    let hash = act.0.content_hash.ok_or_else(missing)?;
    launch::approve(&app, who.id, seen, &hash).await?;
    shown(&app, HttpResponse::Ok(), *id).await
}

/// `POST /campaigns/{id}/take-back`: to its draft; submission and approval are void.
///
/// # Errors
/// An illegal move.
pub(crate) async fn take_back(
    who: Allowed<DraftCampaign>,
    req: HttpRequest,
    app: Data<App>,
    id: Path<CampaignId>,
    act: OrNothing<Act>,
) -> Answer {
    let seen = seen(&req, *id, &act.0)?;
    launch::take_back(&app, who.id, seen).await?;
    shown(&app, HttpResponse::Ok(), *id).await
}

/// `POST /campaigns/{id}/launch`.
///
/// # Errors
/// An illegal move; 409 if anything changed since the approval (P5), or if the texts quote facts that are not public and
/// `agreed` is false.
pub(crate) async fn launch(
    who: Allowed<LaunchCampaign>,
    req: HttpRequest,
    app: Data<App>,
    id: Path<CampaignId>,
    act: OrNothing<Act>,
) -> Answer {
    let seen = seen(&req, *id, &act.0)?;
    let agreed = act.0.agreed.unwrap_or(true);
    let unpublished = launch::launch_with(&app, who.id, seen, agreed).await?;
    let (version, campaign) = view(&app, *id).await?;
    let launched = Launched {
        campaign,
        warning: approval::unpublished_in_words(&unpublished),
        unpublished,
    };
    Ok(versioned(HttpResponse::Ok(), version, &launched))
}

/// `POST /campaigns/{id}/pause`, with a `reason` if there is one.
///
/// # Errors
/// An illegal move.
pub(crate) async fn pause(
    who: Allowed<LaunchCampaign>,
    req: HttpRequest,
    app: Data<App>,
    id: Path<CampaignId>,
    act: OrNothing<Act>,
) -> Answer {
    let seen = seen(&req, *id, &act.0)?;
    let is_long = |reason: &String| {
        reason.chars().count() > REASON_LIMIT || reason.chars().any(char::is_control)
    };
    if act.0.reason.as_ref().is_some_and(is_long) {
        let why = format!("a reason has at most {REASON_LIMIT} characters on one line");
        return Err(Problem::new(Kind::NotAccepted).because(why));
    }
    hold::pause(&app, who.actor(), seen, act.0.reason.as_deref()).await?;
    shown(&app, HttpResponse::Ok(), *id).await
}

/// `POST /campaigns/{id}/resume`.
///
/// # Errors
/// An illegal move.
pub(crate) async fn resume(
    who: Allowed<LaunchCampaign>,
    req: HttpRequest,
    app: Data<App>,
    id: Path<CampaignId>,
    act: OrNothing<Act>,
) -> Answer {
    let seen = seen(&req, *id, &act.0)?;
    hold::resume(&app, who.id, seen).await?;
    shown(&app, HttpResponse::Ok(), *id).await
}

/// `POST /campaigns/{id}/cancel`.
///
/// # Errors
/// An illegal move.
pub(crate) async fn cancel(
    who: Allowed<LaunchCampaign>,
    req: HttpRequest,
    app: Data<App>,
    id: Path<CampaignId>,
    act: OrNothing<Act>,
) -> Answer {
    let seen = seen(&req, *id, &act.0)?;
    hold::cancel(&app, who.id, seen).await?;
    shown(&app, HttpResponse::Ok(), *id).await
}

/// Whether sending is stopped everywhere, and whether this call did it.
#[derive(Debug, Serialize)]
struct Switched {
    stopped: bool,
    changed: bool,
    /// Nothing is sent anyway: the database may be an older copy.
    #[serde(skip_serializing_if = "Option::is_none")]
    in_doubt: Option<InDoubt>,
    /// `false`: a node writes the entry of the audit log later.
    recorded: bool,
}

/// `POST /stop`: no message leaves any node (P4).
pub(crate) async fn stop(who: Allowed<StopSending>, app: Data<App>) -> Answer {
    let done = hold::stop_everything(&app, who.actor()).await?;
    Ok(HttpResponse::Ok().json(Switched {
        stopped: true,
        in_doubt: None,
        changed: done.changed,
        recorded: done.recorded,
    }))
}

/// `POST /start`: lifts the emergency stop.
pub(crate) async fn start(who: Allowed<StopSending>, app: Data<App>) -> Answer {
    let done = hold::start_again(&app, who.actor()).await?;
    Ok(HttpResponse::Ok().json(Switched {
        stopped: false,
        in_doubt: sending::in_doubt(&app).await?,
        changed: done.changed,
        recorded: done.recorded,
    }))
}
