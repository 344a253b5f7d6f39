//! A person: one affected human in one incident, and how far we got in telling them.

pub(crate) mod audience;
pub mod contact;
pub mod find;
pub mod flags;
pub mod hardest;
pub mod narrowing;
pub mod place;
pub(crate) mod revoke;
pub mod store;
pub mod terms;

use chrono::{DateTime, Utc};
use serde::Serialize;

pub use self::audience::{AudienceClass, AudienceCount, AudienceFilter, AudienceRow, Who};
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
        /// A relay took the last notice to them.
        Notified = "notified",
        /// The last notice to them was a letter that was posted.
        NotifiedByPost = "notified_by_post",
        /// They, or those who act for them, were told by another channel.
        NotifiedOtherwise = "notified_otherwise",
        /// Something is to be told, and no e-mail address takes it: the post must tell them.
        NeedsLetter = "needs_letter",
        /// Must not be written to; there is a reason.
        Withheld = "withheld",
        /// No longer in the scope.
        Retracted = "retracted",
    }
}

impl PersonStanding {
    /// Whether this is one of the standings of those who were told.
    pub fn is_notified(self) -> bool {
        matches!(
            self,
            Self::Notified | Self::NotifiedByPost | Self::NotifiedOtherwise
        )
    }
}

pg_enum! {
    /// The channel by which a person was told.
    pub enum ToldBy: ToldBy {
        /// A relay accepted an e-mail.
        Email = "email",
        /// A letter was posted.
        Post = "post",
        /// In person, by telephone, by a safe channel, or through next of kin.
        Otherwise = "otherwise",
    }
}

pg_enum! {
    /// How a person who was told of something that is not theirs is to be corrected.
    pub enum CorrectionDue: CorrectionDue {
        /// They were told of nothing but what is theirs.
        None = "none",
        /// By e-mail.
        Email = "email",
        /// By post or otherwise: no e-mail address takes it.
        Letter = "letter",
        /// Their flags forbid to write to them.
        Withheld = "withheld",
    }
}

/// A person; their contact data opened, or still sealed.
#[derive(Debug, Clone)]
pub struct Person<C = Contact> {
    /// Who.
    pub id: PersonId,
    /// The incident.
    pub incident: IncidentId,
    /// How to reach them.
    pub contact: C,
    /// What was exposed.
    pub exposed: ElementSet,
    /// What they were last told: a correction replaces it, other notices add to it.
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
    /// The channel that told them last; `None`: they were told nothing so far.
    pub told: Option<ToldBy>,
    /// Whether they have an e-mail address, and no notice to it bounced.
    pub reachable: bool,
    /// Whether they have an e-mail address that campaigns may write to: no bounce condemned it.
    pub has_address: bool,
    /// The blind index of their e-mail address, if they have one.
    pub email_key: Option<Vec<u8>>,
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
            told: self.told,
            reachable: self.reachable,
            has_address: self.has_address,
            email_key: self.email_key,
            link_epoch: self.link_epoch,
        })
    }
}

impl<C> Person<C> {
    /// Whether an answer or a code may go to them by e-mail: there is an address, and no flag forbids to use it. One
    /// that refused a notice is tried again, since they asked.
    pub fn may_be_mailed(&self) -> bool {
        self.email_key.is_some() && self.flags.withheld_reason().is_none()
    }

    /// What is exposed of them as the list has it now: nothing of a person who is not affected.
    pub fn exposed_now(&self) -> ElementSet {
        match self.standing {
            PersonStanding::Retracted => ElementSet::EMPTY,
            _ => self.exposed,
        }
    }

    /// What they were last told of that is not theirs, as the list has it now.
    pub fn told_wrongly(&self) -> ElementSet {
        self.named.minus(self.exposed_now())
    }

    /// What was exposed, as the list has it now, and no notice named yet (P2).
    pub fn unnamed(&self) -> ElementSet {
        self.exposed_now().minus(self.named)
    }
}

/// The facts from which a standing follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// Whether the active scope lists them.
    pub in_scope: bool,
    /// The channel that told them last, if any did.
    pub told: Option<ToldBy>,
    /// Whether an exposed element is not named to them.
    pub owes: bool,
    /// Their flags.
    pub flags: Flags,
    /// Whether they have an e-mail address, and it did not refuse.
    pub reachable: bool,
}

