//! Rows of a file of rejects that were refused since their reference stands on another line, and come back unchanged.

use std::collections::HashSet;

use crate::db::{self, Conn};
use crate::id::IncidentId;
use crate::person::contact::Key;
use crate::scope::Place;
use crate::scope::store::{list_correctable, list_row_keys};

/// What must be known of earlier rejects to refuse such rows again.
#[derive(Default)]
pub(super) struct Again {
    /// What such rows said, in all versions.
    says: HashSet<Key>,
    /// The places of rows that were refused for other reasons, and whom each names, if that is known.
    correctable: HashSet<(Place, Option<Key>)>,
}

impl Again {
    /// For a file of rejects of an incident, which may be added to a draft: then its places are those of the draft.
    pub(super) async fn load(
        conn: &mut Conn,
        incident: IncidentId,
        draft: Option<i32>,
    ) -> db::Result<Self> {
        let says = list_row_keys(conn, incident).await?;
        let correctable = match says.is_empty() {
            true => HashSet::new(),
            false => list_correctable(conn, incident, draft).await?,
        };
        Ok(Self { says, correctable })
    }

    /// Whether no row is refused again.
    pub(super) fn is_empty(&self) -> bool {
        self.says.is_empty()
    }

    /// Whether a row that says this of this reference is refused again. A row that names the place of a row that was
    /// refused for another reason corrects that one: it may say what is right.
    pub(super) fn refuses(&self, says: &Key, reference: &Key, names: Option<Place>) -> bool {
        let is_of = |place, whom| self.correctable.contains(&(place, whom));
        let corrects = names.is_some_and(|at| is_of(at, None) || is_of(at, Some(*reference)));
        self.says.contains(says) && !corrects
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_refused_again_unless_it_corrects_a_row_refused_for_another_reason() {
        let (says, reference, other) = ([1; 16], [2; 16], [3; 16]);
        let [first, second, third] = [4, 5, 6].map(Place::from);
        let again = Again {
            says: HashSet::from([says]),
            correctable: HashSet::from([
                (first, Some(reference)),
                (second, Some(other)),
                (third, None),
            ]),
        };
        let refuses = |says, at| again.refuses(says, &reference, at);
        assert!(refuses(&says, None));
        assert!(
            refuses(&says, Some(Place::from(9))),
            "no reject stands there"
        );
        assert!(refuses(&says, Some(second)), "another person's");
        assert!(!refuses(&says, Some(first)));
        assert!(!refuses(&says, Some(third)));
        assert!(!refuses(&other, None));
    }
}
