//! What is approved of a campaign (promise P5): everything that decides the messages, recipients and speed, as one JSON
//! text. Its exact bytes are hashed. Senders read nothing else. The text begins with the number of its format.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::change::Change;
use super::{Acknowledged, Audience, Campaign, CampaignKind, Limits, UncertainPolicy};
use crate::config::Config;
use crate::db;
use crate::element::ElementSet;
use crate::id::CampaignId;
use crate::incident::claims::{told, told_key};
use crate::incident::{Facts, Incident};
use crate::seal::sha256;
use crate::template::merge::{self, Compiled, Fixed, MergeError};
use crate::template::{Template, Variants, quotes_by_language};

/// The format that this program writes, and the only one that it reads. A change of [`Content`] that changes the text of
/// any content gets the next number: approvals of the former one are then void, and docs/domain.md says what that means.
pub const FORMAT: u32 = 1;

/// Why a content cannot be written or read. It quotes nothing of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ContentError {
    /// Another version of Candor wrote it.
    #[error(
        "its content has format {0}, and this version of Candor reads format {FORMAT}: run the version that wrote it, or \
         cancel this campaign and draft a new one"
    )]
    Format(u32),
    /// It is no content of this format.
    #[error("its content is damaged at line {line}, column {column}")]
    Damaged {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// It does not become JSON.
    #[error("its content cannot be written as JSON")]
    Unwritable,
}

impl ContentError {
    /// The error of the database's row of a campaign.
    pub fn of(self, id: CampaignId) -> db::Error {
        db::Error::inconsistent("campaign", format!("{id}: {self}"))
    }
}

/// A content as it is kept; `C` is what of it is written or read.
#[derive(Serialize, Deserialize)]
struct Kept<C> {
    format: u32,
    content: C,
}

