//! `/api/v1/incidents/{incident}/claims`: the fact sheet, claim by claim.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::incidents::named;
use super::{Json, seen_version, versioned};
use crate::app::App;
use crate::campaign::CampaignStatus;
use crate::campaign::old_texts::{OldText, Place};
use crate::db::Conn;
use crate::id::{CampaignId, StaffId, TemplateId};
use crate::incident::claims::{Texts, Version, fact_key};
use crate::incident::steer::{self, NewClaim};
use crate::incident::{Correction, Incident, UpdateKind, store};
use crate::person::place::Locale;
use crate::staff::right::{SeeIncidents, SteerIncident};
use crate::web::caller::Allowed;
use crate::web::old_texts::still_said;
use crate::web::problem::{Answer, Kind, Problem};

/// How many versions of a claim are shown.
const VERSIONS: i64 = 200;

/// A claim, in the JSON of the API.
#[derive(Debug, Serialize)]
struct ClaimView {
    key: String,
    state: UpdateKind,
    texts: Texts,
    written_by: Option<StaffId>,
    written_at: Option<DateTime<Utc>>,
    public: Option<PublicView>,
}

/// What public pages show of a claim.
#[derive(Debug, Serialize)]
struct PublicView {
    state: UpdateKind,
    texts: Texts,
    corrections: Vec<Correction>,
}

/// A version of a claim.
#[derive(Debug, Serialize)]
struct VersionView {
    state: UpdateKind,
    texts: Texts,
    written_by: Option<StaffId>,
    written_at: Option<DateTime<Utc>>,
}

/// Where an old text of a claim still stands.
#[derive(Debug, Serialize)]
struct OldTextView {
    key: String,
    locales: Vec<String>,
    #[serde(flatten)]
    place: PlaceView,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum PlaceView {
    Template {
        template: TemplateId,
    },
    Campaign {
        campaign: CampaignId,
        status: CampaignStatus,
        sent: i64,
        left: i64,
    },
}

/// The claims of an incident.
#[derive(Debug, Serialize)]
struct ClaimsView {
    items: Vec<ClaimView>,
    next: Option<String>,
    /// The version of the incident, which a change names.
    version: i32,
    old_texts: Vec<OldTextView>,
}

/// A claim with its versions, the newest first.
#[derive(Debug, Serialize)]
struct WholeView {
    #[serde(flatten)]
    claim: ClaimView,
    version: i32,
    versions: Vec<VersionView>,
}

impl ClaimView {
    fn of(incident: &Incident, claim: Version) -> Self {
        let public = incident.published.as_ref().and_then(|published| {
            let mark = published.claims.get(&claim.key);
            let locales = mark.map_or_else(
                || claim.texts.keys().cloned().collect(),
                |mark| mark.locales.clone(),
            );
            let text = |locale: String| {
                let text = published.facts.get(&fact_key(&claim.key, &locale))?;
                Some((locale, text.clone()))
            };
            let texts: Texts = locales.into_iter().filter_map(text).collect();
            (!texts.is_empty()).then(|| PublicView {
                state: mark.map_or(UpdateKind::Known, |mark| mark.state),
                texts,
                corrections: mark.map_or_else(Vec::new, |mark| mark.corrections.clone()),
            })
        });
        Self {
            key: claim.key,
            state: claim.state,
            texts: claim.texts,
            written_by: claim.by,
            written_at: claim.at,
            public,
        }
    }
}

impl OldTextView {
    fn of(old: OldText) -> Self {
        Self {
            key: old.key,
            locales: old.locales.into_iter().collect(),
            place: match old.place {
                Place::Template { id, .. } => PlaceView::Template { template: id },
                Place::Campaign {
                    id,
                    status,
                    sent,
                    left,
                    ..
                } => PlaceView::Campaign {
                    campaign: id,
                    status,
                    sent,
                    left,
                },
            },
        }
    }
}

/// `GET /incidents/{id|slug}/claims`.
///
/// # Errors
/// 404.
pub(crate) async fn list(_: Allowed<SeeIncidents>, app: Data<App>, name: Path<String>) -> Answer {
    let mut conn = app.db.get().await?;
    let incident = named(&mut conn, &name).await?;
    let claims = steer::claims_of(&mut conn, &incident).await?;
    let old = still_said(&mut conn, &incident).await?;
    let live = claims.into_values().filter(|one| !one.texts.is_empty());
    let view = ClaimsView {
        items: live.map(|one| ClaimView::of(&incident, one)).collect(),
        next: None,
        version: incident.version,
        old_texts: old.into_iter().map(OldTextView::of).collect(),
    };
    Ok(versioned(HttpResponse::Ok(), incident.version, &view))
}

/// `GET /incidents/{id|slug}/claims/{key}`.
///
/// # Errors
/// 404 without such a claim.
pub(crate) async fn show(
    _: Allowed<SeeIncidents>,
    app: Data<App>,
    path: Path<(String, String)>,
) -> Answer {
    let (name, key) = path.into_inner();
    let mut conn = app.db.get().await?;
    let incident = named(&mut conn, &name).await?;
    shown(&mut conn, &incident, &key).await
}

async fn shown(conn: &mut Conn, incident: &Incident, key: &str) -> Answer {
    let mut claims = steer::claims_of(conn, incident).await?;
    let claim = claims.remove(key).ok_or_else(Problem::not_found)?;
    let versions = store::claims::history(conn, incident.id, Some(key), VERSIONS).await?;
    let version = |one: Version| VersionView {
        state: one.state,
        texts: one.texts,
        written_by: one.by,
        written_at: one.at,
    };
    let view = WholeView {
        claim: ClaimView::of(incident, claim),
        version: incident.version,
        versions: versions.into_iter().map(version).collect(),
    };
    Ok(versioned(HttpResponse::Ok(), incident.version, &view))
}

/// The body of [`write()`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Written {
    key: String,
    state: UpdateKind,
    /// All its texts by locale; without any, the claim is removed.
    texts: Texts,
    /// The version of the incident that the caller saw.
    version: Option<i32>,
}

/// The texts with their language tags in the usual case.
fn canonical(texts: Texts) -> Result<Texts, Problem> {
    let mut canonical = Texts::new();
    for (locale, text) in texts {
        let locale = Locale::parse(&locale);
        let locale = locale.map_err(|why| Problem::new(Kind::NotAccepted).because(why))?;
        if canonical.insert(locale.to_string(), text).is_some() {
            let twice = format!("there are two texts in {locale}");
            return Err(Problem::new(Kind::NotAccepted).because(twice));
        }
    }
    Ok(canonical)
}

/// `POST /incidents/{id|slug}/claims`: writes a claim, new or known.
///
/// # Errors
/// 404, a bad key, language or text, or a claim that was changed since this version.
pub(crate) async fn write(
    req: HttpRequest,
    who: Allowed<SteerIncident>,
    app: Data<App>,
    name: Path<String>,
    body: Json<Written>,
) -> Answer {
    let Written {
        key,
        state,
        texts,
        version,
    } = body.0;
    let seen = seen_version(&req, version)?;
    let texts = canonical(texts)?;
    let id = named(&mut *app.db.get().await?, &name).await?.id;
    let new = NewClaim { key, state, texts };
    steer::edit_claim(&app, who.id, id, seen, &new).await?;
    let mut conn = app.db.get().await?;
    let incident = store::find(&mut conn, id).await?;
    shown(&mut conn, &incident, &new.key).await
}
