//! What must be confirmed before a waiting list is recorded: some of its people must no longer be told by it. That reads all
//! people on the list. A page waits at most `PATIENCE`, and reads nothing for readers without the form.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::app::App;
use crate::audit::Action;
use crate::db;
use crate::id::{PersonId, PostalId};
use crate::incident::Incident;
use crate::person;
use crate::postal::consent::{Barred, Question};
use crate::postal::{Batch, moved};
use crate::seal::IncidentKey;
use crate::staff::Right;
use crate::web::caller::Signed;
use crate::web::problem::Problem;

/// How long a page waits.
const PATIENCE: Duration = Duration::from_secs(2);
/// How many of these people of a list are named.
const NAMED: i32 = 20;

/// People on a waiting list who must no longer be told by it.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The value of the box: the reason, and the number that the page showed.
    pub value: String,
    /// The statement to confirm.
    pub words: String,
    /// Some of the people: the addresses of their pages, and their references.
    pub some: Vec<(String, String)>,
    /// How many more there are.
    pub more: i64,
}

impl From<&Question> for Asked {
    fn from(question: &Question) -> Self {
        Self {
            value: format!("{}:{}", question.what.as_str(), question.number),
            words: question.to_string(),
            some: Vec::new(),
            more: 0,
        }
    }
}

/// What must be confirmed for each list; `None` for a list that takes longer than a page waits. The action that records it
/// asks in any case.
pub(crate) async fn of_lists<'a>(
    app: &App,
    who: &Signed,
    of: &Incident,
    lists: impl Iterator<Item = &'a Batch>,
) -> Result<HashMap<PostalId, Option<Vec<Asked>>>, Problem> {
    let begun = Instant::now();
    let mut all = HashMap::new();
    for list in lists {
        let left = PATIENCE.saturating_sub(begun.elapsed());
        let asked = match barred(app, of, list, left).await? {
            Some(barred) => Some(named(app, who, of, barred).await?),
            None => {
                tracing::warn!(list = %list.id, "the people who must no longer be told by a list were not read in time");
                None
            }
        };
        all.insert(list.id, asked);
    }
    Ok(all)
}

async fn barred(
    app: &App,
    of: &Incident,
    list: &Batch,
    within: Duration,
) -> db::Result<Option<Vec<Barred>>> {
    let key = of.key(&app.keys);
    let key = key.map_err(|_| db::Error::inconsistent("incident", of.id))?;
    let Some(key) = key else {
        // The incident is forgotten: no list can be recorded.
        return Ok(Some(Vec::new()));
    };
    let until = Some(Instant::now() + within);
    let read = async |conn: &mut db::Conn| moved::barred(conn, &key, list, NAMED, until).await;
    app.db.read_within(within, read).await
}

/// The questions, with the references of some people for staff who may see people.
async fn named(
    app: &App,
    who: &Signed,
    of: &Incident,
    barred: Vec<Barred>,
) -> Result<Vec<Asked>, Problem> {
    let key = of.key(&app.keys).map_err(Problem::broken)?;
    let key = key.filter(|_| who.may(Right::SeePeople));
    let (mut all, mut shown) = (Vec::new(), 0);
    let references = match &key {
        Some(key) => {
            let ids: Vec<_> = barred.iter().flat_map(|one| one.some.clone()).collect();
            references(app, (of, key), &ids).await?
        }
        None => HashMap::new(),
    };
    for barred in barred {
        let mut asked = Asked::from(&Question::from(&barred));
        for id in &barred.some {
            if let Some(reference) = references.get(id) {
                let href = format!("/console/people/{id}");
                asked.some.push((href, reference.clone()));
            }
        }
        shown += asked.some.len();
        asked.more = barred.people - i64::try_from(asked.some.len()).unwrap_or(i64::MAX);
        all.push(asked);
    }
    if shown > 0 {
        who.saw(app, Action::PeopleRead, of.id, shown);
    }
    Ok(all)
}

/// The references of these people; that of a former person says so.
async fn references(
    app: &App,
    (of, key): (&Incident, &IncidentKey),
    ids: &[PersonId],
) -> Result<HashMap<PersonId, String>, Problem> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let mut conn = app.db.get().await?;
    let people = person::store::load_of_buckets(&mut conn, key, of.id, ids).await?;
    let former = person::store::former_of_buckets(&mut conn, ids).await?;
    let reference = |one: person::Person| {
        let reference = one.contact.reference;
        let shown = match former.contains(&one.id) {
            true => format!("{reference} (the former person of this reference)"),
            false => reference,
        };
        (one.id, shown)
    };
    Ok(people.into_iter().map(reference).collect())
}
