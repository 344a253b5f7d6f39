//! The sentence about an audience: from the people on record, each reason that leaves people out, to those who get it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::audience::{AudienceClass, AudienceCount, Who};

/// Where a person ends up: left out, or among those who get it. Each person is counted once, at the first that applies in
/// this order.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum AudienceTerm {
    /// Jurisdiction, locale, elements, flags, a list of references or the outcome of an earlier campaign leave them out.
    OutsideFilter,
    /// In another wave.
    OtherWave,
    /// Told nothing so far, and the audience is of people who were told something.
    ToldNothing,
    /// Told, and nothing that this audience is for is open.
    NothingToTell,
    /// Without an uncertain notice, and the audience is of people with one.
    NotUncertain,
    /// Another campaign has a notice to them that is not settled.
    WaitingElsewhere,
    /// A campaign that is over left a notice to them uncertain.
    MayHaveBeenTold,
    /// A flag forbids to write to them.
    Withheld,
    /// No e-mail reaches them, or none may.
    NeedsLetter,
    /// They get the message.
    GetsIt,
}

impl AudienceTerm {
    /// All, in their order.
    pub const ALL: [Self; 10] = [
        Self::OutsideFilter,
        Self::OtherWave,
        Self::ToldNothing,
        Self::NothingToTell,
        Self::NotUncertain,
        Self::WaitingElsewhere,
        Self::MayHaveBeenTold,
        Self::Withheld,
        Self::NeedsLetter,
        Self::GetsIt,
    ];

    /// Its word in JSON and addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OutsideFilter => "outside_filter",
            Self::OtherWave => "other_wave",
            Self::ToldNothing => "told_nothing",
            Self::NothingToTell => "nothing_to_tell",
            Self::NotUncertain => "not_uncertain",
            Self::WaitingElsewhere => "waiting_elsewhere",
            Self::MayHaveBeenTold => "may_have_been_told",
            Self::Withheld => "withheld",
            Self::NeedsLetter => "needs_letter",
            Self::GetsIt => "gets_it",
        }
    }

    /// What the sentence says after the number of people.
    pub fn in_words(self, who: Who, people: i64) -> &'static str {
        let is_one = people == 1;
        match self {
            Self::OutsideFilter => "outside the filter",
            Self::OtherWave if is_one => "in another wave",
            Self::OtherWave => "in other waves",
            Self::ToldNothing => "told nothing so far",
            Self::NothingToTell => match who {
                Who::ToldNothing => "told before",
                Who::OwedMore => "told of all that was taken",
                Who::OverTold
                | Who::RetractedAfterNotice
                | Who::WronglyTold
                | Who::Everyone
                | Who::Told => "told of nothing that is not theirs",
            },
            Self::NotUncertain => "without an uncertain notice",
            Self::WaitingElsewhere if is_one => "waits for another campaign",
            Self::WaitingElsewhere => "wait for another campaign",
            Self::MayHaveBeenTold => "may have been told",
            Self::Withheld => "withheld",
            Self::NeedsLetter if is_one => "needs a letter",
            Self::NeedsLetter => "need a letter",
            Self::GetsIt => "will get it",
        }
    }
}

impl Who {
    /// Whether people in scope, and people who left it, are counted for this audience.
    pub(crate) fn counts(self) -> (bool, bool) {
        match self {
            Self::Everyone | Self::ToldNothing | Self::OwedMore | Self::OverTold => (true, false),
            Self::RetractedAfterNotice => (false, true),
            Self::WronglyTold | Self::Told => (true, true),
        }
    }

    /// What the sentence says of the number that it begins with.
    pub fn beginning(self) -> &'static str {
        match self.counts() {
            (true, false) => "in scope",
            (false, _) => "no longer in scope",
            (true, true) => "in scope now or before",
        }
    }
}

/// The sentence, and how those who get it divide. All of one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AudienceTerms {
    /// People by term; a term without people is left out.
    pub people: BTreeMap<AudienceTerm, i64>,
    /// Those who get it, by language, exposed elements and elements told before.
    pub classes: Vec<AudienceClass>,
    /// Those who get it, by jurisdiction; empty for people without one.
    pub jurisdictions: BTreeMap<String, i64>,
}

impl AudienceTerms {
    /// The people of a term.
    pub fn of(&self, term: AudienceTerm) -> i64 {
        self.people.get(&term).copied().unwrap_or_default()
    }

    /// The number that the sentence begins with: the terms have no person in common and leave none out.
    pub fn all(&self) -> i64 {
        self.people.values().sum()
    }

    /// Those who get it, by language, most people first.
    pub fn languages(&self) -> Vec<(&str, i64)> {
        let mut people: BTreeMap<&str, i64> = BTreeMap::new();
        for class in &self.classes {
            *people.entry(class.locale.as_str()).or_default() += class.people;
        }
        let mut all: Vec<_> = people.into_iter().collect();
        all.sort_by_key(|(_, people)| std::cmp::Reverse(*people));
        all
    }

    /// Those who get it by jurisdiction, most people first.
    pub fn places(&self) -> Vec<(&str, i64)> {
        let each = self.jurisdictions.iter();
        let mut all: Vec<_> = each
            .map(|(place, people)| (place.as_str(), *people))
            .collect();
        all.sort_by_key(|(_, people)| std::cmp::Reverse(*people));
        all
    }

    /// How the audience divides, without those who are outside of it.
    pub fn count(&self) -> AudienceCount {
        AudienceCount {
            mailable: self.of(AudienceTerm::GetsIt),
            withheld: self.of(AudienceTerm::Withheld),
            needs_letter: self.of(AudienceTerm::NeedsLetter),
            waiting_elsewhere: self.of(AudienceTerm::WaitingElsewhere),
            may_have_been_told: self.of(AudienceTerm::MayHaveBeenTold),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_term_has_the_word_of_its_json_and_its_place() {
        for (place, term) in AudienceTerm::ALL.iter().enumerate() {
            let json = serde_json::to_value(term).expect("JSON");
            assert_eq!(json, term.as_str());
            assert_eq!(place, *term as usize);
        }
    }
}
