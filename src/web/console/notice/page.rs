//! The page of one notice: its person, its state, every attempt to send it.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use askama::Template;

use super::row::{NoticeRow, campaign_name, load_attempts, load_people, reply_in_words, row};
use crate::app::App;
use crate::audit::Action;
use crate::campaign;
use crate::delivery::store;
use crate::id::NoticeId;
use crate::notice::AttemptResult;
use crate::staff::Right;
use crate::staff::right::SeeCampaigns;
use crate::web::attempts::AttemptView;
use crate::web::caller::Allowed;
use crate::web::console::answer;
use crate::web::figures::filters;
use crate::web::page::{self, Area, ConsoleFrame, Moment};
use crate::web::problem::Answer;

/// `/console/notices/{id}`
#[derive(Template)]
#[template(path = "console/notice/page.html")]
pub(crate) struct NoticePage {
    /// The frame.
    pub desk: ConsoleFrame,
    /// The campaign's id.
    pub campaign: String,
    /// The campaign's name.
    pub name: String,
    /// The id of the person, if the reader may see people; else empty.
    pub person: String,
    /// The notice.
    pub notice: NoticeRow,
    /// The elements it names.
    pub named: String,
    /// Every SMTP transaction, in order.
    pub attempts: Vec<AttemptRow>,
}

/// One SMTP transaction.
#[derive(Debug, Clone)]
pub(crate) struct AttemptRow {
    /// From 1.
    pub attempt: i64,
    /// Through which relay.
    pub relay: String,
    /// Its result.
    pub result: AttemptResult,
    /// The reply of the relay, and the reason of the result.
    pub reply: String,
    /// When its last row in the database was written.
    pub at: Option<Moment>,
}

/// `GET /console/notices/{id}`.
///
/// # Errors
/// 404.
pub(crate) async fn show(
    who: Allowed<SeeCampaigns>,
    req: HttpRequest,
    app: Data<App>,
    id: Path<NoticeId>,
) -> Answer {
    let mut conn = app.db.get().await?;
    let notice = store::find(&mut conn, *id).await?;
    let of = campaign::store::glance(&mut conn, notice.campaign).await?;
    let reader = (&*who, Right::SeePeople);
    let found = std::slice::from_ref(&notice);
    let people = load_people(&app, &mut conn, reader, of.campaign.incident, found).await?;
    let person = people.get(&notice.person);
    if person.is_some() {
        who.saw(&app, Action::PersonRead, notice.person, 1);
    }
    let mut attempts = load_attempts(&mut conn, found).await?;
    let attempts = attempts.remove(&notice.id).unwrap_or_default();
    let page = NoticePage {
        desk: answer::frame(&app, &mut conn, &req, &who, Area::Campaigns).await?,
        campaign: of.campaign.id.to_string(),
        name: campaign_name(&of),
        person: person
            .map(|person| person.id.to_string())
            .unwrap_or_default(),
        notice: row(&notice, person, attempts.last()),
        named: notice.named.to_string().replace(';', ", "),
        attempts: attempts.iter().map(AttemptRow::from).collect(),
    };
    Ok(page::show(StatusCode::OK, &page)?)
}

impl From<&AttemptView> for AttemptRow {
    fn from(one: &AttemptView) -> Self {
        Self {
            attempt: one.attempt.into(),
            relay: one.relay.clone(),
            result: one.result,
            reply: reply_in_words(one),
            at: one.ended_at.or(one.began_at).map(Moment::row),
        }
    }
}
