//! The audience of a campaign.

use serde::{Deserialize, Serialize};

use super::CampaignKind;
use crate::element::ElementSet;
use crate::id::CampaignId;
use crate::notice::NoticeStatus;
use crate::person::AudienceFilter;
pub use crate::person::Who;
use crate::person::audience::flag_words;
use crate::person::flags::Flags;
use crate::person::narrowing::{ListDigest, Wave};
use crate::person::place::{Jurisdiction, Locale};

/// A filter of the people of an incident who can be reached by e-mail. An empty list filters nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Audience {
    /// What they were told so far; `None`: what the campaign's kind says.
    pub who: Option<Who>,
    /// Only people of these jurisdictions; a country covers its parts.
    pub jurisdictions: Vec<Jurisdiction>,
    /// Only people who read these locales; a language covers its variants.
    pub locales: Vec<Locale>,
    /// Only people with one of these elements exposed. For a correction: people who were told of one of these wrongly.
    pub elements: ElementSet,
    /// Only people with one of these flags.
    #[serde(with = "flag_words", skip_serializing_if = "no_flags")]
    pub flags: Flags,
    /// Only people who may have been told: a campaign that is over left a notice to them uncertain. Others leave them out.
    #[serde(skip_serializing_if = "is_false")]
    pub may_have_been_told: bool,
    /// Only people with all of these elements; compared as `elements` is.
    #[serde(skip_serializing_if = "no_elements")]
    pub elements_all: ElementSet,
    /// Only people with none of these elements; compared as `elements` is.
    #[serde(skip_serializing_if = "no_elements")]
    pub elements_none: ElementSet,
    /// Only people with none of these flags.
    #[serde(with = "flag_words", skip_serializing_if = "no_flags")]
    pub flags_none: Flags,
    /// Only people with a notice of an earlier campaign that ended like this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub earlier: Option<Earlier>,
    /// Only people on this list of references.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only_listed: Option<Listed>,
    /// Without the people on this list of references.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_listed: Option<Listed>,
    /// Only this part of them, in an order that all campaigns of the incident share.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wave: Option<Wave>,
}

/// The outcome of an earlier campaign of the incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Outcome")]
pub struct Earlier {
    /// Which campaign.
    pub campaign: CampaignId,
    /// The states that a notice may have, each once and in the order of [`NoticeStatus::ALL`].
    pub statuses: Vec<NoticeStatus>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Outcome {
    campaign: CampaignId,
    statuses: Vec<NoticeStatus>,
}

impl TryFrom<Outcome> for Earlier {
    type Error = &'static str;

    fn try_from(of: Outcome) -> Result<Self, &'static str> {
        Self::new(of.campaign, &of.statuses)
    }
}

impl Earlier {
    /// People with a notice of this campaign in one of these states.
    ///
    /// # Errors
    /// Without a state, or with one that no stored notice has.
    pub fn new(campaign: CampaignId, asked: &[NoticeStatus]) -> Result<Self, &'static str> {
        // `sending` is a figure: no notice is stored with it.
        let is_stored = |status: &&NoticeStatus| **status != NoticeStatus::Sending;
        let is_asked = |status: &&NoticeStatus| asked.contains(*status);
        let all = NoticeStatus::ALL.iter().filter(is_stored);
        let statuses: Vec<_> = all.filter(is_asked).copied().collect();
        match statuses.is_empty() || asked.contains(&NoticeStatus::Sending) {
            true => Err("statuses names states of stored notices, such as bounced or expired"),
            false => Ok(Self { campaign, statuses }),
        }
    }
}

/// A list of references, named by what is on it, so that an approval covers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listed {
    /// Its digest.
    pub list: ListDigest,
    /// How many references it has.
    pub references: u32,
}

/// What an audience names and its incident does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotOfIncident {
    /// A list.
    #[error(
        "the incident has no list of {references} references with the digest {list}: add the list first, then name it as \
         the answer does"
    )]
    List {
        /// Its digest.
        list: ListDigest,
        /// How many references the audience says it has.
        references: u32,
    },
    /// A campaign.
    #[error("the earlier campaign {0} is none of this incident")]
    Campaign(CampaignId),
}

fn is_false(value: &bool) -> bool {
    !*value
}

fn no_elements(elements: &ElementSet) -> bool {
    elements.is_empty()
}

fn no_flags(flags: &Flags) -> bool {
    flags.is_empty()
}

/// The audience is none that a campaign of this kind may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a campaign of kind {kind} cannot go to “{}”: {}", who.as_str(), advice(*kind)
)]
pub struct NotForKind {
    /// The kind.
    pub kind: CampaignKind,
    /// What was asked for.
    pub who: Who,
}

fn advice(kind: CampaignKind) -> &'static str {
    match kind {
        CampaignKind::Initial => {
            "it goes to people who were told nothing so far (told_nothing). People who were told get a supplement or \
             a correction"
        }
        CampaignKind::Supplement => {
            "it goes to people who were told something and are owed more (owed_more). People who were told nothing \
             get an initial campaign"
        }
        CampaignKind::Correction => {
            "it goes to people who were told of something that is not theirs (wrongly_told, or of these over_told or \
             retracted_after_notice), or to everybody who was told (told); none of them is left out because an earlier \
             notice may have arrived"
        }
    }
}

