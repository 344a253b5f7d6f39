//! What is approved of a campaign (promise P5): everything that decides what is sent, to whom and how
//! fast, as one JSON text whose exact bytes are hashed. Senders read nothing else.

use serde::{Deserialize, Serialize};

use super::{Audience, Campaign, CampaignKind, Limits, UncertainPolicy};
use crate::config::Organisation;
use crate::incident::{Facts, Incident};
use crate::seal::sha256;
use crate::template::merge::{self, Compiled, Fixed, MergeError};
use crate::template::{Template, Variants};

/// Everything that an approval covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// Why it is sent.
    pub kind: CampaignKind,
    /// To whom.
    pub audience: Audience,
    /// The scope version that the audience is drawn from.
    pub scope: i32,
    /// How fast.
    pub limits: Limits,
    /// What becomes of uncertain notices.
    pub on_uncertain: UncertainPolicy,
    /// Who writes: display name and address.
    pub from: (String, String),
    /// The organisation's name.
    pub organisation: String,
    /// The incident's title.
    pub title: String,
    /// The incident's facts.
    pub facts: Facts,
    /// The texts.
    pub variants: Variants,
}

impl Content {
    /// What would be approved at present; `None` while the incident has no active scope.
    pub fn of(
        campaign: &Campaign,
        incident: &Incident,
        template: &Template,
        us: &Organisation,
    ) -> Option<Self> {
        Some(Self {
            kind: campaign.kind,
            audience: campaign.audience.clone(),
            scope: incident.active_scope?,
            limits: campaign.limits,
            on_uncertain: campaign.on_uncertain,
            from: (us.from_name.clone(), us.from_address.clone()),
            organisation: us.name.clone(),
            title: incident.title.clone(),
            facts: incident.facts.clone(),
            variants: template.variants.clone(),
        })
    }

    /// The text that is hashed and kept. Maps are ordered, so equal contents give equal texts.
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads a kept text.
    pub fn from_text(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// Compiles every variant.
    ///
    /// # Errors
    /// Everything that is wrong, with its locale.
    pub fn compile(
        &self,
    ) -> Result<std::collections::BTreeMap<String, Compiled>, Vec<(String, MergeError)>> {
        let mut compiled = std::collections::BTreeMap::new();
        let mut errors = Vec::new();
        for (locale, variant) in &self.variants {
            let fixed = Fixed {
                locale,
                organisation: &self.organisation,
                incident_title: &self.title,
                facts: &self.facts,
            };
            match merge::compile(&variant.subject, &variant.body, &fixed) {
                Ok(text) => drop(compiled.insert(locale.clone(), text)),
                Err(wrong) => errors.extend(wrong.into_iter().map(|e| (locale.clone(), e))),
            }
        }
        if errors.is_empty() {
            Ok(compiled)
        } else {
            Err(errors)
        }
    }
}

/// The hash that an approval names.
pub fn hash(text: &str) -> [u8; 32] {
    sha256(text.as_bytes())
}
