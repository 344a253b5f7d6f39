//! Where an old text of a claim still stands: in the texts of templates that say it by copy, and in campaigns that were
//! submitted or sent with it.

use std::collections::{BTreeMap, BTreeSet};

use super::CampaignStatus;
use super::content::Content;
use super::store::Overview;
use crate::id::{CampaignId, TemplateId};
use crate::incident::Facts;
use crate::incident::claims::{Texts, Version, claim_of, fact_key};
use crate::notice::NoticeStatus;
use crate::template::{Template, Variants};

/// A shorter text, such as a number, may stand in a template by chance.
const SHORTEST: usize = 12;

/// An old text of a claim in the texts of a template or a campaign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OldText {
    /// The claim.
    pub key: String,
    /// The languages of the texts that say it.
    pub locales: BTreeSet<String>,
    /// What says it.
    pub place: Place,
}

/// What says an old text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// The newest version of a template, which has the text by copy.
    Template {
        /// Its id.
        id: TemplateId,
        /// Its name.
        name: String,
    },
    /// A campaign with the old text in its pinned content.
    Campaign {
        /// Its id.
        id: CampaignId,
        /// Its name.
        name: String,
        /// Where it stands.
        status: CampaignStatus,
        /// How many people were sent it.
        sent: i64,
        /// How many people may still get it.
        left: i64,
    },
}

/// The claims of an incident, as they are and as they were.
#[derive(Debug)]
pub(crate) struct Told<'a> {
    facts: &'a Facts,
    /// All languages that a claim ever had a text in.
    texts: BTreeMap<String, Texts>,
    /// The texts that are not said any more, without their line breaks: key, locale, text.
    old: Vec<(&'a str, &'a str, String)>,
}

impl<'a> Told<'a> {
    /// The present fact sheet, and versions of its claims.
    pub(crate) fn new(facts: &'a Facts, history: &'a [Version]) -> Self {
        let mut texts: BTreeMap<String, Texts> = BTreeMap::new();
        let mut old = Vec::new();
        for version in history {
            for (locale, text) in &version.texts {
                let of = texts.entry(version.key.clone()).or_default();
                of.insert(locale.clone(), String::new());
                let now = facts.get(&fact_key(&version.key, locale));
                let squeezed = squeeze(text);
                if now != Some(text) && squeezed.chars().count() >= SHORTEST {
                    old.push((version.key.as_str(), locale.as_str(), squeezed));
                }
            }
        }
        Self { facts, texts, old }
    }

    /// The claims with an old text that these texts copied, with the languages of the texts.
    fn copied(&self, variants: &Variants) -> BTreeMap<String, BTreeSet<String>> {
        let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        if self.old.is_empty() {
            return found;
        }
        for (locale, variant) in variants {
            let words = squeeze(&format!("{} {}", variant.subject, variant.body));
            for (key, of, old) in &self.old {
                let now = self.facts.get(&fact_key(key, of)).map(|now| squeeze(now));
                // The present text may contain the former one.
                let says_now = now.is_some_and(|now| now.contains(old) && words.contains(&now));
                if words.contains(old) && !says_now {
                    let at = found.entry((*key).to_owned()).or_default();
                    at.insert(locale.clone());
                }
            }
        }
        found
    }

    /// The claims that a pinned content quotes in a text that is no longer theirs, with the languages of its texts.
    fn quoted(&self, content: &Content) -> BTreeMap<String, BTreeSet<String>> {
        let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (locale, variant) in &content.variants {
            for key in variant.quoted() {
                let fact = content.told_key(&key, locale);
                let fact = fact.unwrap_or_else(|| key.clone());
                if content.facts.get(&fact) == self.facts.get(&fact) {
                    continue;
                }
                let claim = claim_of(&self.texts, &fact).map_or(key, |(key, _)| key.to_owned());
                found.entry(claim).or_default().insert(locale.clone());
            }
        }
        found
    }
}

fn squeeze(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The old texts in these templates and campaigns, by claim.
pub(crate) fn old_texts(
    claims: &Told<'_>,
    templates: &[Template],
    campaigns: &[Overview],
) -> Vec<OldText> {
    let mut all = Vec::new();
    for template in templates {
        let place = Place::Template {
            id: template.id,
            name: template.name.clone(),
        };
        add(&mut all, claims.copied(&template.variants), &place);
    }
    for one in campaigns {
        let Some((content, place)) = pinned(one) else {
            continue;
        };
        let mut said = claims.copied(&content.variants);
        for (key, locales) in claims.quoted(&content) {
            said.entry(key).or_default().extend(locales);
        }
        add(&mut all, said, &place);
    }
    all.sort_by(|a, b| a.key.cmp(&b.key));
    all
}

/// The content of a submitted campaign. `None` if it was cancelled without a sent notice.
fn pinned(of: &Overview) -> Option<(Content, Place)> {
    use CampaignStatus::{Cancelled, Draft};
    let campaign = &of.campaign;
    let sent = of.progress.of(NoticeStatus::Sent);
    if campaign.status == Draft || (campaign.status == Cancelled && sent == 0) {
        return None;
    }
    let content = campaign.submitted().ok().flatten()?;
    let place = Place::Campaign {
        id: campaign.id,
        name: campaign.name.to_string(),
        status: campaign.status,
        sent,
        left: of.progress.left(),
    };
    Some((content, place))
}

fn add(all: &mut Vec<OldText>, said: BTreeMap<String, BTreeSet<String>>, place: &Place) {
    let one = |(key, locales)| OldText {
        key,
        locales,
        place: place.clone(),
    };
    all.extend(said.into_iter().map(one));
}
