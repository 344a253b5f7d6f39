//! An incident: one breach, its states, its fact sheet and its public updates.

pub mod rewrap;
pub mod steer;
pub mod store;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::id::{IncidentId, StaffId, UpdateId};
use crate::pg_enum;

pg_enum! {
    /// Where an incident stands.
    pub enum IncidentState: IncidentState {
        /// Somebody claims it; nothing is known.
        Suspected = "suspected",
        /// It happened.
        Confirmed = "confirmed",
        /// Finding out who and what.
        Scoping = "scoping",
        /// Telling people.
        Notifying = "notifying",
        /// Everybody was told; answering.
        Monitoring = "monitoring",
        /// Over.
        Closed = "closed",
        /// It was not a breach.
        Dismissed = "dismissed",
    }
}

impl IncidentState {
    /// The states that may follow, in the order in which they are offered.
    pub fn after(self) -> &'static [Self] {
        match self {
            Self::Suspected => &[Self::Confirmed, Self::Dismissed],
            Self::Confirmed => &[Self::Scoping],
            Self::Scoping => &[Self::Notifying],
            Self::Notifying => &[Self::Monitoring],
            Self::Monitoring => &[Self::Closed],
            Self::Closed => &[Self::Scoping],
            Self::Dismissed => &[],
        }
    }

    /// The states from which this one may be reached: the guard of every UPDATE.
    pub fn before(self) -> Vec<Self> {
        Self::ALL
            .iter()
            .copied()
            .filter(|from| from.after().contains(&self))
            .collect()
    }
}

pg_enum! {
    /// How sure a public update is.
    pub enum UpdateKind: UpdateKind {
        /// Known.
        Known = "known",
        /// Being checked.
        BeingChecked = "being_checked",
        /// Corrects something said before.
        Corrected = "corrected",
    }
}

/// The incident's own facts, used alike by templates, pages and agents.
pub type Facts = BTreeMap<String, String>;

/// One breach.
#[derive(Debug, Clone)]
pub struct Incident {
    /// Its id.
    pub id: IncidentId,
    /// Its name in URLs.
    pub slug: String,
    /// What people read.
    pub title: String,
    /// Where it stands.
    pub state: IncidentState,
    /// The fact sheet.
    pub facts: Facts,
    /// The scope version in force.
    pub active_scope: Option<i32>,
    /// Grows with every change; a change must name the version it saw.
    pub version: i32,
    /// When it was opened.
    pub created_at: DateTime<Utc>,
    /// When its key was destroyed, and its people with it.
    pub forgotten_at: Option<DateTime<Utc>>,
    pub(crate) wrapped_key: Option<Vec<u8>>,
}

impl Incident {
    /// The key that opens its people; `None` once it was forgotten.
    ///
    /// # Errors
    /// [`crate::seal::Broken`] under another master key.
    pub fn key(
        &self,
        keys: &crate::seal::Keyring,
    ) -> Result<Option<crate::seal::IncidentKey>, crate::seal::Broken> {
        self.wrapped_key
            .as_deref()
            .map(|wrapped| keys.incident_key(self.id, wrapped))
            .transpose()
    }

    /// Whether its page is public: something was published about it, or people are being told. Until
    /// then nobody outside may learn that there is an incident.
    pub fn is_public(&self, published: bool) -> bool {
        use IncidentState::{Closed, Monitoring, Notifying};
        published || matches!(self.state, Notifying | Monitoring | Closed)
    }
}

/// A dated public update.
#[derive(Debug, Clone)]
pub struct Update {
    /// Its id.
    pub id: UpdateId,
    /// How sure it is.
    pub kind: UpdateKind,
    /// Its text, plain.
    pub body: String,
    /// When it was published.
    pub published_at: DateTime<Utc>,
    /// By whom.
    pub published_by: StaffId,
}

/// Why a name for URLs, a title, a fact or an update was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadText {
    /// The slug.
    #[error("a slug is lower-case letters, digits and single hyphens, at most 80")]
    Slug,
    /// The title.
    #[error("a title has 1 to 200 characters on one line")]
    Title,
    /// A fact.
    #[error(
        "a fact's key is lower-case letters, digits and underscores, at most 60; its text has at most 5000 characters"
    )]
    Fact,
    /// An update.
    #[error("an update has 1 to 5000 characters")]
    Update,
}

/// Checks a slug.
///
/// # Errors
/// [`BadText::Slug`].
pub fn check_slug(slug: &str) -> Result<(), BadText> {
    let parts_ok = slug.split('-').all(|part| {
        !part.is_empty()
            && part
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    });
    (parts_ok && slug.len() <= 80)
        .then_some(())
        .ok_or(BadText::Slug)
}

/// Checks a title.
///
/// # Errors
/// [`BadText::Title`].
pub fn check_title(title: &str) -> Result<(), BadText> {
    let fine = !title.trim().is_empty()
        && title.chars().count() <= 200
        && !title.chars().any(char::is_control);
    fine.then_some(()).ok_or(BadText::Title)
}

/// Checks a fact sheet.
///
/// # Errors
/// [`BadText::Fact`].
pub fn check_facts(facts: &Facts) -> Result<(), BadText> {
    let key_ok = |key: &str| {
        (1..=60).contains(&key.len())
            && key
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    let fine = facts.len() <= 100
        && facts.iter().all(|(key, text)| {
            key_ok(key) && text.chars().count() <= 5_000 && !text.contains('\0')
        });
    fine.then_some(()).ok_or(BadText::Fact)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_published_moves_are_legal() {
        use IncidentState::*;
        let legal: Vec<_> = IncidentState::ALL
            .iter()
            .flat_map(|from| from.after().iter().map(move |to| (*from, *to)))
            .collect();
        assert_eq!(
            legal,
            [
                (Suspected, Confirmed),
                (Suspected, Dismissed),
                (Confirmed, Scoping),
                (Scoping, Notifying),
                (Notifying, Monitoring),
                (Monitoring, Closed),
                (Closed, Scoping),
            ]
        );
        assert_eq!(Scoping.before(), [Confirmed, Closed]);
    }

    #[test]
    fn slugs_and_facts_are_checked() {
        assert!(check_slug("carrier-2021").is_ok());
        for bad in ["", "-a", "a--b", "A", "a b", "ä"] {
            assert_eq!(check_slug(bad), Err(BadText::Slug), "{bad}");
        }
        assert!(check_facts(&Facts::from([("a b".to_owned(), String::new())])).is_err());
    }
}
