//! The notices of a campaign as CSV: what the pages of their list show.

use actix_web::web::{Data, Path};

use super::list::Asked;
use super::row::{load_attempts, load_people, row};
use crate::app::App;
use crate::audit::Action;
use crate::campaign;
use crate::delivery::store;
use crate::id::{CampaignId, IncidentId, PersonId};
use crate::incident;
use crate::notice::{Notice, NoticeStatus};
use crate::staff::Right;
use crate::staff::right::SeeAllPeople;
use crate::web::caller::{Allowed, Signed};
use crate::web::csv_answer::{self, Parts};
use crate::web::form::Query;
use crate::web::problem::{Answer, Problem};

/// Notices in one part.
const PART: i64 = 500;

const COLUMNS: [&str; 9] = [
    "notice",
    "reference",
    "address",
    "language",
    "state",
    "attempts",
    "last_reply",
    "changed_at",
    "next_try_at",
];

/// The notices, as they are read. The audit log gets the number of people shown, also for an answer that was interrupted.
struct Notices {
    who: Signed,
    app: App,
    incident: IncidentId,
    campaign: CampaignId,
    status: Option<NoticeStatus>,
    /// The last person of the part before; `None` at the end.
    after: Option<Option<PersonId>>,
    shown: usize,
}

impl Parts for Notices {
    async fn next(&mut self) -> Result<Option<Vec<Vec<String>>>, Problem> {
        let Some(after) = self.after.take() else {
            return Ok(None);
        };
        let mut conn = self.app.db.get().await?;
        let found = store::list(&mut conn, self.campaign, self.status, after, PART).await?;
        let reader = (&self.who, Right::SeeAllPeople);
        let people = load_people(&self.app, &mut conn, reader, self.incident, &found).await?;
        let attempts = load_attempts(&mut conn, &found).await?;
        self.shown += people.len();
        let is_full = i64::try_from(found.len()).is_ok_and(|n| n == PART);
        self.after = found.last().filter(|_| is_full).map(|one| Some(one.person));
        let cells = |notice: &Notice| {
            let last = attempts.get(&notice.id).and_then(|all| all.last());
            let shown = row(notice, people.get(&notice.person), last);
            let next = notice.due_at.map(|at| at.to_rfc3339()).unwrap_or_default();
            let changed = notice.settled_at.unwrap_or(notice.created_at).to_rfc3339();
            let (state, attempts) = (notice.status.to_string(), notice.attempts.to_string());
            vec![
                shown.id,
                shown.reference,
                shown.address,
                shown.locale,
                state,
                attempts,
                shown.reply,
                changed,
                next,
            ]
        };
        Ok(Some(found.iter().map(cells).collect()))
    }
}

impl Drop for Notices {
    fn drop(&mut self) {
        self.who
            .saw(&self.app, Action::PeopleRead, self.incident, self.shown);
    }
}

/// `GET /console/campaigns/{id}/notices.csv`, in one state if given; the API has the same.
///
/// # Errors
/// 404. An error of a later part ends the answer early.
pub(crate) async fn download(
    who: Allowed<SeeAllPeople>,
    app: Data<App>,
    id: Path<CampaignId>,
    asked: Query<Asked>,
) -> Answer {
    let mut conn = app.db.get().await?;
    let of = campaign::store::find(&mut conn, *id).await?.incident;
    let slug = incident::store::find(&mut conn, of).await?.slug;
    let status = asked.status();
    let named = status.map_or("notices".to_owned(), |status| status.to_string());
    let parts = Notices {
        who: Signed::clone(&who),
        app: App::clone(&app),
        incident: of,
        campaign: *id,
        status,
        after: Some(None),
        shown: 0,
    };
    csv_answer::download(&format!("{slug}-{}-{named}", *id), &COLUMNS, parts)
}
