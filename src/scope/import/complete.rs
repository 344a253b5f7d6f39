//! What a list does not say of people already known is taken from what was known before; and rows about which
//! something is asked are marked. Rows are opened in sets, on threads that may block.

use std::ops::Range;

use futures_util::TryStreamExt;

use super::work::Work;
use super::{ImportError, blocking};
use crate::id::IncidentId;
use crate::person::contact::Contact;
use crate::scope::difference::in_turn;
use crate::scope::identity::{is_another, judge};
use crate::scope::lacks::Lacks;
use crate::scope::marks::Marks;
use crate::scope::store::{self, Completed, Incomplete, Judged, Moved};
use crate::seal::{Broken, IncidentKey};

/// Rows opened at once.
const SET: usize = 4_096;

impl Work<'_> {
    /// Completes the staged rows of a list that lacks columns; `rows` is their number. Rows that are added to a draft
    /// are completed from the draft's, except where the two name different people.
    pub(super) async fn complete(&self, rows: i64) -> Result<(), ImportError> {
        let lacks = self.stage.lacks;
        let adds = self.adds_to.is_some() && !lacks.is_empty();
        if adds || lacks.is_of_contact() {
            for buckets in in_turn(rows) {
                self.complete_contacts(buckets).await?;
            }
            store::summarize(self.client).await?;
        }
        if adds {
            let (incident, version) = (self.stage.incident, self.stage.version);
            store::take_over(self.client, incident, version, &self.former).await?;
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

    /// Marks the staged rows that seem to name another person, or take an address from theirs; `rows` is the number of
    /// rows of the list.
    pub(super) async fn find_others(&self, rows: i64) -> Result<(), ImportError> {
        let (incident, version) = (self.stage.incident, self.stage.version);
        for buckets in in_turn(rows) {
            let found = store::find_moved(self.client, incident, version, &buckets).await?;
            let found = found.map_err(ImportError::Db).try_chunks(SET);
            tokio::pin!(found);
            while let Some(set) = found.try_next().await.map_err(|e| e.1)? {
                let key = self.stage.key.clone();
                let judged = blocking(move || judged(&key, incident, &set)).await??;
                if !judged.is_empty() {
                    store::mark(self.helper, incident, version, &buckets, &judged).await?;
                }
            }
        }
        Ok(())
    }
}

fn completed(
    key: &IncidentKey,
    incident: IncidentId,
    lacks: Lacks,
    rows: &[Incomplete],
) -> Result<Vec<Completed>, Broken> {
    let each = rows.iter().map(|row| {
        let open = |sealed: &[u8]| Contact::open(key, incident, &row.reference_key, sealed);
        let said = open(&row.sealed)?;
        let drafted = row.drafted.as_deref().map(open).transpose()?;
        let known = row.known.as_deref().map(open).transpose()?;
        let (contact, apart) = complete(lacks, said, drafted, known);
        let (keys, sealed) = contact.seal(key, incident);
        Ok(Completed {
            keys,
            sealed,
            apart,
        })
    });
    each.collect()
}

/// A row as it is with what was known before: in the draft, and where that has no row or one of another person, of the
/// people in force. Whether the draft's row is of another person.
fn complete(
    lacks: Lacks,
    said: Contact,
    drafted: Option<Contact>,
    known: Option<Contact>,
) -> (Contact, bool) {
    let mut apart = false;
    if let Some(drafted) = drafted {
        let completed = lacks.complete(said.clone(), drafted.clone());
        apart = is_another(&drafted, &completed);
        if !apart {
            return (completed, false);
        }
    }
    match known {
        Some(known) => (lacks.complete(said, known), apart),
        None => (said, apart),
    }
}

/// What is asked about these rows; rows without a question are left out.
fn judged(key: &IncidentKey, incident: IncidentId, rows: &[Moved]) -> Result<Vec<Judged>, Broken> {
    let mut all = Vec::new();
    for row in rows {
        let open = |sealed: &[u8]| Contact::open(key, incident, &row.reference_key, sealed);
        let (now, before) = (open(&row.sealed)?, open(&row.before)?);
        let origin = row.origin.as_deref().map(open).transpose()?;
        let (another, marks) = judge(&before, origin.as_ref(), &now);
        if another || marks != Marks::NONE {
            let former = another.then(|| before.seal_former(key, incident, row.bucket));
            let lacks = Lacks::from_bits(row.lacks);
            let own =
                (another && lacks.is_of_contact()).then(|| lacks.own(now).seal(key, incident));
            all.push(Judged {
                bucket: row.bucket,
                reference_key: row.reference_key.clone(),
                marks,
                former,
                own,
            });
        }
    }
    Ok(all)
}
