//! Which people of an incident a campaign is for.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::flags::{Flags, WithheldReason};
use super::narrowing::{ListDigest, Wave};
use super::place::{Jurisdiction, Locale};
use super::{Person, PersonStanding};
use crate::element::ElementSet;
use crate::id::{CampaignId, PersonId};

/// What people were told so far, compared with what was exposed of them.
///
/// The words of before stay readable: stored campaigns have them, and programs send them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Who {
    /// All people in scope.
    #[default]
    Everyone,
    /// In scope, told nothing so far.
    #[serde(alias = "not_yet_notified")]
    ToldNothing,
    /// In scope, told something, and something exposed was not named to them.
    #[serde(alias = "unnamed")]
    OwedMore,
    /// In scope, and last told of an element that is not theirs.
    OverTold,
    /// Told of something, and since retracted from the scope.
    RetractedAfterNotice,
    /// [`Self::OverTold`] and [`Self::RetractedAfterNotice`] together.
    WronglyTold,
    /// Told something; also people who were retracted since.
    Told,
}

impl Who {
    /// Its word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Everyone => "everyone",
            Self::ToldNothing => "told_nothing",
            Self::OwedMore => "owed_more",
            Self::OverTold => "over_told",
            Self::RetractedAfterNotice => "retracted_after_notice",
            Self::WronglyTold => "wrongly_told",
            Self::Told => "told",
        }
    }

    /// Whether what these people were told is compared with `elements`, and not what was exposed of them.
    pub(super) fn is_about_told(self) -> bool {
        matches!(
            self,
            Self::OverTold | Self::RetractedAfterNotice | Self::WronglyTold | Self::Told
        )
    }
}

/// A filter of the people of an incident. All conditions given must hold; an empty list or set filters nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AudienceFilter {
    /// What they were told.
    pub who: Who,
    /// Only these jurisdictions; a country covers its parts.
    pub jurisdictions: Vec<Jurisdiction>,
    /// Only these locales; a language covers its variants.
    pub locales: Vec<Locale>,
    /// Only people with one of these exposed; among wrongly told people, those who were told wrongly of one of these;
    /// among told people, those who were told of one of these.
    pub elements: ElementSet,
    /// Only people with all of these; compared as `elements` is.
    pub all_elements: ElementSet,
    /// Only people with none of these; compared as `elements` is.
    pub no_elements: ElementSet,
    /// Only people with one of these flags.
    pub flags: Flags,
    /// Only people with none of these flags.
    pub no_flags: Flags,
    /// Only people with a notice of this campaign in one of these states: words of `NoticeStatus`.
    pub earlier: Option<(CampaignId, Vec<&'static str>)>,
    /// Only people with a reference on this list.
    pub only_listed: Option<ListDigest>,
    /// Without the people with a reference on this list.
    pub not_listed: Option<ListDigest>,
    /// Only the people of this wave.
    pub wave: Option<Wave>,
    /// Only people who may have been told: a campaign that is over left a notice to them uncertain, and it named something
    /// that they are not known to know. Without it they are left out, but of audiences of what people were told.
    pub may_have_been_told: bool,
    /// The campaign; its own notices do not count as unsettled elsewhere. Without it a campaign that is frozen looks for
    /// its own notices to each person, and finds none.
    pub but: Option<CampaignId>,
}

