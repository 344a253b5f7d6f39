//! Lists of references that an audience takes in or leaves out. Only keyed hashes are kept, and a list never changes: its
//! digest is its name, and other references have another digest.

use std::collections::BTreeSet;

use serde_json::json;

use super::audience::{Audience, Listed, NotOfIncident};
use super::error::CampaignError;
use super::store;
use crate::actor::Actor;
use crate::app::App;
use crate::audit::{self, Action};
use crate::db::{self, Conn};
use crate::id::{IncidentId, StaffId};
use crate::incident;
use crate::person::contact::{Key, reference_key};
use crate::person::narrowing::ListDigest;
use crate::person::store::listed::{self, Stored};
use crate::seal::sha256;

/// The largest list, in octets.
pub const LONGEST: usize = 1024 * 1024;
/// The longest reference, in octets; longer lines belong to another file.
const LONGEST_REFERENCE: usize = 200;

/// Why a list was refused. It quotes no reference.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// There is no such incident.
    #[error("there is no such incident")]
    Missing,
    /// The incident's people were forgotten.
    #[error("this incident was forgotten: its people can no longer be found by a reference")]
    Forgotten,
    /// No reference.
    #[error("the list is empty: enter one reference a line")]
    Empty,
    /// Larger than [`LONGEST`].
    #[error("the list is larger than 1 MiB: take it in parts, one campaign for each")]
    TooLong,
    /// A line that is no reference.
    #[error("line {line} is longer than a reference: enter one reference a line, and nothing else")]
    NotAReference {
        /// From 1.
        line: usize,
    },
    /// The master key is not the one under which the incident was opened.
    #[error(transparent)]
    Key(#[from] crate::seal::Broken),
    /// The database failed.
    #[error(transparent)]
    Db(db::Error),
}

impl From<db::Error> for ListError {
    fn from(error: db::Error) -> Self {
        match error {
            db::Error::Missing => Self::Missing,
            other => Self::Db(other),
        }
    }
}

/// A list that was added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Added {
    /// What an audience names it by.
    pub listed: Listed,
    /// How many of its references name a person of the incident.
    pub known: i64,
}

/// The references of a text, one a line; references that differ only in case or spaces are one.
fn keys(text: &str, key: impl Fn(&str) -> Key) -> Result<BTreeSet<Key>, ListError> {
    if text.len() > LONGEST {
        return Err(ListError::TooLong);
    }
    let mut keys = BTreeSet::new();
    for (n, line) in text.lines().enumerate() {
        // A file that follows typed lines may begin with a byte order mark.
        let reference = line.trim_start_matches('\u{feff}').trim();
        if reference.len() > LONGEST_REFERENCE {
            return Err(ListError::NotAReference { line: n + 1 });
        }
        if !reference.is_empty() {
            keys.insert(key(reference));
        }
    }
    match keys.is_empty() {
        true => Err(ListError::Empty),
        false => Ok(keys),
    }
}

/// Adds a list of references to an incident, one reference a line. The same references give the same list.
///
/// # Errors
/// [`ListError`]: nothing is kept.
pub async fn add(
    app: &App,
    by: StaffId,
    incident: IncidentId,
    text: &str,
) -> Result<Added, ListError> {
    let now = app.now();
    let mut tx = app.db.begin().await?;
    let of = incident::store::hold(&mut tx, incident).await?;
    let key = of.key(&app.keys)?.ok_or(ListError::Forgotten)?;
    let keys: Vec<Key> = keys(text, |reference| reference_key(&key, reference))?
        .into_iter()
        .collect();
    let digest = ListDigest(sha256(&keys.concat()));
    let listed = Listed {
        list: digest,
        references: u32::try_from(keys.len()).unwrap_or(u32::MAX),
    };
    let stored = listed::add(&mut tx, (incident, digest), &keys, by, now).await?;
    if stored == Stored::Now {
        let detail = json!({ "list": digest, "references": listed.references });
        let (by, action) = (Actor::Staff(by), Action::AudienceList);
        audit::store::append(&mut tx, now, by, action, incident, &detail).await?;
    }
    let known = listed::known(&mut tx, incident, digest).await?;
    tx.commit().await?;
    Ok(Added { listed, known })
}

/// Whether the incident has the lists and the campaign that a draft's audience names.
pub(super) async fn check(
    conn: &mut Conn,
    incident: IncidentId,
    audience: &Audience,
) -> Result<(), CampaignError> {
    for Listed { list, references } in audience.only_listed.iter().chain(&audience.not_listed) {
        let entries = listed::entries(conn, incident, *list).await?;
        if entries.and_then(|n| u32::try_from(n).ok()) != Some(*references) {
            let (list, references) = (*list, *references);
            return Err(NotOfIncident::List { list, references }.into());
        }
    }
    if let Some(earlier) = &audience.earlier {
        let found = match store::find(conn, earlier.campaign).await {
            Err(db::Error::Missing) => None,
            found => Some(found?),
        };
        if found.is_none_or(|one| one.incident != incident) {
            return Err(NotOfIncident::Campaign(earlier.campaign).into());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stand-in for the keyed hash, which the tests of the whole program use.
    fn key(reference: &str) -> Key {
        let mut key = [0; 16];
        key.copy_from_slice(&sha256(reference.as_bytes())[..16]);
        key
    }

    #[test]
    fn one_reference_a_line_is_read_and_nothing_else() {
        let read = |text: &str| keys(text, key).map(|keys| keys.len());
        assert!(matches!(read("\u{feff}A-1\r\n\r\n  A-2 \nA-1\n"), Ok(2)));
        assert!(matches!(read(" \n\r\n"), Err(ListError::Empty)));
        let long = format!("A-1\n{}", "x".repeat(201));
        let refused = read(&long);
        assert!(matches!(refused, Err(ListError::NotAReference { line: 2 })));
        let huge = "A-1\n".repeat(LONGEST / 4 + 1);
        assert!(matches!(read(&huge), Err(ListError::TooLong)));
    }
}
