//! `/api/v1/incidents`: the model of an API file.

use std::str::FromStr;

use actix_web::http::header;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Json, seen_version, versioned};
use crate::app::App;
use crate::db::Conn;
use crate::erasure;
use crate::id::{IncidentId, UpdateId};
use crate::incident::open::Untold;
use crate::incident::steer::{self, Step};
use crate::incident::{Facts, Incident, IncidentState, Published, Update, UpdateKind, store};
use crate::staff::right::{ForgetIncident, SeeIncidents, SteerIncident};
use crate::web::caller::Allowed;
use crate::web::problem::{Answer, Problem};

/// How many updates an incident is shown with.
const UPDATES: i64 = 50;

/// An incident, in the JSON of the API.
#[derive(Debug, Serialize)]
struct IncidentView {
    id: IncidentId,
    slug: String,
    title: String,
    state: IncidentState,
    facts: Facts,
    published: Option<PublishedView>,
    /// Keys of facts with changes that are not public yet.
    unpublished: Vec<String>,
    active_scope: Option<i32>,
    version: i32,
    created_at: DateTime<Utc>,
    forgotten_at: Option<DateTime<Utc>>,
    updates: Vec<UpdateView>,
}

/// What public pages show, in the JSON of the API.
#[derive(Debug, Serialize)]
struct PublishedView {
    title: String,
    facts: Facts,
    published_at: DateTime<Utc>,
}

/// A public update, in the JSON of the API.
#[derive(Debug, Serialize)]
struct UpdateView {
    id: UpdateId,
    kind: UpdateKind,
    body: String,
    published_at: DateTime<Utc>,
}

impl IncidentView {
    fn of(incident: Incident, updates: Vec<Update>) -> Self {
        let unpublished = incident.unpublished_facts();
        let title = incident.public_title().to_owned();
        Self {
            unpublished: unpublished.into_iter().map(str::to_owned).collect(),
            published: incident
                .published
                .map(|Published { facts, at, .. }| PublishedView {
                    title,
                    facts,
                    published_at: at,
                }),
            id: incident.id,
            slug: incident.slug,
            title: incident.title,
            state: incident.state,
            facts: incident.facts,
            active_scope: incident.active_scope,
            version: incident.version,
            created_at: incident.created_at,
            forgotten_at: incident.forgotten_at,
            updates: updates.into_iter().map(UpdateView::of).collect(),
        }
    }
}

impl UpdateView {
    fn of(update: Update) -> Self {
        Self {
            id: update.id,
            kind: update.kind,
            body: update.body,
            published_at: update.published_at,
        }
    }
}

/// Finds an incident by its id or its slug.
pub(crate) async fn named(conn: &mut Conn, name: &str) -> Result<Incident, Problem> {
    Ok(match IncidentId::from_str(name) {
        Ok(id) => store::find(conn, id).await?,
        Err(_) => store::find_by_slug(conn, name).await?,
    })
}

/// The body of [`open`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct New {
    slug: String,
    title: String,
    #[serde(default)]
    facts: Facts,
}

/// `POST /incidents`.
///
/// # Errors
/// A bad text, or a slug in use.
pub(crate) async fn open(who: Allowed<SteerIncident>, app: Data<App>, new: Json<New>) -> Answer {
    let Json(new) = new;
    let incident = steer::open(&app, who.id, &new.slug, &new.title, &new.facts).await?;
    let mut answer = HttpResponse::Created();
    answer.insert_header((
        header::LOCATION,
        format!("/api/v1/incidents/{}", incident.id),
    ));
    Ok(versioned(
        answer,
        incident.version,
        &IncidentView::of(incident, vec![]),
    ))
}

/// `GET /incidents/{id|slug}`.
///
/// # Errors
/// 404.
pub(crate) async fn show(_: Allowed<SeeIncidents>, app: Data<App>, name: Path<String>) -> Answer {
    let mut conn = app.db.get().await?;
    let id = named(&mut conn, &name).await?.id;
    shown(&mut conn, id).await
}

/// The body of [`publish`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewUpdate {
    kind: UpdateKind,
    body: String,
}

/// `POST /incidents/{id|slug}/updates`.
///
/// # Errors
/// 404, or a bad text.
pub(crate) async fn publish(
    who: Allowed<SteerIncident>,
    app: Data<App>,
    name: Path<String>,
    new: Json<NewUpdate>,
) -> Answer {
    let incident = named(&mut *app.db.get().await?, &name).await?.id;
    let id = steer::publish(&app, who.id, incident, new.0.kind, &new.0.body, None).await?;
    let updates = store::list_updates(&mut *app.db.get().await?, incident, UPDATES).await?;
    let update = updates
        .into_iter()
        .find(|update| update.id == id)
        .ok_or_else(Problem::not_found)?;
    Ok(HttpResponse::Created().json(UpdateView::of(update)))
}

/// The body of [`publish_facts`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Seen {
    version: Option<i32>,
}

/// `POST /incidents/{id|slug}/facts/publish`.
///
/// # Errors
/// 404, a version that is no longer current, or facts that are public already.
pub(crate) async fn publish_facts(
    req: HttpRequest,
    who: Allowed<SteerIncident>,
    app: Data<App>,
    name: Path<String>,
    body: Json<Seen>,
) -> Answer {
    let version = seen_version(&req, body.0.version)?;
    let id = named(&mut *app.db.get().await?, &name).await?.id;
    steer::publish_facts(&app, who.id, id, version).await?;
    shown(&mut *app.db.get().await?, id).await
}

async fn shown(conn: &mut Conn, id: IncidentId) -> Answer {
    let incident = store::find(conn, id).await?;
    let updates = store::list_updates(conn, id, UPDATES).await?;
    let version = incident.version;
    let view = IncidentView::of(incident, updates);
    Ok(versioned(HttpResponse::Ok(), version, &view))
}

/// The body of [`move_to`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Move {
    to: IncidentState,
    version: Option<i32>,
    /// The number of people who are not notified yet, as the caller confirms it.
    confirm: Option<Untold>,
}

/// `POST /incidents/{id|slug}/state`.
///
/// # Errors
/// 404, an illegal move, or a version that is no longer current.
pub(crate) async fn move_to(
    req: HttpRequest,
    who: Allowed<SteerIncident>,
    app: Data<App>,
    name: Path<String>,
    body: Json<Move>,
) -> Answer {
    let version = seen_version(&req, body.0.version)?;
    let id = named(&mut *app.db.get().await?, &name).await?.id;
    let step = Step {
        version,
        to: body.0.to,
        agreed: body.0.confirm,
    };
    steer::step(&app, who.id, id, step).await?;
    shown(&mut *app.db.get().await?, id).await
}

/// The body of [`forget()`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Farewell {
    slug: String,
}

/// `POST /incidents/{id|slug}/forget`.
///
/// # Errors
/// 404, an incident that is not over, or a slug that is not its.
pub(crate) async fn forget(
    who: Allowed<ForgetIncident>,
    app: Data<App>,
    name: Path<String>,
    body: Json<Farewell>,
) -> Answer {
    let incident = named(&mut *app.db.get().await?, &name).await?.id;
    erasure::forget(&app, who.id, incident, &body.0.slug).await?;
    shown(&mut *app.db.get().await?, incident).await
}