impl AudienceFilter {
    /// Whether this person is meant, whatever notices they have. `store::page_after` says the same in SQL, and a test
    /// compares the two. Lists of references, waves and the outcome of an earlier campaign are left to the statement: they
    /// decide who gets a notice, and do not change while it is sent.
    pub fn covers<C>(&self, person: &Person<C>) -> bool {
        let place = |wanted: &Jurisdiction| {
            person
                .jurisdiction
                .as_ref()
                .is_some_and(|place| place == wanted || place.country() == wanted.as_str())
        };
        let language = |wanted: &Locale| {
            person.locale == *wanted || person.locale.language() == wanted.as_str()
        };
        let (in_scope, told) = (
            person.standing != PersonStanding::Retracted,
            person.told.is_some(),
        );
        let wrong = match in_scope {
            true => person.named.minus(person.exposed),
            false => person.named,
        };
        let (is_meant, of) = match self.who {
            Who::Everyone => (in_scope, person.exposed),
            Who::ToldNothing => (in_scope && !told, person.exposed),
            Who::OwedMore => (
                in_scope && told && !person.unnamed().is_empty(),
                person.exposed,
            ),
            Who::OverTold => (in_scope && !wrong.is_empty(), wrong),
            Who::RetractedAfterNotice => (!in_scope && !wrong.is_empty(), wrong),
            Who::WronglyTold => (!wrong.is_empty(), wrong),
            Who::Told => (told, person.named),
        };
        is_meant
            && (self.jurisdictions.is_empty() || self.jurisdictions.iter().any(place))
            && (self.locales.is_empty() || self.locales.iter().any(language))
            && (self.elements.is_empty() || !of.intersection(self.elements).is_empty())
            && self.all_elements.minus(of).is_empty()
            && of.intersection(self.no_elements).is_empty()
            && person.flags.bits() & self.no_flags.bits() == 0
            && (self.flags.is_empty() || person.flags.bits() & self.flags.bits() != 0)
    }
}

/// A person as a campaign's launch sees them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AudienceRow {
    /// Who.
    pub id: PersonId,
    /// Which language they read.
    pub locale: Locale,
    /// What was exposed; nothing of a person who was retracted.
    pub exposed: ElementSet,
    /// What they were last told.
    pub named: ElementSet,
    /// Where they stand.
    pub standing: PersonStanding,
    /// Why they must not be written to, by their flags; also for people who were told before.
    pub withheld: Option<WithheldReason>,
    /// Whether there is an e-mail address that no bounce condemned.
    pub has_address: bool,
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
    /// Left out: another campaign of the incident has a notice to them that is not settled.
    pub waiting_elsewhere: i64,
    /// Left out: a campaign that is over left a notice to them uncertain, so that they may have been told.
    pub may_have_been_told: i64,
}

impl AudienceCount {
    /// All of them, those who are left out included.
    pub fn people(&self) -> i64 {
        self.mailable
            + self.withheld
            + self.needs_letter
            + self.waiting_elsewhere
            + self.may_have_been_told
    }
}

/// People of an audience who can be told by e-mail with the same text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AudienceClass {
    /// Which language they read.
    pub locale: Locale,
    /// What was exposed; nothing of people who were retracted.
    pub exposed: ElementSet,
    /// What they were last told.
    pub named: ElementSet,
    /// Where they live, if that is known.
    pub jurisdiction: Option<Jurisdiction>,
    /// How many.
    pub people: i64,
}

/// Flags in JSON: an array of words; a text as in lists is read, too.
pub(crate) mod flag_words {
    use super::{Deserialize, Deserializer, Flags, Serializer, de};

    /// Writes them.
    ///
    /// # Errors
    /// The serializer's.
    pub(crate) fn serialize<S: Serializer>(flags: &Flags, to: S) -> Result<S::Ok, S::Error> {
        let words = flags.to_string();
        to.collect_seq(words.split(';').filter(|word| !word.is_empty()))
    }

    /// Reads them. `retract` stands in lists only and is refused.
    ///
    /// # Errors
    /// A word that is no flag.
    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Flags, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Given {
            One(String),
            Many(Vec<String>),
        }
        let words = match Given::deserialize(from)? {
            Given::One(words) => words,
            Given::Many(words) => words.join(";"),
        };
        let flags = Flags::parse(&words).map_err(de::Error::custom)?;
        match flags.contains(Flags::RETRACT) {
            true => Err(de::Error::custom(
                "The flag retract stands in lists only; nobody of an audience has it.",
            )),
            false => Ok(flags),
        }
    }
}
