//! The people behind a figure as CSV: what the pages of their list show.

use actix_web::web::{Data, Path};

use super::list::{Asked, line};
use crate::app::App;
use crate::audit::Action;
use crate::id::{IncidentId, PersonId};
use crate::incident::Incident;
use crate::person::{PeopleFilter, Person, store};
use crate::staff::right::SeeAllPeople;
use crate::web::api::incidents::named;
use crate::web::caller::{Allowed, Signed};
use crate::web::csv_answer::{self, Parts};
use crate::web::form::Query;
use crate::web::problem::{Answer, Problem};

/// People in one part.
const PART: usize = 500;

const COLUMNS: [&str; 8] = [
    "reference",
    "address",
    "language",
    "jurisdiction",
    "standing",
    "reason",
    "exposed",
    "not_yet_named",
];

/// The people, as they are read. The audit log gets their number, also for an answer that was interrupted.
struct People {
    who: Signed,
    app: App,
    of: Incident,
    filter: PeopleFilter,
    /// The last person of the part before; `None` at the end.
    after: Option<Option<PersonId>>,
    shown: usize,
}

impl Parts for People {
    async fn next(&mut self) -> Result<Option<Vec<Vec<String>>>, Problem> {
        let Some(after) = self.after.take() else {
            return Ok(None);
        };
        // The people of a forgotten incident cannot be read.
        let Some(key) = self.of.key(&self.app.keys).map_err(Problem::broken)? else {
            return Ok(None);
        };
        let of: IncidentId = self.of.id;
        let mut conn = self.app.db.get().await?;
        let (found, next) = store::list(&mut conn, &key, of, &self.filter, after, PART).await?;
        self.shown += found.len();
        self.after = next.map(Some);
        let cells = |person: &Person| {
            let one = line(person);
            vec![
                one.reference,
                one.address,
                one.locale,
                one.jurisdiction,
                one.standing.to_string(),
                one.reason,
                one.exposed,
                one.unnamed,
            ]
        };
        Ok(Some(found.iter().map(cells).collect()))
    }
}

impl Drop for People {
    fn drop(&mut self) {
        self.who
            .saw(&self.app, Action::PeopleRead, self.of.id, self.shown);
    }
}

/// `GET /console/incidents/{slug}/people.csv`, with the filters of the list; the API has the same.
///
/// # Errors
/// 404. An error of a later part ends the answer early.
pub(crate) async fn download(
    who: Allowed<SeeAllPeople>,
    app: Data<App>,
    incident: Path<String>,
    asked: Query<Asked>,
) -> Answer {
    let of = named(&mut *app.db.get().await?, &incident).await?;
    let name = format!("{}-people", of.slug);
    let parts = People {
        who: Signed::clone(&who),
        app: App::clone(&app),
        of,
        filter: asked.into_inner().filter(),
        after: Some(None),
        shown: 0,
    };
    csv_answer::download(&name, &COLUMNS, parts)
}
