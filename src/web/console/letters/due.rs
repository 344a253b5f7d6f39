//! People of an incident whom no e-mail tells: who belongs on a list for the post, for next of kin or for safe channels, and
//! who of them is on a list already. Dashboard, incident and letters say the same of them.

use std::time::Duration;

use crate::db::{self, Conn};
use crate::id::IncidentId;
use crate::incident::open::Untold;
use crate::incident::{Incident, IncidentState};
use crate::postal::PostalKind;
use crate::postal::store::{self, Due};
use crate::web::figures::count;
use crate::web::problem::Problem;

/// How many people on lists that wait a page looks at one by one.
pub(crate) const LOOKED_AT: i64 = 100_000;
/// How long a page waits for that.
const PATIENCE: Duration = Duration::from_secs(1);

/// One kind of list.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Owed {
    /// The figures of the account, and how many are on lists of this kind that wait.
    pub due: Due,
    /// How many of the people who belong on a list of this kind now are on a list that waits, of any kind; `None` where they
    /// are too many to be looked at, or that takes longer than a page waits.
    pub on_lists: Option<i64>,
}

impl Owed {
    /// How many people belong on a list of this kind and are on none; where that is not known, how many belong on one, if
    /// that is more than are on lists.
    fn on_none(&self) -> i64 {
        match self.on_lists {
            Some(on_lists) => self.due.people - on_lists,
            None if self.due.people > self.due.waiting => self.due.people,
            None => 0,
        }
    }
}

/// Who is owed what, by kind of list. `most` people on lists that wait are looked at one by one.
///
/// # Errors
/// The database's.
pub(crate) async fn owed(conn: &mut Conn, of: IncidentId, most: i64) -> Result<Vec<Owed>, Problem> {
    let due = store::due(conn, of).await?;
    let listed: i64 = due.iter().map(|one| one.waiting).sum();
    let found = match listed {
        0 => Some(Vec::new()),
        n if n > most => None,
        _ => {
            let rule = store::minors(conn, of).await?;
            let read = async |conn: &mut Conn| store::on_lists(conn, of, rule).await;
            db::within(conn, PATIENCE, read).await?
        }
    };
    let on_lists = |kind| {
        let found = found.as_ref()?;
        let of_kind = found.iter().find(|(one, _)| *one == kind);
        Some(of_kind.map_or(0, |(_, people)| *people))
    };
    let owed = |due: Due| Owed {
        due,
        on_lists: on_lists(due.kind),
    };
    Ok(due.into_iter().map(owed).collect())
}

/// Words for people of one kind: of one, of several; and for their lists.
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

/// What waits in an incident of this state, each with what to do: lists that were taken are recorded; people who are on
/// none need a list, where one can be taken.
pub(crate) fn of_lists(owed: &[Owed], state: IncidentState) -> Vec<(String, &'static str)> {
    let mut needs = Vec::new();
    for one in owed {
        let due = one.due;
        let Some((for_one, for_many, lists)) = words(due.kind) else {
            continue;
        };
        if due.waiting > 0 {
            let done = match due.kind.is_posted() {
                true => "posted",
                false => "told",
            };
            let text = match due.waiting {
                1 => format!("1 person is on a list of {lists} that is not recorded as {done}."),
                n => format!(
                    "{} people are on lists of {lists} that are not recorded as {done}.",
                    count(n)
                ),
            };
            let act = match due.kind.is_posted() {
                true => "Record it as posted",
                false => "Record it as told",
            };
            needs.push((text, act));
        }
        let left = one.on_none();
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
            needs.push((text, "Take the list"));
        }
    }
    needs
}

/// What is said of a closed incident in which people are not told, or not rightly: a letter may have come back since.
pub(crate) fn of_closed(untold: &Untold) -> Option<String> {
    (!untold.is_none()).then(|| {
        format!(
            "closed, and {}. Move it back to scoping, then tell them.",
            untold.in_words()
        )
    })
}

/// Why no list of a kind can be taken in this incident; empty if one can.
pub(crate) fn refused(kind: PostalKind, of: &Incident) -> String {
    if of.forgotten_at.is_some() || kind.may_tell_in(of.state) {
        return String::new();
    }
    match of.state {
        IncidentState::Suspected => "Confirm the incident first.".to_owned(),
        IncidentState::Closed => {
            "The incident is closed. Move it back to scoping first.".to_owned()
        }
        state => format!("The incident is {state}: nobody of it is told."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owed(kind: PostalKind, (people, waiting): (i64, i64), on_lists: Option<i64>) -> Owed {
        let due = Due {
            kind,
            people,
            waiting,
        };
        Owed { due, on_lists }
    }

    #[test]
    fn people_on_no_list_are_asked_for_even_if_a_list_names_as_many_who_belong_on_none() {
        let said = |one| of_lists(&[one], IncidentState::Notifying);
        // Three are on a list; two of them belong on none any more, and two others on one.
        let changed = said(owed(PostalKind::Letter, (3, 3), Some(1)));
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
        let unknown = said(owed(PostalKind::Letter, (5, 3), None));
        assert_eq!(
            unknown[1].0,
            "5 people need a letter, counting those on lists that wait."
        );
        assert_eq!(said(owed(PostalKind::Letter, (3, 3), None)).len(), 1);
    }

    #[test]
    fn a_closed_incident_still_takes_lists_of_next_of_kin_and_no_letters() {
        let all = [
            owed(PostalKind::Letter, (1, 0), Some(0)),
            owed(PostalKind::Kin, (5, 0), Some(0)),
        ];
        let said = of_lists(&all, IncidentState::Closed);
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
