//! An incident: one breach, its states, its fact sheet and its public updates.

pub mod change;
pub mod claims;
pub mod open;
pub mod publication;
pub mod rewrap;
pub mod steer;
pub mod store;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::id::{IncidentId, StaffId, UpdateId};
use crate::invisible::shows_nothing;
use crate::pg_enum;

pg_enum! {
    /// Where an incident stands.
    pub enum IncidentState: IncidentState {
        /// It is claimed; nothing is known.
        Suspected = "suspected",
        /// It happened.
        Confirmed = "confirmed",
        /// Finding out who and what.
        Scoping = "scoping",
        /// Telling people.
        Notifying = "notifying",
        /// All people were told; answering.
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

    /// Whether people may be told about an incident in this state. Before it is confirmed nothing is known to tell;
    /// after it is over its public page and its helpline are closed.
    pub fn may_notify(self) -> bool {
        match self {
            Self::Confirmed | Self::Scoping | Self::Notifying | Self::Monitoring => true,
            Self::Suspected | Self::Closed | Self::Dismissed => false,
        }
    }

    /// Whether no person of such an incident is told anything more.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Closed | Self::Dismissed)
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
    /// How sure a public update or a claim is.
    pub enum UpdateKind: UpdateKind {
        /// Known.
        Known = "known",
        /// Being checked.
        BeingChecked = "being_checked",
        /// Corrects something said before.
        Corrected = "corrected",
    }
}

/// Facts about an incident, by their keys.
pub type Facts = BTreeMap<String, String>;

/// What is public of a claim beside its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedClaim {
    /// How sure it is.
    pub state: UpdateKind,
    /// The languages that it has a text in.
    pub locales: Vec<String>,
    /// What the claim said in public before each correction, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub corrections: Vec<Correction>,
}

/// A correction of a claim that was public.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    /// When the correct text was published.
    pub at: DateTime<Utc>,
    /// What was public before, by locale.
    pub before: BTreeMap<String, String>,
}

/// What is public of claims, by key.
pub type PublishedClaims = BTreeMap<String, PublishedClaim>;

/// The facts of an incident that published none.
static NO_FACTS: Facts = Facts::new();

/// The facts that public pages and status pages show.
#[derive(Debug, Clone)]
pub struct Published {
    /// The facts as they were when they were published.
    pub facts: Facts,
    /// The claims that they are the texts of; none if they were published before there were claims.
    pub claims: PublishedClaims,
    /// When that was.
    pub at: DateTime<Utc>,
    /// Who published them; `None`: they were public before publishing was an act.
    pub by: Option<StaffId>,
}

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
    /// The working fact sheet, used by templates and agents. Public pages show [`Incident::public_facts`].
    pub facts: Facts,
    /// The title that was published with the facts, or pinned when the incident was public without them.
    pub published_title: Option<String>,
    /// The facts that were published; none before the first time.
    pub published: Option<Published>,
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

    /// Whether its page is public: people are being told, or it `has_spoken`, which [`store::has_spoken`] finds out: an
    /// update or facts were published, a campaign was launched or letters were posted, so that status pages and
    /// verified codes link there. Until then no outsider may learn that there is an incident.
    pub fn is_public(&self, has_spoken: bool) -> bool {
        use IncidentState::{Closed, Monitoring, Notifying};
        has_spoken || matches!(self.state, Notifying | Monitoring | Closed)
    }

    /// Whether people may be told about it: [`IncidentState::may_notify`], and it is not forgotten.
    pub fn may_notify(&self) -> bool {
        self.forgotten_at.is_none() && self.state.may_notify()
    }

    /// Whether nothing more is promised about it: it is closed, dismissed or forgotten.
    pub fn is_over(&self) -> bool {
        self.forgotten_at.is_some() || self.state.is_over()
    }

    /// The title that public pages show.
    pub fn public_title(&self) -> &str {
        self.published_title.as_deref().unwrap_or(&self.title)
    }

    /// The facts that public pages and status pages show; none before they were published.
    pub fn public_facts(&self) -> &Facts {
        self.published
            .as_ref()
            .map_or(&NO_FACTS, |published| &published.facts)
    }

    /// The keys of the working fact sheet that are not public with their present text. A text for customers that quotes
    /// one of them says what no public page says.
    pub fn unpublished_facts(&self) -> Vec<&str> {
        let public = self.public_facts();
        self.facts
            .iter()
            .filter(|(key, text)| public.get(*key) != Some(text))
            .map(|(key, _)| key.as_str())
            .collect()
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
    /// The account that published it.
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
    /// The language of a claim's text.
    #[error("a language is a tag such as en, es or zh-Hant")]
    Language,
    /// The key of a claim and one of its languages.
    #[error(
        "the text of one claim in a language has the same key as another claim: use another key"
    )]
    SameKey,
    /// The state of a new claim.
    #[error("a new claim is known or being checked: there is nothing of it to correct")]
    NothingToCorrect,
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
    let fine = !shows_nothing(title)
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
    let fine = facts.len() <= 300
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
    fn people_are_told_only_while_the_incident_is_confirmed_and_not_over() {
        use IncidentState::*;
        let may: Vec<_> = IncidentState::ALL
            .iter()
            .copied()
            .filter(|state| state.may_notify())
            .collect();
        assert_eq!(may, [Confirmed, Scoping, Notifying, Monitoring]);
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
