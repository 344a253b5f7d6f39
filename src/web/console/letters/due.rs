//! People who are not told by e-mail: how many belong on a list for the post, for next of kin or for safe channels, and how many
//! of them are on a list already. The dashboard, the incident and the Letters page show the same figures.

use std::collections::HashMap;
use std::time::Duration;

use crate::db::{self, Conn};
use crate::id::IncidentId;
use crate::incident::open::Untold;
use crate::incident::{Incident, IncidentState};
use crate::postal::PostalKind;
use crate::postal::store::{self, Due};
use crate::web::figures::count;
use crate::web::problem::Problem;

/// The maximum number of people on waiting lists that a page reads.
pub(crate) const MAX_READ: i64 = 100_000;
/// How long a page waits for them.
const PATIENCE: Duration = Duration::from_secs(1);

/// A kind of list, and who is due on it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DueList {
    /// The figures of the account, and how many are on lists of this kind that wait.
    pub due: Due,
    /// How many of the people who belong on such a list are on a waiting list of any kind; `None` if there are too many to
    /// read, or if that takes longer than a page waits.
    pub on_lists: Option<i64>,
}

impl DueList {
    /// How many people belong on such a list and are on no list. If that is not known: how many belong on one, if more
    /// than the waiting lists have.
    fn on_no_list(&self) -> i64 {
        match self.on_lists {
            Some(on_lists) => self.due.people - on_lists,
            None if self.due.people > self.due.waiting => self.due.people,
            None => 0,
        }
    }
}

/// The lists of each of these incidents. Of an incident with more than `most` people on lists that wait, those people are
/// not read.
pub(crate) async fn load(
    conn: &mut Conn,
    all: Vec<(IncidentId, Vec<Due>)>,
    most: i64,
) -> Result<HashMap<IncidentId, Vec<DueList>>, Problem> {
    let listed = |due: &[Due]| due.iter().map(|one| one.waiting).sum::<i64>();
    let with_lists = all
        .iter()
        .filter(|(_, due)| (1..=most).contains(&listed(due)));
    let ids: Vec<_> = with_lists.map(|(id, _)| *id).collect();
    let found = match ids.is_empty() {
        true => Some(HashMap::new()),
        false => {
            let read = async |conn: &mut Conn| store::on_lists(conn, &ids).await;
            db::within(conn, PATIENCE, read).await?
        }
    };
    let lists = |(id, due): (IncidentId, Vec<Due>)| {
        let found = found.as_ref().filter(|_| listed(&due) <= most);
        let list = |due: Due| DueList {
            due,
            on_lists: found.map(|found| found.get(&(id, due.kind)).copied().unwrap_or_default()),
        };
        (id, due.into_iter().map(list).collect())
    };
    Ok(all.into_iter().map(lists).collect())
}

/// The words for one person of a kind, for several, and for their lists.
fn words(kind: PostalKind) -> Option<(&'static str, &'static str, &'static str)> {
    Some(match kind {
        PostalKind::Letter => ("needs a letter", "need a letter", "letters"),
        PostalKind::Guardian => (
            "is told by a letter to the parent or guardian",
            "are told by a letter to the parent or guardian",
            "letters to guardians",
        ),
        PostalKind::Correction => (
            "was told of something that is not theirs, and no e-mail reaches them",
            "were told of something that is not theirs, and no e-mail reaches them",
            "letters of correction",
        ),
        PostalKind::Kin => (
            "died: the next of kin are to be told",
            "died: their next of kin are to be told",
            "next of kin",
        ),
        PostalKind::Safe => (
            "at a protected address is to be told through a safe channel",
            "at a protected address are to be told through a safe channel",
            "people at a protected address",
        ),
        PostalKind::Single => return None,
    })
}

