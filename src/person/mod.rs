//! A person: one affected human in one incident, and how far we got in telling them.

pub mod books;
pub mod contact;
pub mod find;
pub mod flags;
pub mod forget;
pub mod letters;
pub mod place;
pub mod store;

use serde::Serialize;

use self::contact::{Contact, Sealed};
use self::flags::{Flags, WithheldReason};
use self::place::{Jurisdiction, Locale};
use crate::element::{Element, ElementSet};
use crate::id::{IncidentId, PersonId};
use crate::pg_enum;
use crate::seal::{Broken, IncidentKey};

pg_enum! {
    /// Where a person stands in the account of their incident (P1): exactly one of these.
    pub enum PersonStanding: PersonStanding {
        /// To be told by e-mail; not yet told.
        InProgress = "in_progress",
        /// A relay took a notice to them. Stays, whatever the list says later.
        Notified = "notified",
        /// No address, or it refused: the post must tell them.
        NeedsLetter = "needs_letter",
        /// Must not be written to; there is a reason.
        Withheld = "withheld",
        /// No longer in the scope.
        Retracted = "retracted",
    }
}

/// A person; their contact data opened, or still sealed.
#[derive(Debug, Clone)]
pub struct Person<C = Contact> {
    /// Who.
    pub id: PersonId,
    /// In which incident.
    pub incident: IncidentId,
    /// How to reach them.
    pub contact: C,
    /// What was exposed.
    pub exposed: ElementSet,
    /// What the notices sent to them named.
    pub named: ElementSet,
    /// Which language they read.
    pub locale: Locale,
    /// Which law applies, if known.
    pub jurisdiction: Option<Jurisdiction>,
    /// What changes how, or whether, we write.
    pub flags: Flags,
    /// Where they stand.
    pub standing: PersonStanding,
    /// Why nothing is sent, if withheld.
    pub withheld: Option<WithheldReason>,
    /// A status link is good only for the epoch in which it was made.
    pub link_epoch: i16,
}

impl Person<Sealed> {
    /// Opens the contact data.
    ///
    /// # Errors
    /// [`Broken`] under another incident's key, or if the bytes were altered.
    pub fn open(self, key: &IncidentKey) -> Result<Person, Broken> {
        Ok(Person {
            contact: self.contact.open(key, self.incident)?,
            id: self.id,
            incident: self.incident,
            exposed: self.exposed,
            named: self.named,
            locale: self.locale,
            jurisdiction: self.jurisdiction,
            flags: self.flags,
            standing: self.standing,
            withheld: self.withheld,
            link_epoch: self.link_epoch,
        })
    }
}

impl<C> Person<C> {
    /// What was exposed and no notice named yet (P2).
    pub fn unnamed(&self) -> ElementSet {
        self.exposed.minus(self.named)
    }
}

/// What is known of a person whom a scope version lists again.
#[derive(Debug, Clone, Copy)]
pub struct Before {
    /// Where they stood.
    pub standing: PersonStanding,
    /// Whether a notice was ever sent to them.
    pub told: bool,
    /// Whether the list still gives the same e-mail address.
    pub same_address: bool,
}

/// Where a person stands once a scope version lists them.
///
/// What was done stays done: a person who was told stays notified. Then come the flags, then whether
/// there is an address; one that refused is no address until the list gives another.
/// `scope::store` says the same in SQL, and a test compares the two.
pub fn standing(before: Option<Before>, flags: Flags, has_address: bool) -> PersonStanding {
    use PersonStanding::{InProgress, NeedsLetter, Notified, Retracted, Withheld};
    match before {
        Some(b) if b.standing == Notified || (b.standing == Retracted && b.told) => Notified,
        _ if flags.withheld_reason().is_some() => Withheld,
        _ if !has_address => NeedsLetter,
        Some(b) if b.standing == NeedsLetter && b.same_address => NeedsLetter,
        _ => InProgress,
    }
}

