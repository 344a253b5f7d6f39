//! The audience of a campaign.

use serde::{Deserialize, Serialize};

use super::CampaignKind;
use crate::element::ElementSet;
use crate::person::AudienceFilter;
pub use crate::person::Who;
use crate::person::audience::flag_words;
use crate::person::flags::Flags;
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
}

fn is_false(value: &bool) -> bool {
    !*value
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
            flags: self.flags,
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
