//! Whom a campaign is for.

use serde::{Deserialize, Serialize};

use super::CampaignKind;
use crate::element::ElementSet;
use crate::person::AudienceFilter;

/// Who is meant, among the people of the incident's active scope who can be reached by e-mail.
/// Empty lists exclude nobody.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Audience {
    /// Which part of the story they have heard.
    pub who: Option<Who>,
    /// Only people of these jurisdictions (ISO 3166).
    pub jurisdictions: Vec<String>,
    /// Only people who read these locales (BCP 47).
    pub locales: Vec<String>,
    /// Only people of whom at least one of these elements was exposed.
    pub elements: ElementSet,
}

/// Which part of the story people have heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Who {
    /// Everybody.
    Everyone,
    /// Those who were sent nothing yet.
    NotYetNotified,
    /// Those of whom something exposed is not yet named in a notice they were sent (P2).
    Unnamed,
}

impl Audience {
    /// What the campaign's kind suggests if nothing was said.
    pub fn who(&self, kind: CampaignKind) -> Who {
        self.who.unwrap_or(match kind {
            CampaignKind::Initial => Who::NotYetNotified,
            CampaignKind::Supplement => Who::Unnamed,
            CampaignKind::Correction => Who::Everyone,
        })
    }

    /// The same as the store of people takes it.
    pub fn filter(&self, kind: CampaignKind) -> AudienceFilter {
        let who = self.who(kind);
        AudienceFilter {
            only_unnamed: who == Who::Unnamed,
            never_notified: who == Who::NotYetNotified,
            jurisdictions: self.jurisdictions.clone(),
            locales: self.locales.clone(),
            any_of: self.elements.bits(),
        }
    }
}