/// What was believed of a person at some time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Believed {
    /// The scope version that was in force for them.
    pub scope: i32,
    /// What was exposed.
    pub exposed: ElementSet,
    /// Which language they read.
    pub locale: String,
    /// Which law applies; empty if not known.
    pub jurisdiction: String,
    /// What changes how, or whether, we write.
    #[serde(serialize_with = "flags::as_words")]
    pub flags: Flags,
    /// Whether they were in scope at all.
    pub in_scope: bool,
}

/// Which people of an incident a campaign is for. Everything given must hold; the empty filter means
/// everybody in scope. Retracted people are never meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AudienceFilter {
    /// Only people with an exposed element that no notice named to them yet.
    pub only_unnamed: bool,
    /// Only people to whom no notice was sent yet.
    pub never_notified: bool,
    /// Only these jurisdictions; a country covers its parts.
    pub jurisdictions: Vec<String>,
    /// Only these locales; a language covers its variants.
    pub locales: Vec<String>,
    /// Only people who lost one of these elements, as bits; 0 means any.
    pub any_of: i64,
}

/// A person as a campaign's launch sees them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AudienceRow {
    /// Who.
    pub id: PersonId,
    /// What was exposed.
    pub exposed: ElementSet,
    /// What was named to them.
    pub named: ElementSet,
    /// Where they stand.
    pub standing: PersonStanding,
    /// Why they must not be written to, by their flags; also for people who were told before.
    pub withheld: Option<WithheldReason>,
    /// Whether there is an e-mail address that has not refused.
    pub has_address: bool,
}

/// Whom a figure of the account means. Everything given must hold; the empty filter means everybody in
/// scope.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PeopleFilter {
    /// Only who stands here.
    pub standing: Option<PersonStanding>,
    /// Only to whom something (with `element`: that) is not yet named.
    pub incomplete: bool,
    /// Only exactly this jurisdiction; empty means that it is not known.
    pub jurisdiction: Option<String>,
    /// Only exactly this locale.
    pub locale: Option<String>,
    /// Only who lost this.
    pub element: Option<Element>,
    /// Only who is withheld for this reason.
    pub reason: Option<WithheldReason>,
}

/// How an audience divides.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct AudienceCount {
    /// Can be told by e-mail.
    pub mailable: i64,
    /// Must not be written to.
    pub withheld: i64,
    /// No address that works.
    pub needs_letter: i64,
}

/// What became of a notice to a person, for [`store::settle`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settled {
    /// Who.
    pub person: PersonId,
    /// What the notice named; empty unless it was sent.
    pub named: ElementSet,
    /// Where that puts them: notified, needing a letter, or back in progress. Other words are ignored,
    /// since the list alone withholds and retracts.
    pub standing: Option<PersonStanding>,
    /// The notice that told them came back after all: only then does a notified person stop being one.
    pub takes_back: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use PersonStanding::*;

    #[test]
    fn flags_come_before_addresses_and_what_was_done_before_both() {
        assert_eq!(standing(None, Flags::NONE, true), InProgress);
        assert_eq!(standing(None, Flags::MINOR, false), NeedsLetter);
        assert_eq!(standing(None, Flags::HOLD, false), Withheld);
        let before = |standing, told, same_address| {
            Some(Before {
                standing,
                told,
                same_address,
            })
        };
        let told = before(Notified, true, false);
        assert_eq!(standing(told, Flags::HOLD, false), Notified);
        let restored = before(Retracted, true, true);
        assert_eq!(standing(restored, Flags::NONE, true), Notified);
        let restored = before(Retracted, false, true);
        assert_eq!(standing(restored, Flags::NONE, true), InProgress);
        let refused = before(NeedsLetter, false, true);
        assert_eq!(standing(refused, Flags::NONE, true), NeedsLetter);
        let another = before(NeedsLetter, false, false);
        assert_eq!(standing(another, Flags::NONE, true), InProgress);
    }
}
