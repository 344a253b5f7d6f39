//! A recall: a text that was sent and is wrong, the people who were sent it, and the correction that their status pages
//! show.

pub mod draft;
pub mod readers;
pub mod steer;
pub mod store;
pub(crate) mod texts;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::id::{CampaignId, IncidentId, RecallId, StaffId, TemplateId};
use crate::invisible::shows_nothing;
use crate::person::place::Locale;
use crate::pg_enum;
use crate::template::pick;

/// The most characters of a correction in one language.
const LONGEST_CORRECTION: usize = 5_000;
/// The fewest and the most characters of the words that name a text.
const WORDS: std::ops::RangeInclusive<usize> = 3..=500;

pg_enum! {
    /// Where a recall stands.
    pub enum RecallStatus: RecallStatus {
        /// Waits for a second person.
        Proposed = "proposed",
        /// Status pages show the correction.
        Published = "published",
        /// Status pages show it no longer.
        Withdrawn = "withdrawn",
        /// Never published.
        Discarded = "discarded",
    }
}

impl RecallStatus {
    /// The states that may follow.
    pub fn after(self) -> &'static [Self] {
        match self {
            Self::Proposed => &[Self::Published, Self::Discarded],
            Self::Published => &[Self::Withdrawn],
            Self::Withdrawn | Self::Discarded => &[],
        }
    }
}

/// What staff name as wrong; at least one of the two. With both, the words in that version.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Named {
    /// A version of a template.
    pub template: Option<(TemplateId, i32)>,
    /// Words of a text, as it was written or as people read it.
    pub words: Option<String>,
}

/// The public statement, by language.
pub type Corrections = BTreeMap<String, String>;

/// The wrong texts of one campaign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongTexts {
    /// The campaign.
    pub campaign: CampaignId,
    /// The languages of the wrong texts.
    pub locales: Vec<String>,
    /// Whether these are all texts of the campaign.
    pub whole: bool,
}

/// One recall.
#[derive(Debug, Clone)]
pub struct Recall {
    /// Its id.
    pub id: RecallId,
    /// The incident.
    pub incident: IncidentId,
    /// What is wrong.
    pub named: Named,
    /// What status pages say.
    pub corrections: Corrections,
    /// Where it stands.
    pub status: RecallStatus,
    /// Grows with every change.
    pub version: i32,
    /// Who proposed it, and when.
    pub proposed: (StaffId, DateTime<Utc>),
    /// Who published it, and when.
    pub published: Option<(StaffId, DateTime<Utc>)>,
    /// Who withdrew or discarded it, and when.
    pub ended: Option<(StaffId, DateTime<Utc>)>,
    /// The wrong texts that were sent.
    pub texts: Vec<WrongTexts>,
}

impl Recall {
    /// The correction for a reader of `locale`, with its language.
    pub fn said_to(&self, locale: &str) -> Option<(&str, &str)> {
        pick(&self.corrections, locale).map(|(tag, text)| (tag, text.as_str()))
    }

    /// The wrong texts of a campaign.
    pub fn of(&self, campaign: CampaignId) -> Option<&WrongTexts> {
        self.texts.iter().find(|texts| texts.campaign == campaign)
    }
}

impl WrongTexts {
    /// Whether readers of `locale` were sent a wrong text, of all texts of the campaign.
    pub fn reached<V>(&self, all: &BTreeMap<String, V>, locale: &str) -> bool {
        let got = pick(all, locale).map(|(tag, _)| tag);
        self.whole || got.is_some_and(|tag| self.locales.iter().any(|wrong| wrong == tag))
    }
}

/// Why a proposal was refused before anything was looked up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadProposal {
    /// Nothing is named.
    #[error("name the wrong text: choose a template version, or type words of the text")]
    Nothing,
    /// The words are too short or too long.
    #[error("type 3 to 500 characters of the wrong text")]
    Words,
    /// There is no correction, or it has too many characters.
    #[error("write the correction, 1 to 5,000 characters in each language")]
    Correction,
    /// A language is none.
    #[error("“{0}” is no language tag such as en or pt-BR")]
    Language(String),
}

/// Checks what is named and what the pages will say. Words lose the spaces around them.
///
/// # Errors
/// [`BadProposal`].
pub fn check(named: Named, corrections: Corrections) -> Result<(Named, Corrections), BadProposal> {
    let words = named.words.map(|words| words.trim().to_owned());
    let words = words.filter(|words| !words.is_empty());
    if let Some(words) = &words
        && (!WORDS.contains(&words.chars().count()) || shows_nothing(words) || words.contains('\0'))
    {
        return Err(BadProposal::Words);
    }
    if named.template.is_none() && words.is_none() {
        return Err(BadProposal::Nothing);
    }
    let mut checked = Corrections::new();
    for (locale, text) in corrections {
        let Ok(tag) = Locale::parse(&locale) else {
            return Err(BadProposal::Language(locale));
        };
        let fits = text.chars().count() <= LONGEST_CORRECTION && !text.contains('\0');
        if shows_nothing(&text) || !fits {
            return Err(BadProposal::Correction);
        }
        checked.insert(tag.as_str().to_owned(), text);
    }
    if checked.is_empty() {
        return Err(BadProposal::Correction);
    }
    let template = named.template;
    Ok((Named { template, words }, checked))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(pairs: &[(&str, &str)]) -> Corrections {
        let own = |(locale, text): &(&str, &str)| ((*locale).to_owned(), (*text).to_owned());
        pairs.iter().map(own).collect()
    }

    #[test]
    fn a_proposal_names_a_text_and_says_what_is_right() {
        let words = |words: &str| Named {
            words: Some(words.to_owned()),
            ..Named::default()
        };
        let right = said(&[("EN_us", "It was June.")]);
        let checked = check(words("  5 May "), right.clone()).expect("a proposal");
        assert_eq!(checked.0, words("5 May"));
        assert_eq!(checked.1, said(&[("en-US", "It was June.")]));
        for (named, corrections, why) in [
            (words(" "), right.clone(), BadProposal::Nothing),
            (words("ab"), right.clone(), BadProposal::Words),
            (words(&"x".repeat(501)), right, BadProposal::Words),
            (words("5 May"), said(&[]), BadProposal::Correction),
            (
                words("5 May"),
                said(&[("en", "\u{200b} ")]),
                BadProposal::Correction,
            ),
            (
                words("5 May"),
                said(&[("english", "It was June.")]),
                BadProposal::Language("english".to_owned()),
            ),
        ] {
            assert_eq!(check(named, corrections), Err(why));
        }
    }

    #[test]
    fn readers_of_a_language_are_reached_by_the_text_that_was_chosen_for_them() {
        let all: BTreeMap<String, ()> = ["en", "es", "fr"].map(|tag| (tag.to_owned(), ())).into();
        let wrong = WrongTexts {
            campaign: CampaignId::from_uuid(uuid::Uuid::nil()),
            locales: vec!["es".to_owned()],
            whole: false,
        };
        let reached = |locale| wrong.reached(&all, locale);
        assert!(reached("es") && reached("es-MX") && !reached("en") && !reached("ko"));
        let whole = WrongTexts {
            whole: true,
            ..wrong
        };
        assert!(whole.reached(&all, "ko"));
    }
}
