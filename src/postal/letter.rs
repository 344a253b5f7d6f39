//! A list that was taken, and the letters on it.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;

use super::{Knows, PostalKind, PostalState, PostalStatus, Telling};
use crate::element::ElementSet;
use crate::id::{IncidentId, PersonId, PostalId, StaffId};
use crate::seal::{Broken, IncidentKey};

/// A list that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Batch {
    /// Its id; stands on each line of the list.
    pub id: PostalId,
    /// The incident.
    pub incident: IncidentId,
    /// The kind of list.
    pub kind: PostalKind,
    /// Where it stands.
    pub state: PostalState,
    /// Who took it.
    pub taken_by: StaffId,
    /// When.
    pub taken_at: DateTime<Utc>,
    /// How many people are on it.
    pub people: i64,
    /// The day on which its letters were posted, or its people told.
    pub posted_on: Option<NaiveDate>,
    /// How many of its letters came back.
    pub returned: i64,
    /// How many of its letters were not posted after all.
    pub not_posted: i64,
    /// How many people belonged on it and are not, since the list of affected people has no postal address of theirs.
    pub without_address: i64,
}

impl Batch {
    /// A new list, still empty.
    pub(crate) fn new(of: IncidentId, kind: PostalKind, by: StaffId, now: DateTime<Utc>) -> Self {
        Self {
            id: PostalId::new(now),
            incident: of,
            kind,
            state: PostalState::Listed,
            taken_by: by,
            taken_at: now,
            people: 0,
            posted_on: None,
            returned: 0,
            not_posted: 0,
            without_address: 0,
        }
    }
}

/// The letter of one person.
#[derive(Debug, Clone)]
pub struct Item {
    /// The list.
    pub batch: Batch,
    /// The recipient.
    pub person: PersonId,
    /// What it tells.
    pub named: ElementSet,
    /// Whether it corrects: its person knows what it names and nothing else.
    pub replaces: bool,
    /// Where it stands. A letter of a discarded list stays `Listed`.
    pub status: PostalStatus,
    /// The key of the code printed in it.
    pub code_key: Option<i64>,
    /// When it was recorded as posted.
    pub posted_at: Option<DateTime<Utc>>,
    /// What the person had been told before.
    pub before: Knows,
    /// When it was recorded as returned or not posted.
    pub closed_at: Option<DateTime<Utc>>,
    pub(crate) reason: Option<Vec<u8>>,
    pub(crate) how: Option<Vec<u8>>,
}

impl Item {
    /// Why it came back, opened; empty if it did not.
    ///
    /// # Errors
    /// [`Broken`] under another incident's key.
    pub fn reason_in_words(&self, key: &IncidentKey) -> Result<String, Broken> {
        let Some(reason) = &self.reason else {
            return Ok(String::new());
        };
        let plain = key.open(&owner(self.batch.id, Some(self.person)), reason)?;
        String::from_utf8(plain).map_err(|_| Broken)
    }

    /// Who was told and how, opened; none if a letter was posted.
    ///
    /// # Errors
    /// [`Broken`] under another incident's key.
    pub fn telling(&self, key: &IncidentKey) -> Result<Option<Telling>, Broken> {
        let Some(how) = &self.how else {
            return Ok(None);
        };
        let plain = key.open(&owner(self.batch.id, None), how)?;
        serde_json::from_slice(&plain).map(Some).map_err(|_| Broken)
    }

    /// Whether its code opens the person's page: it is not discarded, did not come back, and no letter to them was
    /// posted later. `items` are all of this person's.
    pub fn opens(&self, items: &[Self]) -> bool {
        let posted = |item: &Self| item.posted_at.map(|at| (at, item.batch.id));
        match self.status {
            _ if self.code_key.is_none() || self.batch.state == PostalState::Discarded => false,
            PostalStatus::Listed => true,
            PostalStatus::Posted => !items.iter().any(|other| {
                other.code_key.is_some()
                    && other.status != PostalStatus::NotPosted
                    && posted(other) > posted(self)
            }),
            PostalStatus::NotPosted | PostalStatus::Returned => false,
        }
    }
}

/// The associated data of what is sealed of a list: its reasons and who was told.
pub(crate) fn owner(list: PostalId, person: Option<PersonId>) -> Vec<u8> {
    let person = person.map(|person| person.uuid().as_bytes().to_vec());
    [
        list.uuid().as_bytes(),
        person.as_deref().unwrap_or_default(),
    ]
    .concat()
}
