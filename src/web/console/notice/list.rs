//! The notices of a campaign, by state.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Query};
use askama::Template;
use serde::Deserialize;

use super::row::{NoticeRow, campaign_name, load_attempts, load_people, row};
use crate::app::App;
use crate::audit::Action;
use crate::campaign;
use crate::campaign::store::Progress;
use crate::db::Conn;
use crate::delivery::store;
use crate::id::{CampaignId, PersonId};
use crate::notice::{Notice, NoticeStatus};
use crate::staff::Right;
use crate::staff::right::SeeCampaigns;
use crate::web::caller::{Allowed, Signed};
use crate::web::console::answer;
use crate::web::console::campaign::progress::Counts;
use crate::web::figures::filters;
use crate::web::page::{self, Area, ConsoleFrame, Faults};
use crate::web::problem::{Answer, Problem};

/// Notices on one page.
const PAGE_SIZE: i64 = 50;

/// `/console/campaigns/{id}/notices`
#[derive(Template)]
#[template(path = "console/notice/list.html")]
pub struct Notices {
    /// The frame.
    pub desk: ConsoleFrame,
    /// The campaign's id.
    pub id: String,
    /// The campaign's name.
    pub name: String,
    /// The state shown; `None` for all.
    pub status: Option<NoticeStatus>,
    /// Notices by state.
    pub counts: Counts,
    /// One page of the notices.
    pub notices: Vec<NoticeRow>,
    /// The cursor of the next page.
    pub next: Option<String>,
    /// Whether the reader may look for a person, and download the list.
    pub may_find: bool,
    /// The reference that was looked for, as typed.
    pub reference: String,
    /// Why the search found nothing.
    pub faults: Faults,
}

/// The query of the list.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    status: String,
    after: Option<PersonId>,
}

/// `GET /console/campaigns/{id}/notices`.
///
/// # Errors
/// 404.
pub(crate) async fn list(
    who: Allowed<SeeCampaigns>,
    req: HttpRequest,
    app: Data<App>,
    id: Path<CampaignId>,
    asked: Query<Asked>,
) -> Answer {
    let page = load(&app, &req, &who, *id, &asked).await?;
    Ok(page::show(StatusCode::OK, &page)?)
}

/// Reads the page.
pub(super) async fn load(
    app: &App,
    req: &HttpRequest,
    who: &Signed,
    id: CampaignId,
    asked: &Asked,
) -> Result<Notices, Problem> {
    let mut conn = app.db.get().await?;
    let of = campaign::store::glance(&mut conn, id).await?;
    let status = asked.status();
    let (found, next) = read_page(&mut conn, id, status, asked.after).await?;
    let reader = (who, Right::SeeAllPeople);
    let people = load_people(app, &mut conn, reader, of.campaign.incident, &found).await?;
    if !people.is_empty() {
        who.saw(app, Action::PeopleRead, of.campaign.incident, people.len());
    }
    let attempts = load_attempts(&mut conn, &found).await?;
    let row = |notice: &Notice| {
        let last = attempts.get(&notice.id).and_then(|all| all.last());
        row(notice, people.get(&notice.person), last)
    };
    let notices = found.iter().map(row).collect();
    Ok(Notices {
        desk: answer::frame(app, &mut conn, req, who, Area::Campaigns).await?,
        id: id.to_string(),
        name: campaign_name(&of),
        status,
        counts: Counts::from(&Progress {
            counts: campaign::store::counts(&mut conn, id).await?,
            frozen: true,
        }),
        notices,
        next,
        may_find: who.may(Right::SeeAllPeople),
        reference: String::new(),
        faults: Faults::default(),
    })
}

impl Notices {
    /// Whether the notices of this state are shown.
    fn shows(&self, status: &NoticeStatus) -> bool {
        self.status == Some(*status)
    }
}

impl Asked {
    /// The state of the notices that are shown. No notice is listed as `sending`: a notice on a connection is listed
    /// under the state that its result will end.
    pub(super) fn status(&self) -> Option<NoticeStatus> {
        let status = self.status.parse::<NoticeStatus>().ok();
        status.filter(|status| *status != NoticeStatus::Sending)
    }
}

/// One page of notices, and the cursor of the next page.
async fn read_page(
    conn: &mut Conn,
    campaign: CampaignId,
    status: Option<NoticeStatus>,
    after: Option<PersonId>,
) -> Result<(Vec<Notice>, Option<String>), Problem> {
    let mut found = store::list(conn, campaign, status, after, PAGE_SIZE + 1).await?;
    let most = usize::try_from(PAGE_SIZE).unwrap_or(usize::MAX);
    let more = found.len() > most;
    found.truncate(most);
    let last = found.last().filter(|_| more);
    let next = last.map(|last| last.person.to_string());
    Ok((found, next))
}
