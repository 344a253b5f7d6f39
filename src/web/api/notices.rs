//! `/api/v1/notices`: one person's message in one campaign, and every attempt to send it.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path, Query};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Page, Paging};
use crate::app::App;
use crate::campaign;
use crate::db::{self, Conn};
use crate::delivery::store;
use crate::delivery::store::outcome;
use crate::element::ElementSet;
use crate::id::{CampaignId, IncidentId, NoticeId, PersonId};
use crate::notice::{Notice, NoticeStatus};
use crate::person::flags::WithheldReason;
use crate::person::{self, Believed};
use crate::staff::Right;
use crate::staff::right::SeeCampaigns;
use crate::web::attempts::{AttemptView, attempts_of_each};
use crate::web::caller::Allowed;
use crate::web::console::notice::find::by_reference;
use crate::web::problem::{Answer, Kind, Problem};

/// A notice, in the JSON of the API.
#[derive(Debug, Serialize)]
pub(crate) struct NoticeView {
    id: NoticeId,
    campaign: CampaignId,
    incident: IncidentId,
    person: PersonId,
    status: NoticeStatus,
    withheld: Option<WithheldReason>,
    named: ElementSet,
    tries: i16,
    due_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    settled_at: Option<DateTime<Utc>>,
    /// What the person knew when it was settled, or knows now. Only where one notice is requested,
    /// by an account that may see people.
    #[serde(skip_serializing_if = "Option::is_none")]
    believed: Option<Believed>,
    /// Only where one notice or one person is requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    attempts: Option<Vec<AttemptView>>,
}

impl NoticeView {
    fn of(notice: Notice) -> Self {
        Self {
            id: notice.id,
            campaign: notice.campaign,
            incident: notice.incident,
            person: notice.person,
            status: notice.status,
            withheld: notice.withheld,
            named: notice.named,
            tries: notice.attempts,
            due_at: notice.due_at,
            created_at: notice.created_at,
            settled_at: notice.settled_at,
            believed: None,
            attempts: None,
        }
    }

    /// Each with every attempt to send it.
    pub(crate) async fn with_attempts(
        conn: &mut Conn,
        notices: Vec<Notice>,
    ) -> db::Result<Vec<Self>> {
        let ids: Vec<_> = notices.iter().map(|notice| notice.id).collect();
        let mut attempts = attempts_of_each(outcome::of_notices(conn, &ids).await?);
        let view = |notice: Notice| Self {
            attempts: Some(attempts.remove(&notice.id).unwrap_or_default()),
            ..Self::of(notice)
        };
        Ok(notices.into_iter().map(view).collect())
    }
}

/// The query of [`list`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Which {
    status: Option<NoticeStatus>,
    /// The notice of the person with this reference; for accounts that may see people.
    reference: Option<String>,
    cursor: Option<String>,
    limit: Option<i64>,
}

/// `GET /campaigns/{id}/notices?status=…`, or `?reference=…`.
///
/// # Errors
/// 404.
pub(crate) async fn list(
    who: Allowed<SeeCampaigns>,
    app: Data<App>,
    id: Path<CampaignId>,
    which: Query<Which>,
) -> Answer {
    let Which {
        status,
        reference,
        cursor,
        limit,
    } = which.into_inner();
    let paging = Paging { cursor, limit };
    let (limit, after) = (paging.limit()?, paging.after::<PersonId>()?);
    if let Some(reference) = reference {
        if !who.may(Right::SeePeople) {
            return Err(Problem::new(Kind::NotAllowed));
        }
        let mut rows = by_reference(&app, &who, *id, &reference).await?;
        rows.retain(|one| status.is_none_or(|status| one.status == status));
        let page = Page::of(rows, limit, |row| row.person, NoticeView::of);
        return Ok(HttpResponse::Ok().json(page));
    }
    let mut conn = app.db.get().await?;
    campaign::store::find(&mut conn, *id).await?;
    let rows = store::list(&mut conn, *id, status, after, limit + 1).await?;
    Ok(HttpResponse::Ok().json(Page::of(rows, limit, |row| row.person, NoticeView::of)))
}

/// `GET /notices/{id}`, with its attempts.
///
/// # Errors
/// 404.
pub(crate) async fn show(who: Allowed<SeeCampaigns>, app: Data<App>, id: Path<NoticeId>) -> Answer {
    let mut conn = app.db.get().await?;
    let notice = store::find(&mut conn, *id).await?;
    let at = notice.settled_at.unwrap_or_else(|| app.now());
    let believed = match who.may(Right::SeePeople) {
        true => person::store::believed(&mut conn, notice.person, at).await?,
        false => None,
    };
    let shown = NoticeView::with_attempts(&mut conn, vec![notice]).await?;
    let shown = shown.into_iter().next().ok_or_else(Problem::not_found)?;
    Ok(HttpResponse::Ok().json(NoticeView { believed, ..shown }))
}