/// Everything that an approval covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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
    pub names: ElementSet,
    /// What its author acknowledged of languages and facts.
    pub acknowledged: Acknowledged,
    /// Where links begin.
    pub public_url: String,
    /// Where bounces go.
    pub return_path: String,
    /// Whether each notice has a return path of its own.
    pub verp: bool,
    /// Whether texts quote claims in their own language. Not so if no claim that a text quotes has a text in its language,
    /// and in contents that were written before claims had languages.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub facts_by_language: bool,
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
            public_url: config.http.public_url.to_string(),
            return_path: return_path.to_owned(),
            verp: config.mail.verp,
            facts_by_language: quotes_by_language(&template.variants, &incident.facts),
        })
    }

    /// The text that is hashed and kept. Maps are ordered, so equal contents give equal texts.
    ///
    /// # Errors
    /// [`ContentError::Unwritable`].
    pub fn to_text(&self) -> Result<String, ContentError> {
        let kept = Kept {
            format: FORMAT,
            content: self,
        };
        serde_json::to_string(&kept).map_err(|_| ContentError::Unwritable)
    }

    /// Reads a kept text. The number of its format is read first: the rest may have another form.
    ///
    /// # Errors
    /// [`ContentError::Format`], [`ContentError::Damaged`].
    pub fn from_text(text: &str) -> Result<Self, ContentError> {
        let damaged = |error: serde_json::Error| ContentError::Damaged {
            line: error.line(),
            column: error.column(),
        };
        let any: Kept<serde::de::IgnoredAny> = serde_json::from_str(text).map_err(damaged)?;
        if any.format != FORMAT {
            return Err(ContentError::Format(any.format));
        }
        let kept: Kept<Self> = serde_json::from_str(text).map_err(damaged)?;
        Ok(kept.content)
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
            (speed(&self.limits) != speed(&present.limits), Change::Rate),
            (
                self.limits.launch_at != present.limits.launch_at,
                Change::Schedule,
            ),
            (self.limits.quiet != present.limits.quiet, Change::Quiet),
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
            (
                self.facts_by_language != present.facts_by_language,
                Change::FactLanguages,
            ),
        ] {
            if is_other {
                changes.push(change);
            }
        }
        changes
    }

    /// The facts as the text in `locale` quotes them.
    pub fn told(&self, locale: &str) -> Cow<'_, Facts> {
        match self.facts_by_language {
            true => told(&self.facts, locale),
            false => Cow::Borrowed(&self.facts),
        }
    }

    /// The key in the fact sheet of what the text in `locale` says when it quotes `key`, if that is a text in its language.
    pub fn told_key(&self, key: &str, locale: &str) -> Option<String> {
        let of = self.facts_by_language.then_some(&self.facts)?;
        told_key(of, key, locale)
    }

    /// Compiles every variant.
    ///
    /// # Errors
    /// Everything that is wrong, with its locale.
    pub fn compile(&self) -> Result<BTreeMap<String, Compiled>, Vec<(String, MergeError)>> {
        let mut compiled = BTreeMap::new();
        let mut errors = Vec::new();
        for (locale, variant) in &self.variants {
            let facts = self.told(locale);
            let fixed = Fixed {
                locale,
                organisation: &self.organisation,
                incident_title: &self.title,
                facts: &facts,
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

/// The limits without the times at which it may be sent.
fn speed(of: &Limits) -> Limits {
    Limits {
        launch_at: None,
        quiet: None,
        ..*of
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

impl Campaign {
    /// What was submitted; `None` of a draft that never was.
    ///
    /// # Errors
    /// [`ContentError`].
    pub fn submitted(&self) -> Result<Option<Content>, ContentError> {
        self.content.as_deref().map(Content::from_text).transpose()
    }
}

/// The hash that an approval names.
pub fn hash(text: &str) -> [u8; 32] {
    sha256(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::*;
    use crate::element::Element;
    use crate::id::StaffId;
    use crate::person::Who;
    use crate::person::flags::Flags;
    use crate::person::place::{Jurisdiction, Locale};
    use crate::template::Variant;

    /// The bytes of a content in which every part says something, in format 1. If a change of the program changes them, the
    /// format needs the next number: approvals in the database name the hash of such bytes.
    const FORMAT_1: &str = r#"{"format":1,"content":{"kind":"correction","audience":{"who":"told","jurisdictions":["US-CA"],"locales":["en-US"],"elements":["name"],"flags":["minor"],"may_have_been_told":true},"scope":2,"limits":{"rate_per_second":50,"canary":100,"finish_by":"2023-11-14T22:13:20Z"},"on_uncertain":"leave","from":["Sundmere","notice@sundmere.example"],"organisation":"Sundmere","title":"A breach","facts":{"when":"May"},"variants":{"en":{"subject":"S","body":"B"}},"names":["ssn"],"acknowledged":{"fr":"STAFF"},"public_url":"https://sundmere.example","return_path":"bounce@sundmere.example","verp":true}}"#;

    fn moment() -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000, 0).expect("a moment")
    }

    fn content(by: StaffId) -> Content {
        let variant = Variant {
            subject: "S".to_owned(),
            body: "B".to_owned(),
        };
        Content {
            kind: CampaignKind::Correction,
            audience: Audience {
                who: Some(Who::Told),
                jurisdictions: vec![Jurisdiction::parse("US-CA").expect("a place")],
                locales: vec![Locale::parse("en-US").expect("a locale")],
                elements: ElementSet::of(&[Element::Name]),
                flags: Flags::MINOR,
                may_have_been_told: true,
                ..Audience::default()
            },
            scope: 2,
            limits: Limits {
                rate_per_second: 50,
                canary: Some(100),
                finish_by: Some(moment()),
                ..Limits::default()
            },
            on_uncertain: UncertainPolicy::Leave,
            from: ("Sundmere".to_owned(), "notice@sundmere.example".to_owned()),
            organisation: "Sundmere".to_owned(),
            title: "A breach".to_owned(),
            facts: [("when".to_owned(), "May".to_owned())].into(),
            variants: [("en".to_owned(), variant)].into(),
            names: ElementSet::of(&[Element::Ssn]),
            acknowledged: [("fr".to_owned(), by)].into(),
            public_url: "https://sundmere.example".to_owned(),
            return_path: "bounce@sundmere.example".to_owned(),
            verp: true,
            facts_by_language: false,
        }
    }

    #[test]
    fn the_bytes_of_format_1_stay() {
        let by = StaffId::new(moment());
        let text = FORMAT_1.replace("STAFF", &by.to_string());
        assert_eq!(FORMAT, 1, "pin the bytes of the new format, too");
        assert_eq!(content(by).to_text().expect("JSON"), text);
        assert_eq!(Content::from_text(&text).expect("a content"), content(by));
        let mut plain = content(by);
        (plain.audience, plain.limits) = (Audience::default(), Limits::default());
        let said = plain.to_text().expect("JSON");
        assert!(
            said.contains(
                r#""audience":{"who":null,"jurisdictions":[],"locales":[],"elements":[]},"scope""#
            ) && said.contains(r#""limits":{"rate_per_second":0},"on_uncertain""#),
            "{said}"
        );
        let by_language = Content {
            facts_by_language: true,
            ..content(by)
        };
        let said = by_language.to_text().expect("JSON");
        assert_eq!(
            said,
            text.replace(
                r#""verp":true}"#,
                r#""verp":true,"facts_by_language":true}"#
            )
        );
    }

    #[test]
    fn another_format_and_a_damaged_text_are_told_apart() {
        let text = FORMAT_1.replace("STAFF", &StaffId::new(moment()).to_string());
        let other = text
            .replace(r#""format":1"#, r#""format":2"#)
            .replace("scope", "list");
        assert_eq!(Content::from_text(&other), Err(ContentError::Format(2)));
        let damaged = |text: &str| {
            let read = Content::from_text(text);
            matches!(read, Err(ContentError::Damaged { .. }))
        };
        for wrong in [
            text.replace(r#""format":1,"#, ""),
            text.replace(r#""verp":true"#, r#""verp":true,"more":1"#),
            text.replace(r#","verp":true"#, ""),
            text[..text.len() - 1].to_owned(),
            String::new(),
        ] {
            assert!(damaged(&wrong), "{wrong}");
        }
    }
}
