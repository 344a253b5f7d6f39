//! `/api/v1/recalls`: texts that were sent and are wrong, and who was sent them.

use actix_web::http::header;
use actix_web::web::{Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::campaigns;
use super::incidents::named;
use super::{Json, OrNothing, Page, Paging, seen_version, versioned};
use crate::app::App;
use crate::id::{CampaignId, IncidentId, NoticeId, PersonId, RecallId, StaffId, TemplateId};
use crate::recall::draft;
use crate::recall::readers::{self, Count, Reader};
use crate::recall::steer::{self, Seen};
use crate::recall::{Corrections, Named, Recall, RecallStatus, WrongTexts, store};
use crate::staff::right::{ApproveCampaign, DraftCampaign, SeeCampaigns};
use crate::web::caller::Allowed;
use crate::web::problem::{Answer, Kind, Problem};

/// A recall, in the JSON of the API.
#[derive(Debug, Serialize)]
struct RecallView {
    id: RecallId,
    incident: IncidentId,
    template: Option<TemplateId>,
    template_version: Option<i32>,
    words: Option<String>,
    corrections: Corrections,
    status: RecallStatus,
    version: i32,
    texts: Vec<TextsView>,
    proposed_by: StaffId,
    proposed_at: DateTime<Utc>,
    published_by: Option<StaffId>,
    published_at: Option<DateTime<Utc>>,
    ended_by: Option<StaffId>,
    ended_at: Option<DateTime<Utc>>,
    /// Only of one recall that is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    people: Option<CountView>,
}

/// The wrong texts of a campaign.
#[derive(Debug, Serialize)]
struct TextsView {
    campaign: CampaignId,
    locales: Vec<String>,
}

/// How many people were sent them.
#[derive(Debug, Serialize)]
struct CountView {
    sent: i64,
    perhaps: i64,
    used_page_since: i64,
}

impl RecallView {
    fn of(recall: Recall, people: Option<Count>) -> Self {
        let texts = |one: WrongTexts| TextsView {
            campaign: one.campaign,
            locales: one.locales,
        };
        let (published_by, published_at) = recall.published.unzip();
        let (ended_by, ended_at) = recall.ended.unzip();
        Self {
            id: recall.id,
            incident: recall.incident,
            template: recall.named.template.map(|(id, _)| id),
            template_version: recall.named.template.map(|(_, version)| version),
            words: recall.named.words,
            corrections: recall.corrections,
            status: recall.status,
            version: recall.version,
            texts: recall.texts.into_iter().map(texts).collect(),
            proposed_by: recall.proposed.0,
            proposed_at: recall.proposed.1,
            published_by,
            published_at,
            ended_by,
            ended_at,
            people: people.map(|count| CountView {
                sent: count.sent,
                perhaps: count.perhaps,
                used_page_since: count.used,
            }),
        }
    }
}

/// A recall after an act. Its people are not counted: that takes longer the more they are.
async fn shown(app: &App, answer: HttpResponseBuilder, id: RecallId) -> Answer {
    let recall = store::find(&mut *app.db.get().await?, id).await?;
    let version = recall.version;
    Ok(versioned(answer, version, &RecallView::of(recall, None)))
}

/// `GET /incidents/{id|slug}/recalls`: the newest first.
///
/// # Errors
/// 404.
pub(crate) async fn list(
    _: Allowed<SeeCampaigns>,
    app: Data<App>,
    name: Path<String>,
    paging: Query<Paging>,
) -> Answer {
    let (limit, before) = (paging.limit()?, paging.after::<RecallId>()?);
    let mut conn = app.db.get().await?;
    let of = named(&mut conn, &name).await?.id;
    let found = store::list(&mut conn, of, before, limit + 1).await?;
    let view = |recall| RecallView::of(recall, None);
    Ok(HttpResponse::Ok().json(Page::of(found, limit, |one| one.id, view)))
}

/// The body of [`propose`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct New {
    template: Option<TemplateId>,
    template_version: Option<i32>,
    words: Option<String>,
    corrections: Corrections,
}

/// `POST /incidents/{id|slug}/recalls`.
///
/// # Errors
/// 404; a proposal that names no text that was sent, or has no correction.
pub(crate) async fn propose(
    who: Allowed<DraftCampaign>,
    app: Data<App>,
    name: Path<String>,
    new: Json<New>,
) -> Answer {
    let new = new.0;
    if new.template.is_some() != new.template_version.is_some() {
        return Err(
            Problem::new(Kind::NotAccepted).because("name template and template_version together")
        );
    }
    let of = named(&mut *app.db.get().await?, &name).await?.id;
    let wrong = Named {
        template: new.template.zip(new.template_version),
        words: new.words,
    };
    let id = steer::propose(&app, who.id, of, (wrong, new.corrections)).await?;
    let mut answer = HttpResponse::Created();
    answer.insert_header((header::LOCATION, format!("/api/v1/recalls/{id}")));
    shown(&app, answer, id).await
}

