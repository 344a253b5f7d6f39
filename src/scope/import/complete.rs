//! What a list does not say of people already known is taken from what was known before; and rows that seem to be of
//! another person are marked. Rows are opened in sets, on threads that may block.

use std::ops::Range;

use futures_util::TryStreamExt;

use super::{ImportError, Work, blocking};
use crate::id::{BUCKETS, IncidentId};
use crate::person::contact::Contact;
use crate::scope::activate::AT_ONCE;
use crate::scope::identity::is_another;
use crate::scope::lacks::Lacks;
use crate::scope::store::{self, Completed, Incomplete};
use crate::seal::{Broken, IncidentKey};

/// Rows opened at once.
const SET: usize = 4_096;

impl Work<'_> {
    /// Completes the staged rows of a list of so many that lacks columns.
    pub(super) async fn complete(&self, rows: i64) -> Result<(), ImportError> {
        let lacks = self.stage.lacks;
        if self.adds_to.is_some() && lacks.is_of_others() {
            let (incident, version) = (self.stage.incident, self.stage.version);
            store::take_over(self.client, incident, version, &self.former).await?;
        }
        if lacks.is_of_contact() {
            for buckets in in_turn(rows) {
                self.complete_contacts(buckets).await?;
            }
            store::summarize(self.client).await?;
        }
        Ok(())
    }

    async fn complete_contacts(&self, buckets: Range<i32>) -> Result<(), ImportError> {
        let (incident, version) = (self.stage.incident, self.stage.version);
        let found =
            store::find_incomplete(self.client, incident, version, &self.former, &buckets).await?;
        let found = found.map_err(ImportError::Db).try_chunks(SET);
        tokio::pin!(found);
        // The rows still come in on the one connection while they are written on the other.
        while let Some(set) = found.try_next().await.map_err(|e| e.1)? {
            let (key, lacks) = (self.stage.key.clone(), self.stage.lacks);
            let completed = blocking(move || completed(&key, incident, lacks, &set)).await??;
            store::complete(self.helper, incident, version, &completed).await?;
        }
        Ok(())
    }

    /// Marks the staged rows of a list of so many whose name and address are both new for the person.
    pub(super) async fn find_others(&self, rows: i64) -> Result<(), ImportError> {
        let (incident, version) = (self.stage.incident, self.stage.version);
        for buckets in in_turn(rows) {
            let found = store::find_moved(self.client, incident, version, &buckets).await?;
            let found = found.map_err(ImportError::Db).try_chunks(SET);
            tokio::pin!(found);
            while let Some(set) = found.try_next().await.map_err(|e| e.1)? {
                let key = self.stage.key.clone();
                let (of, references) = blocking(move || others(&key, incident, set)).await??;
                if !of.is_empty() {
                    let rows = (of.as_slice(), references.as_slice());
                    store::mark_another(self.helper, incident, version, &buckets, rows).await?;
                }
            }
        }
        Ok(())
    }
}

/// All buckets at once for a short list, else one after another.
pub(super) fn in_turn(rows: i64) -> Vec<Range<i32>> {
    let step = if rows > AT_ONCE { 1 } else { BUCKETS };
    let mut ranges = Vec::new();
    let mut from = 0;
    while from < BUCKETS {
        ranges.push(from..from + step);
        from += step;
    }
    ranges
}

fn open_both(
    key: &IncidentKey,
    incident: IncidentId,
    row: &Incomplete,
) -> Result<(Contact, Contact), Broken> {
    let open = |sealed| Contact::open(key, incident, &row.reference_key, sealed);
    Ok((open(&row.sealed)?, open(&row.before)?))
}

fn completed(
    key: &IncidentKey,
    incident: IncidentId,
    lacks: Lacks,
    rows: &[Incomplete],
) -> Result<Vec<Completed>, Broken> {
    let each = rows.iter().map(|row| {
        let (said, before) = open_both(key, incident, row)?;
        let (keys, sealed) = lacks.complete(said, before).seal(key, incident);
        Ok(Completed { keys, sealed })
    });
    each.collect()
}

/// Bucket and reference of rows that seem to be of another person.
fn others(
    key: &IncidentKey,
    incident: IncidentId,
    rows: Vec<Incomplete>,
) -> Result<(Vec<i32>, Vec<Vec<u8>>), Broken> {
    let mut others = (Vec::new(), Vec::new());
    for row in rows {
        let (now, before) = open_both(key, incident, &row)?;
        if is_another(&before, &now) {
            others.0.push(row.bucket);
            others.1.push(row.reference_key);
        }
    }
    Ok(others)
}
