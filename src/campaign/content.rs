//! What is approved of a campaign (promise P5): everything that decides the messages, recipients and speed, as one JSON
//! text whose exact bytes are hashed. Senders read nothing else.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::change::Change;
use super::{Acknowledged, Audience, Campaign, CampaignKind, Limits, UncertainPolicy};
use crate::config::Config;
use crate::element::ElementSet;
use crate::incident::{Facts, Incident};
use crate::seal::sha256;
use crate::template::merge::{self, Compiled, Fixed, MergeError};
use crate::template::{Template, Variants};

/// Everything that an approval covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// Why it is sent.
    pub kind: CampaignKind,
    /// The recipients.
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
    /// The elements that the texts name by words.
    #[serde(default)]
    pub names: ElementSet,
    /// What its author acknowledged of languages and facts.
    #[serde(default)]
    pub acknowledged: Acknowledged,
    /// Where links begin. `None`, as of the next two: an earlier version of Candor pinned the content, and the
    /// configuration decides.
    #[serde(default)]
    pub public_url: Option<String>,
    /// Where bounces go.
    #[serde(default)]
    pub return_path: Option<String>,
    /// Whether each notice has a return path of its own.
    #[serde(default)]
    pub verp: Option<bool>,
}

impl Content {
    /// What would be approved at present; `None` while the incident has no active scope.
    pub fn of(
        campaign: &Campaign,
        incident: &Incident,
        template: &Template,
        config: &Config,
    ) -> Option<Self> {
        let us = &config.organisation;
        let return_path = match us.return_path.as_str() {
            "" => &us.from_address,
            path => path,
        };
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
            names: template.names,
            acknowledged: campaign.acknowledged.clone(),
            public_url: Some(config.http.public_url.to_string()),
            return_path: Some(return_path.to_owned()),
            verp: Some(config.mail.verp),
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

    /// What is no longer as in this content at `present`, in the order in which people read it.
    pub fn changes(&self, present: &Self) -> Vec<Change> {
        let mut changes = Vec::new();
        for locale in differing(&self.variants, &present.variants) {
            changes.push(Change::Text(locale));
        }
        for key in differing(&self.facts, &present.facts) {
            changes.push(Change::Fact(key));
        }
        for (is_other, change) in [
            (self.names != present.names, Change::Names),
            (self.title != present.title, Change::Title),
            (self.kind != present.kind, Change::Kind),
            (self.audience != present.audience, Change::Audience),
            (self.scope != present.scope, Change::Scope),
            (self.limits != present.limits, Change::Rate),
            (self.on_uncertain != present.on_uncertain, Change::Policy),
            (
                self.organisation != present.organisation,
                Change::Organisation,
            ),
            (self.from != present.from, Change::Sender),
            (self.public_url != present.public_url, Change::PublicAddress),
            (
                self.return_path != present.return_path || self.verp != present.verp,
                Change::ReturnPath,
            ),
            (
                self.acknowledged != present.acknowledged,
                Change::Acknowledged,
            ),
        ] {
            if is_other {
                changes.push(change);
            }
        }
        changes
    }

    /// Compiles every variant.
    ///
    /// # Errors
    /// Everything that is wrong, with its locale.
    pub fn compile(&self) -> Result<BTreeMap<String, Compiled>, Vec<(String, MergeError)>> {
        let mut compiled = BTreeMap::new();
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

/// The keys that are not in both, or not with the same value.
fn differing<V: PartialEq>(a: &BTreeMap<String, V>, b: &BTreeMap<String, V>) -> Vec<String> {
    let mut keys: Vec<&String> = a.keys().chain(b.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    let other = |key: &&&String| a.get(**key) != b.get(**key);
    keys.iter()
        .filter(other)
        .map(|key| (*key).clone())
        .collect()
}

/// The hash that an approval names.
pub fn hash(text: &str) -> [u8; 32] {
    sha256(text.as_bytes())
}