/// `GET /recalls/{id}`, with the number of its people. The count has no time limit.
///
/// # Errors
/// 404.
pub(crate) async fn show(_: Allowed<SeeCampaigns>, app: Data<App>, id: Path<RecallId>) -> Answer {
    let mut conn = app.db.patient().get().await?;
    let recall = store::find(&mut conn, *id).await?;
    let count = readers::count(&mut conn, &recall).await?;
    let version = recall.version;
    let view = RecallView::of(recall, Some(count));
    Ok(versioned(HttpResponse::Ok(), version, &view))
}

/// A person who was sent a wrong text, in the JSON of the API.
#[derive(Debug, Serialize)]
struct ReaderView {
    person: PersonId,
    notice: NoticeId,
    certain: bool,
    at: DateTime<Utc>,
    used_page_since: bool,
}

/// `GET /recalls/{id}/people`.
///
/// # Errors
/// 404.
pub(crate) async fn people(
    _: Allowed<SeeCampaigns>,
    app: Data<App>,
    id: Path<RecallId>,
    paging: Query<Paging>,
) -> Answer {
    let (limit, after) = (paging.limit()?, paging.after::<PersonId>()?);
    let mut conn = app.db.get().await?;
    let recall = store::find(&mut conn, *id).await?;
    let found = readers::page(&mut conn, &recall, after, limit + 1).await?;
    let view = |one: Reader| ReaderView {
        person: one.person,
        notice: one.notice,
        certain: one.certain,
        at: one.at,
        used_page_since: one.used,
    };
    Ok(HttpResponse::Ok().json(Page::of(found, limit, |one| one.person, view)))
}

/// The body of the acts: the version that the caller saw; without it the act concerns the present one.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Act {
    version: Option<i32>,
}

fn seen(req: &HttpRequest, id: RecallId, act: &Act) -> Result<Seen, Problem> {
    let named = req.headers().contains_key(header::IF_MATCH) || act.version.is_some();
    let version = named.then(|| seen_version(req, act.version)).transpose()?;
    Ok(Seen::at(id, version))
}

/// `POST /recalls/{id}/publish`, by another account than the one that proposed it.
///
/// # Errors
/// 403 for the account that proposed it, a version that is no longer current, an illegal move.
pub(crate) async fn publish(
    who: Allowed<ApproveCampaign>,
    req: HttpRequest,
    app: Data<App>,
    id: Path<RecallId>,
    act: OrNothing<Act>,
) -> Answer {
    steer::publish(&app, who.id, seen(&req, *id, &act.0)?).await?;
    shown(&app, HttpResponse::Ok(), *id).await
}

/// `POST /recalls/{id}/withdraw`.
///
/// # Errors
/// A version that is no longer current, an illegal move.
pub(crate) async fn withdraw(
    who: Allowed<DraftCampaign>,
    req: HttpRequest,
    app: Data<App>,
    id: Path<RecallId>,
    act: OrNothing<Act>,
) -> Answer {
    steer::withdraw(&app, who.id, seen(&req, *id, &act.0)?).await?;
    shown(&app, HttpResponse::Ok(), *id).await
}

/// `POST /recalls/{id}/discard`.
///
/// # Errors
/// As [`withdraw`].
pub(crate) async fn discard(
    who: Allowed<DraftCampaign>,
    req: HttpRequest,
    app: Data<App>,
    id: Path<RecallId>,
    act: OrNothing<Act>,
) -> Answer {
    steer::discard(&app, who.id, seen(&req, *id, &act.0)?).await?;
    shown(&app, HttpResponse::Ok(), *id).await
}

/// The body of [`draft()`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Texts {
    template: TemplateId,
    /// The newest if left out.
    template_version: Option<i32>,
}

/// `POST /recalls/{id}/draft`: the campaign. Finding its people has no time limit.
///
/// # Errors
/// 404, a recall that is not published, no person who was sent the text, a correction with the list of these people.
pub(crate) async fn draft(
    who: Allowed<DraftCampaign>,
    app: Data<App>,
    id: Path<RecallId>,
    texts: Json<Texts>,
) -> Answer {
    let template = (texts.0.template, texts.0.template_version);
    let campaign = draft::draft(&app, who.id, *id, template).await?;
    campaigns::created(&app, campaign).await
}
