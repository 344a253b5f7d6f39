//! `/api/v1/campaigns/{id}/tests`: tests of a campaign's text to staff.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::OrNothing;
use crate::app::App;
use crate::campaign::store;
use crate::campaign::test_send::{self, Test};
use crate::element::ElementSet;
use crate::id::{CampaignId, StaffId};
use crate::outbox::LetterStatus;
use crate::staff::right::{DraftCampaign, SeeCampaigns};
use crate::web::audience_counts::AudienceCounts;
use crate::web::caller::Allowed;
use crate::web::console::campaign::test_send::most_common;
use crate::web::problem::Answer;

/// How many of the latest are listed.
const LATEST: i64 = 200;

/// The body of [`send`].
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Body {
    /// Accounts of staff; the caller's own if left out.
    to: Vec<StaffId>,
    /// All languages of the template if left out.
    locales: Vec<String>,
    /// What was exposed of the invented person; what most of the audience lost if left out.
    elements: ElementSet,
}

/// A test, in the JSON of the API.
#[derive(Debug, Serialize)]
struct TestView {
    to: StaffId,
    locale: String,
    by: StaffId,
    at: DateTime<Utc>,
    status: LetterStatus,
    reply: Option<String>,
    settled_at: Option<DateTime<Utc>>,
}

async fn shown(app: &App, id: CampaignId) -> Answer {
    let mut conn = app.db.get().await?;
    // 404 without such a campaign.
    store::find(&mut conn, id).await?;
    let sent = store::test::list(&mut conn, id, LATEST).await?;
    let view = |one: store::test::SentTest| TestView {
        to: one.to,
        locale: one.locale,
        by: one.by,
        at: one.at,
        status: one.status,
        reply: one.reply,
        settled_at: one.settled_at,
    };
    let items: Vec<_> = sent.into_iter().map(view).collect();
    Ok(HttpResponse::Ok().json(json!({ "items": items })))
}

/// `GET /campaigns/{id}/tests`: the latest 200, newest first.
///
/// # Errors
/// 404.
pub(crate) async fn list(_: Allowed<SeeCampaigns>, app: Data<App>, id: Path<CampaignId>) -> Answer {
    shown(&app, *id).await
}

/// `POST /campaigns/{id}/tests` `{to, locales, elements}`.
///
/// # Errors
/// 422 without a person or a text to send.
pub(crate) async fn send(
    who: Allowed<DraftCampaign>,
    app: Data<App>,
    audiences: Data<AudienceCounts>,
    id: Path<CampaignId>,
    body: OrNothing<Body>,
) -> Answer {
    let body = body.0;
    let elements = match body.elements.is_empty() {
        true => most_common(&app, &audiences, *id).await?,
        false => body.elements,
    };
    let test = Test {
        to: body.to,
        locales: body.locales,
        elements,
    };
    test_send::send(&app, who.id, *id, &test).await?;
    shown(&app, *id).await
}
