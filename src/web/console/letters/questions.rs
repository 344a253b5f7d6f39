//! What must be confirmed before a waiting list is recorded: some of its people must no longer be told by it. That reads all
//! people on the lists. A page waits at most `PATIENCE`, and reads nothing for readers without the form.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::former;
use crate::app::App;
use crate::audit::Action;
use crate::db;
use crate::id::PostalId;
use crate::incident::Incident;
use crate::postal::consent::{Barred, BarredPerson, Question};
use crate::postal::store::Taken;
use crate::postal::{Batch, moved};
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

/// What is to be said of lists that wait.
#[derive(Debug, Default)]
pub(crate) struct Questions {
    /// What must be confirmed for each; nothing for one that is left out.
    asked: HashMap<PostalId, Vec<Asked>>,
    /// Whether that is not known in time. The action that records a list asks in any case.
    is_late: bool,
    /// How many former persons are on each.
    former: HashMap<PostalId, i64>,
}

impl Questions {
    /// What must be confirmed for a list; `None` if that is not known in time.
    pub(super) fn take(&mut self, list: &Taken) -> Option<Vec<Asked>> {
        let asked = self.asked.remove(&list.batch.id).unwrap_or_default();
        // Nothing has changed for the people of a list that is not older.
        (!self.is_late || !list.is_older).then_some(asked)
    }

    /// The sentence about former persons on a list; empty without any.
    pub(super) fn former(&self, list: PostalId) -> String {
        self.former
            .get(&list)
            .copied()
            .map(former::sentence)
            .unwrap_or_default()
    }
}

/// What is to be said of these lists of an incident: two statements, whatever their number.
pub(crate) async fn of_lists<'a>(
    app: &App,
    who: &Signed,
    of: &Incident,
    lists: impl Iterator<Item = &'a Batch>,
) -> Result<Questions, Problem> {
    let lists: Vec<_> = lists.map(|list| (list.id, list.kind)).collect();
    let key = of.key(&app.keys).map_err(Problem::broken)?;
    // No list of a forgotten incident can be recorded.
    let Some(key) = key.filter(|_| !lists.is_empty()) else {
        return Ok(Questions::default());
    };
    let named = match who.may(Right::SeePeople) {
        true => NAMED,
        false => 0,
    };
    let until = Some(Instant::now() + PATIENCE);
    let read = async |conn: &mut db::Conn| {
        moved::of_lists(conn, (of.id, &key), &lists, named, until).await
    };
    let Some(found) = app.db.read_within(PATIENCE, read).await? else {
        tracing::warn!(incident = %of.id, "the people who must no longer be told by lists were not read in time");
        return Ok(Questions {
            is_late: true,
            ..Questions::default()
        });
    };
    let asked = |(list, barred): (PostalId, Vec<Barred>)| {
        (list, barred.into_iter().map(Asked::from).collect())
    };
    let asked: HashMap<_, Vec<Asked>> = found.barred.into_iter().map(asked).collect();
    let shown: usize = asked.values().flatten().map(|one| one.some.len()).sum();
    if shown > 0 {
        who.saw(app, Action::PeopleRead, of.id, shown);
    }
    Ok(Questions {
        asked,
        is_late: false,
        former: found.former,
    })
}

impl From<Barred> for Asked {
    fn from(barred: Barred) -> Self {
        let some: Vec<_> = barred.some.iter().map(named).collect();
        Self {
            more: barred.people - i64::try_from(some.len()).unwrap_or(i64::MAX),
            some,
            ..Self::from(&Question::from(&barred))
        }
    }
}

/// The address of a person's page, and their reference; that of a former person says so.
fn named(one: &BarredPerson) -> (String, String) {
    let reference = match one.is_former {
        true => format!("{} (the former person of this reference)", one.reference),
        false => one.reference.clone(),
    };
    (format!("/console/people/{}", one.id), reference)
}