impl CampaignKind {
    /// The audiences that this kind may have; the first if nothing was said.
    pub fn audiences(self) -> &'static [Who] {
        match self {
            Self::Initial => &[Who::ToldNothing],
            Self::Supplement => &[Who::OwedMore],
            Self::Correction => &[
                Who::WronglyTold,
                Who::OverTold,
                Who::RetractedAfterNotice,
                Who::Told,
            ],
        }
    }
}

impl Audience {
    /// What the campaign's kind says if nothing was said.
    pub fn who(&self, kind: CampaignKind) -> Who {
        self.who.unwrap_or(kind.audiences()[0])
    }

    /// Whether a campaign of this kind may have it.
    ///
    /// # Errors
    /// [`NotForKind`].
    pub fn check(&self, kind: CampaignKind) -> Result<(), NotForKind> {
        let who = self.who(kind);
        let fits = kind != CampaignKind::Correction || !self.may_have_been_told;
        match fits && kind.audiences().contains(&who) {
            true => Ok(()),
            false => Err(NotForKind { kind, who }),
        }
    }

    /// The same as the store of people takes it.
    pub fn filter(&self, kind: CampaignKind) -> AudienceFilter {
        AudienceFilter {
            who: self.who(kind),
            jurisdictions: self.jurisdictions.clone(),
            locales: self.locales.clone(),
            elements: self.elements,
            all_elements: self.elements_all,
            no_elements: self.elements_none,
            flags: self.flags,
            no_flags: self.flags_none,
            earlier: self.earlier.as_ref().map(|earlier| {
                let words = earlier.statuses.iter().map(|status| status.as_str());
                (earlier.campaign, words.collect())
            }),
            only_listed: self.only_listed.map(|of| of.list),
            not_listed: self.not_listed.map(|of| of.list),
            wave: self.wave,
            may_have_been_told: self.may_have_been_told,
            but: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Audience, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn places_languages_and_flags_have_one_form() {
        let audience = read(
            r#"{"jurisdictions": ["us-ca", "de"], "locales": ["EN", "en_US"], "flags": ["Minor"]}"#,
        )
        .expect("an audience");
        let written = serde_json::to_string(&audience).expect("JSON");
        assert_eq!(
            written,
            r#"{"who":null,"jurisdictions":["US-CA","DE"],"locales":["en","en-US"],"elements":[],"flags":["minor"]}"#
        );
        assert_eq!(read(&written), Ok(audience));
        for (json, why) in [
            (r#"{"jurisdictions": ["California"]}"#, "such as US or DE"),
            (r#"{"locales": ["English"]}"#, "language tag such as en"),
            (r#"{"flags": ["retract"]}"#, "lists only"),
            (r#"{"flags": ["vip"]}"#, "The flags are"),
        ] {
            assert!(read(json).is_err_and(|error| error.contains(why)), "{json}");
        }
    }

    #[test]
    fn what_narrows_an_audience_is_read_in_one_form_or_refused() {
        let list = "07".repeat(32);
        let campaign = CampaignId::new(chrono::DateTime::UNIX_EPOCH);
        let json = format!(
            r#"{{"elements_all":["ssn"],"elements_none":["phone"],"flags_none":["minor"],
            "earlier":{{"campaign":"{campaign}","statuses":["expired","bounced","bounced"]}},
            "only_listed":{{"list":"{list}","references":3}},"wave":{{"to":100}}}}"#
        );
        let audience = read(&json).expect("an audience");
        let written = serde_json::to_string(&audience).expect("JSON");
        let more = format!(
            r#""elements_all":["ssn"],"elements_none":["phone"],"flags_none":["minor"],"earlier":{{"campaign":"{campaign}","statuses":["bounced","expired"]}},"only_listed":{{"list":"{list}","references":3}},"wave":{{"from":0,"to":100}}}}"#
        );
        assert!(written.ends_with(&more), "{written}");
        assert_eq!(read(&written), Ok(audience));
        for wrong in [
            r#"{"wave":{"from":300,"to":100}}"#.to_owned(),
            r#"{"only_listed":{"list":"07","references":1}}"#.to_owned(),
            format!(r#"{{"earlier":{{"campaign":"{campaign}","statuses":[]}}}}"#),
            format!(r#"{{"earlier":{{"campaign":"{campaign}","statuses":["sending"]}}}}"#),
            format!(r#"{{"earlier":{{"campaign":"{campaign}","statuses":["lost"]}}}}"#),
        ] {
            assert!(read(&wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_words_of_before_are_read_and_only_fitting_ones_taken() {
        use CampaignKind::*;
        for (who, kind, fits) in [
            ("not_yet_notified", Initial, true),
            ("everyone", Initial, false),
            ("unnamed", Supplement, true),
            ("told_nothing", Supplement, false),
            ("over_told", Correction, true),
            ("told", Correction, true),
            ("everyone", Correction, false),
        ] {
            let audience = read(&format!(r#"{{"who": "{who}"}}"#)).expect(who);
            assert_eq!(audience.check(kind).is_ok(), fits, "{who} {kind}");
        }
        for kind in CampaignKind::ALL {
            assert_eq!(Audience::default().check(*kind), Ok(()));
        }
    }
}
