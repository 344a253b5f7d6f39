//! Which rejects of a draft are settled by rows that are added to it. A reject with a readable reference is settled
//! by a row with the same reference. One with a faulty reference, or with cells that cannot be given to columns, is
//! settled by a row of the file of rejects that names its line; a line alone is not enough for the others, since it
//! may be the line of another version's file. A reference that stands twice is both: the row may be corrected in another
//! cell, or be given the reference that it should have had.

use std::collections::{HashMap, HashSet};

use super::ImportError;
use super::stage::Corrects;
use super::work::Work;
use crate::db::Conn;
use crate::person::contact::{Key, reference_key};
use crate::scope::store;
use crate::scope::{Place, Reject, RejectReason, Version};
use crate::seal;

/// Rejects read at once.
pub(super) const PAGE: i64 = 1_000;
/// The number of rejects in one query for rows with their references: no index finds a staged row by its reference, so
/// that each query reads all rows.
const ASKED: usize = 200_000;

/// Rejects of a draft that are settled.
pub(super) struct Settled {
    pub(super) places: Vec<Place>,
    /// How many of them are settled by a row that was refused again.
    pub(super) refused_again: i64,
}

impl Settled {
    /// How many.
    pub(super) fn count(&self) -> i64 {
        i64::try_from(self.places.len()).unwrap_or(i64::MAX)
    }
}

/// Rejects of a draft, to query whether the file has rows with their references.
#[derive(Default)]
struct Asked {
    places: Vec<Place>,
    buckets: Vec<i32>,
    references: Vec<Vec<u8>>,
}

impl Asked {
    fn push(&mut self, place: Place, reference: &Key) {
        self.places.push(place);
        self.buckets.push(seal::bucket(reference));
        self.references.push(reference.to_vec());
    }
}

/// The code of the reason that a reference stands twice in a list.
const TWICE: &str = "duplicate_reference";

fn stands_twice(reject: &Reject) -> bool {
    reject.reasons.iter().any(|reason| reason.code == TWICE)
}

impl Work<'_> {
    /// The rejects of `draft` that are settled, by rows that correct the rejects at `corrects` or were refused again
    /// among others.
    pub(super) async fn corrected(
        &self,
        draft: &Version,
        corrects: &[Corrects],
    ) -> Result<Settled, ImportError> {
        let mut conn = self.app.db.get().await?;
        let refused = self.refused(&mut conn).await?;
        let corrects: HashMap<_, _> = corrects.iter().map(|c| (c.place, c.refused)).collect();
        let mut refused_again = 0;
        let columns = draft.delta.clone().unwrap_or_default().columns;
        let (mut settled, mut after) = (Vec::new(), Place::from(0));
        let mut asked = Asked::default();
        loop {
            let page = self.rejects(&mut conn, draft.version, after).await?;
            let Some(last) = page.last() else { break };
            after = last.place();
            for reject in &page {
                let reference = self.reference_of(reject, &columns);
                let by_line = corrects.get(&reject.place());
                let by_line = by_line.filter(|_| reference.is_none() || stands_twice(reject));
                match (reference, by_line) {
                    (Some(key), _) if refused.contains(&key) => {
                        refused_again += 1;
                        settled.push(reject.place());
                    }
                    (_, Some(again)) => {
                        refused_again += i64::from(*again);
                        settled.push(reject.place());
                    }
                    (Some(key), None) => asked.push(reject.place(), &key),
                    (None, None) => {}
                }
            }
            if asked.places.len() >= ASKED {
                settled.extend(self.listed(&mut conn, &asked).await?);
                asked = Asked::default();
            }
        }
        settled.extend(self.listed(&mut conn, &asked).await?);
        Ok(Settled {
            places: settled,
            refused_again,
        })
    }

    /// The places of the rejects that share their reference with a row of the file.
    async fn listed(&self, conn: &mut Conn, asked: &Asked) -> Result<Vec<Place>, ImportError> {
        if asked.places.is_empty() {
            return Ok(Vec::new());
        }
        let (incident, version) = (self.stage.incident, self.stage.version);
        let of = (asked.buckets.as_slice(), asked.references.as_slice());
        let listed = store::find_listed(conn, incident, version, of).await?;
        let place = |at: usize| asked.places.get(at).copied();
        Ok(listed.into_iter().filter_map(place).collect())
    }

    pub(super) async fn rejects(
        &self,
        conn: &mut Conn,
        version: i32,
        after: Place,
    ) -> Result<Vec<Reject>, ImportError> {
        let (key, incident) = (&self.stage.key, self.stage.incident);
        Ok(store::list_rejects(conn, key, incident, version, after, PAGE).await?)
    }

    /// The references of rows of this file that were refused.
    async fn refused(&self, conn: &mut Conn) -> Result<HashSet<Key>, ImportError> {
        let (mut refused, mut after) = (HashSet::new(), Place::from(0));
        loop {
            let page = self.rejects(conn, self.stage.version, after).await?;
            let Some(last) = page.last() else { break };
            after = last.place();
            let keys = page
                .iter()
                .filter_map(|reject| self.reference_of(reject, &self.columns));
            refused.extend(keys);
        }
        Ok(refused)
    }

    /// What stands in a reject of this file as its reference; `None` for nothing.
    pub(super) fn reference_in<'a>(&self, reject: &'a Reject) -> Option<&'a str> {
        let at = self.columns.iter().position(|name| name == "reference")?;
        let cell = reject.cells.get(at)?;
        let cell = cell.trim_matches(|c: char| c.is_whitespace() || c == '"');
        (!cell.is_empty()).then_some(cell)
    }

    /// The reference of a reject; `None` if it is at fault or cannot be told.
    fn reference_of(&self, reject: &Reject, columns: &[String]) -> Option<Key> {
        // A reference that stands twice is at fault and yet known.
        let is_unclear = |reason: &RejectReason| {
            matches!(reason.column.as_str(), "reference" | "row") && reason.code != TWICE
        };
        if reject.reasons.iter().any(is_unclear) {
            return None;
        }
        let at = columns.iter().position(|column| column == "reference")?;
        let cell = reject.cells.get(at)?.trim();
        (!cell.is_empty()).then(|| reference_key(&self.stage.key, cell))
    }
}
