//! Rows of a file of rejects that were refused since their reference stands on another line, and come back unchanged.

use std::collections::{HashMap, HashSet};

use crate::db::{self, Conn};
use crate::id::IncidentId;
use crate::person::contact::Key;
use crate::scope::Place;
use crate::scope::store::{each_correctable, list_row_keys};

/// What must be known of earlier rejects to refuse such rows again.
#[derive(Default)]
pub(super) struct Again {
    /// What such rows said, in all versions.
    says: HashSet<Key>,
    /// The places of rows with unknown references that were refused for other reasons.
    nameless: Places,
    /// Such places of rows with known references.
    named: HashSet<(Place, Key)>,
}

/// A set of places, a bit for each line up to the last one.
#[derive(Default)]
struct Places(HashMap<i16, Vec<u64>>);

impl Places {
    /// The word and the bit of a line.
    fn bit(line: i64) -> Option<(usize, u64)> {
        let line = usize::try_from(line).ok()?;
        Some((line / 64, 1 << (line % 64)))
    }

    fn insert(&mut self, at: Place) {
        let Some((word, bit)) = Self::bit(at.line) else {
            return;
        };
        let words = self.0.entry(at.file).or_default();
        if words.len() <= word {
            words.resize(word + 1, 0);
        }
        words[word] |= bit;
    }

    fn contains(&self, at: Place) -> bool {
        let words = self.0.get(&at.file);
        let found = words.zip(Self::bit(at.line));
        found.is_some_and(|(words, (word, bit))| words.get(word).is_some_and(|w| w & bit != 0))
    }
}

impl Again {
    /// For a file of rejects of an incident, which may be added to a draft: then its places are those of the draft.
    pub(super) async fn load(
        conn: &mut Conn,
        incident: IncidentId,
        draft: Option<i32>,
    ) -> db::Result<Self> {
        let mut again = Self {
            says: list_row_keys(conn, incident).await?,
            ..Self::default()
        };
        if !again.is_empty() {
            let (nameless, named) = (&mut again.nameless, &mut again.named);
            let keep = |place, whom: Option<Key>| match whom {
                None => nameless.insert(place),
                Some(whom) => {
                    named.insert((place, whom));
                }
            };
            each_correctable(conn, incident, draft, keep).await?;
        }
        Ok(again)
    }

    /// Whether no row is refused again.
    pub(super) fn is_empty(&self) -> bool {
        self.says.is_empty()
    }

    /// Whether a row that says this of this reference is refused again. A row that names the place of a row that was
    /// refused for another reason corrects that one: it may say what is right.
    pub(super) fn refuses(&self, says: &Key, reference: &Key, names: Option<Place>) -> bool {
        let is_of = |at| self.nameless.contains(at) || self.named.contains(&(at, *reference));
        let corrects = names.is_some_and(is_of);
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
        let mut nameless = Places::default();
        nameless.insert(third);
        let again = Again {
            says: HashSet::from([says]),
            nameless,
            named: HashSet::from([(first, reference), (second, other)]),
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

    #[test]
    fn a_place_takes_a_bit_of_memory() {
        let mut places = Places::default();
        let odd = |file| {
            (1..1_000_000)
                .step_by(2)
                .map(move |line| Place { file, line })
        };
        odd(1).chain(odd(2)).for_each(|place| places.insert(place));
        let words: usize = places.0.values().map(Vec::len).sum();
        assert_eq!(words, 2 * 1_000_000 / 64);
        for (file, line, is_in) in [
            (1, 1, true),
            (1, 2, false),
            (2, 999_999, true),
            (2, 1_000_001, false),
            (3, 1, false),
        ] {
            assert_eq!(
                places.contains(Place { file, line }),
                is_in,
                "{file} {line}"
            );
        }
    }
}