/// Where a person stands. The function `standing_of` of the database says the same, and a test compares the two.
pub fn standing(of: Facts) -> PersonStanding {
    use PersonStanding::{InProgress, NeedsLetter, Retracted, Withheld};
    let told = of.told.map(|by| match by {
        ToldBy::Email => PersonStanding::Notified,
        ToldBy::Post => PersonStanding::NotifiedByPost,
        ToldBy::Otherwise => PersonStanding::NotifiedOtherwise,
    });
    match told {
        _ if !of.in_scope => Retracted,
        Some(told) if !of.owes => told,
        _ if of.flags.withheld_reason().is_some() => Withheld,
        _ if !of.reachable => NeedsLetter,
        Some(told) => told,
        None => InProgress,
    }
}

/// How a person is to be corrected. The function `correction_due_of` of the database says the same, and a test compares
/// the two.
pub fn correction_due(
    retracted: bool,
    (exposed, named): (ElementSet, ElementSet),
    flags: Flags,
    reachable: bool,
) -> CorrectionDue {
    let wrong = match retracted {
        true => named,
        false => named.minus(exposed),
    };
    match (wrong.is_empty(), flags.withheld_reason(), reachable) {
        (true, ..) => CorrectionDue::None,
        (false, Some(_), _) => CorrectionDue::Withheld,
        (false, None, true) => CorrectionDue::Email,
        (false, None, false) => CorrectionDue::Letter,
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

/// The list version that last changed a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listed {
    /// Its number.
    pub version: i32,
    /// When it came into force for this person.
    pub at: DateTime<Utc>,
}

/// The people of a figure of the account. All conditions given must hold; the empty filter means all people in scope.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PeopleFilter {
    /// Only who stands here; `Notified` means every channel.
    pub standing: Option<PersonStanding>,
    /// Only people who were not told of everything yet (with `element`: of that element).
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

/// What became of a message to a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Became {
    /// They were told.
    Told {
        /// The channel.
        by: ToldBy,
        /// The `email_key` of the address that accepted the e-mail, if that is known: it no longer counts as refused.
        address: Option<Vec<u8>>,
        /// What the message named.
        named: ElementSet,
        /// It was a correction: they know what it named and nothing else.
        replaces: bool,
    },
    /// An e-mail address refused it for good: it is condemned, and no later campaign tries it.
    Refused {
        /// The `email_key` of that address; `None`: the one they have now.
        address: Option<Vec<u8>>,
    },
    /// E-mail did not reach them, and that says nothing about the address: they need a letter, and a later campaign may
    /// try it again.
    NotDelivered {
        /// As in [`Became::Refused`].
        address: Option<Vec<u8>>,
    },
    /// It did not reach them after all, a returned letter for example.
    TakenBack {
        /// The channel that had told them before it.
        told: Option<ToldBy>,
        /// What they knew before it.
        named: ElementSet,
    },
}

/// What became of a message, for [`store::settle`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// To this person.
    pub person: PersonId,
    /// Its result.
    pub became: Became,
}

#[cfg(test)]
mod tests {
    use super::*;
    use PersonStanding::*;

    #[test]
    fn a_standing_follows_from_the_facts() {
        let stands = |in_scope, told, owes, flags, reachable| {
            standing(Facts {
                in_scope,
                told,
                owes,
                flags,
                reachable,
            })
        };
        let (email, post) = (Some(ToldBy::Email), Some(ToldBy::Post));
        assert_eq!(stands(true, None, true, Flags::NONE, true), InProgress);
        assert_eq!(stands(true, None, true, Flags::MINOR, false), NeedsLetter);
        assert_eq!(stands(true, None, true, Flags::HOLD, true), Withheld);
        assert_eq!(stands(true, email, false, Flags::HOLD, false), Notified);
        assert_eq!(
            stands(true, post, false, Flags::NONE, false),
            NotifiedByPost
        );
        assert_eq!(stands(true, email, true, Flags::NONE, true), Notified);
        assert_eq!(stands(true, email, true, Flags::NONE, false), NeedsLetter);
        assert_eq!(stands(true, email, true, Flags::DECEASED, true), Withheld);
        assert_eq!(stands(false, email, false, Flags::NONE, true), Retracted);
    }
}