/// The tasks in an incident of this state, each with its action: lists that were taken must be recorded, and people on no
/// list need one.
pub(crate) fn tasks(lists: &[DueList], state: IncidentState) -> Vec<(String, &'static str)> {
    let mut tasks = Vec::new();
    for one in lists {
        let due = one.due;
        let Some((for_one, for_many, list_words)) = words(due.kind) else {
            continue;
        };
        if due.waiting > 0 {
            let done = match due.kind.is_posted() {
                true => "posted",
                false => "told",
            };
            let text = match due.waiting {
                1 => {
                    format!("1 person is on a list of {list_words} that is not recorded as {done}.")
                }
                n => format!(
                    "{} people are on lists of {list_words} that are not recorded as {done}.",
                    count(n)
                ),
            };
            let act = match due.kind.is_posted() {
                true => "Record it as posted",
                false => "Record it as told",
            };
            tasks.push((text, act));
        }
        let left = one.on_no_list();
        if left > 0 && due.kind.may_tell_in(state) {
            let mut text = match left {
                1 => format!("1 person {for_one}."),
                n => format!("{} people {for_many}.", count(n)),
            };
            match one.on_lists {
                Some(0) => {}
                Some(_) => text += " They are on no list yet.",
                None => {
                    text.truncate(text.trim_end_matches('.').len());
                    text += ", counting those on lists that wait.";
                }
            }
            tasks.push((text, "Take the list"));
        }
    }
    tasks
}

/// The sentence about a closed incident in which people are not told, or not rightly, without its subject; `None` without
/// such people.
pub(crate) fn of_closed(untold: &Untold) -> Option<String> {
    (!untold.is_none()).then(|| {
        format!(
            "closed, and {}. Move it back to scoping, then tell them.",
            untold.in_words()
        )
    })
}

/// Why no list of a kind can be taken in the incident; empty if one can.
pub(crate) fn refused(kind: PostalKind, of: &Incident) -> String {
    if of.forgotten_at.is_some() || kind.may_tell_in(of.state) {
        return String::new();
    }
    match of.state {
        IncidentState::Suspected => "Confirm the incident first.".to_owned(),
        IncidentState::Closed => {
            "The incident is closed. Move it back to scoping first.".to_owned()
        }
        state => format!("The incident is {state}: its people are not told."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(kind: PostalKind, (people, waiting): (i64, i64), on_lists: Option<i64>) -> DueList {
        let due = Due {
            kind,
            people,
            waiting,
        };
        DueList { due, on_lists }
    }

    #[test]
    fn people_on_no_list_need_a_list_even_if_as_many_others_are_on_one() {
        let said = |one| tasks(&[one], IncidentState::Notifying);
        // Three are on a list; two of them belong on none any more, and two others on one.
        let changed = said(list(PostalKind::Letter, (3, 3), Some(1)));
        assert_eq!(
            changed,
            [
                (
                    "3 people are on lists of letters that are not recorded as posted.".to_owned(),
                    "Record it as posted"
                ),
                (
                    "2 people need a letter. They are on no list yet.".to_owned(),
                    "Take the list"
                ),
            ]
        );
        let unknown = said(list(PostalKind::Letter, (5, 3), None));
        assert_eq!(
            unknown[1].0,
            "5 people need a letter, counting those on lists that wait."
        );
        assert_eq!(said(list(PostalKind::Letter, (3, 3), None)).len(), 1);
    }

    #[test]
    fn a_closed_incident_has_lists_of_next_of_kin_and_no_letters() {
        let all = [
            list(PostalKind::Letter, (1, 0), Some(0)),
            list(PostalKind::Kin, (5, 0), Some(0)),
        ];
        let said = tasks(&all, IncidentState::Closed);
        let kin = "5 people died: their next of kin are to be told.";
        assert_eq!(said, [(kin.to_owned(), "Take the list")]);
        let untold = Untold {
            needs_letter: 1,
            ..Untold::default()
        };
        assert_eq!(
            of_closed(&untold).as_deref(),
            Some("closed, and 1 person needs a letter. Move it back to scoping, then tell them.")
        );
        assert_eq!(of_closed(&Untold::default()), None);
    }
}
