//! An audience as fields of a form and as the query of an address.

use serde::{Deserialize, Serialize};

use super::words::percent;
use crate::campaign::audience::{Earlier, Listed};
use crate::campaign::{Audience, CampaignKind};
use crate::element::ElementSet;
use crate::id::CampaignId;
use crate::notice::NoticeStatus;
use crate::person::Who;
use crate::person::flags::Flags;
use crate::person::narrowing::Wave;
use crate::person::place::{Jurisdiction, Locale};
use crate::web::page::{Fault, Faults};

/// The fields of the builder, as typed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Typed {
    pub kind: String,
    pub who: String,
    pub elements: String,
    pub elements_all: String,
    pub elements_none: String,
    pub jurisdictions: String,
    pub locales: String,
    pub flags: String,
    pub flags_none: String,
    pub maybe: String,
    pub earlier: String,
    pub outcome: String,
    pub only: String,
    pub without: String,
    pub from: String,
    pub to: String,
    pub template: String,
    pub draft: String,
}

/// The words of a field, separated by commas, semicolons or spaces.
fn words(typed: &str) -> impl Iterator<Item = &str> {
    let between = |c: char| c.is_whitespace() || matches!(c, ',' | ';');
    typed.split(between).filter(|word| !word.is_empty())
}

fn elements(typed: &str) -> Result<ElementSet, String> {
    let codes: Vec<_> = words(typed).collect();
    ElementSet::parse(&codes.join(";")).map_err(|error| error.to_string())
}

fn flags(typed: &str) -> Result<Flags, String> {
    let all: Vec<_> = words(typed).collect();
    match Flags::parse(&all.join(";")) {
        Ok(flags) if flags.contains(Flags::RETRACT) => {
            Err("People with the flag retract are in no audience.".to_owned())
        }
        flags => flags.map_err(|error| error.to_string()),
    }
}

/// Thousandths of a number of per cent with one decimal place at most.
fn thousandths(typed: &str) -> Option<u16> {
    let typed = typed
        .trim()
        .trim_end_matches('%')
        .trim_end()
        .replace(',', ".");
    let (whole, tenth) = typed.split_once('.').unwrap_or((&typed, "0"));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !is_digits(whole) || !is_digits(tenth) || tenth.len() > 1 {
        return None;
    }
    let whole: u16 = whole.parse().ok()?;
    whole.checked_mul(10)?.checked_add(tenth.parse().ok()?)
}

/// The value of the option of a list: its digest and its length.
pub(crate) fn list_value(of: Listed) -> String {
    format!("{}.{}", of.list, of.references)
}

fn list(typed: &str) -> Result<Option<Listed>, String> {
    if typed.is_empty() {
        return Ok(None);
    }
    let read = || {
        let (list, references) = typed.split_once('.')?;
        Some(Listed {
            list: list.parse().ok()?,
            references: references.parse().ok()?,
        })
    };
    read()
        .map(Some)
        .ok_or_else(|| "Choose a list that was added.".to_owned())
}

fn fault(faults: &mut Faults, field: &str, why: impl std::fmt::Display) {
    faults.0.push(Fault {
        field: field.to_owned(),
        text: why.to_string(),
    });
}

/// The value that was read, or a fault of the field and the default.
fn valid<T: Default, E: std::fmt::Display>(
    faults: &mut Faults,
    field: &str,
    read: Result<T, E>,
) -> T {
    read.unwrap_or_else(|why| {
        fault(faults, field, why);
        T::default()
    })
}

impl Typed {
    /// The fields of an audience.
    pub(crate) fn of(kind: CampaignKind, audience: &Audience) -> Self {
        let all = |words: Vec<&str>| words.join(" ");
        let spaced = |words: String| words.replace(';', " ");
        let earlier = audience.earlier.as_ref();
        let wave = audience.wave;
        Self {
            kind: kind.to_string(),
            who: audience.who.map(Who::as_str).unwrap_or_default().to_owned(),
            elements: spaced(audience.elements.to_string()),
            elements_all: spaced(audience.elements_all.to_string()),
            elements_none: spaced(audience.elements_none.to_string()),
            jurisdictions: all(audience
                .jurisdictions
                .iter()
                .map(Jurisdiction::as_str)
                .collect()),
            locales: all(audience.locales.iter().map(Locale::as_str).collect()),
            flags: spaced(audience.flags.to_string()),
            flags_none: spaced(audience.flags_none.to_string()),
            maybe: if audience.may_have_been_told {
                "yes".to_owned()
            } else {
                String::new()
            },
            earlier: earlier
                .map(|of| of.campaign.to_string())
                .unwrap_or_default(),
            outcome: earlier
                .map(|of| all(of.statuses.iter().map(|one| one.as_str()).collect()))
                .unwrap_or_default(),
            only: audience.only_listed.map(list_value).unwrap_or_default(),
            without: audience.not_listed.map(list_value).unwrap_or_default(),
            from: wave.map(|of| percent(of.from())).unwrap_or_default(),
            to: wave.map(|of| percent(of.to())).unwrap_or_default(),
            ..Self::default()
        }
    }

    /// The query of an address with these fields; fields without a value are left out.
    pub(crate) fn query(&self) -> String {
        let all = serde_json::to_value(self).unwrap_or_default();
        let fields = all.as_object().into_iter().flatten();
        let given: Vec<_> = fields
            .filter_map(|(name, value)| Some((name, value.as_str()?)))
            .filter(|(_, value)| !value.is_empty())
            .collect();
        serde_urlencoded::to_string(&given).unwrap_or_default()
    }

    /// The fields of a query that [`Self::query`] made.
    pub(crate) fn parse(query: &str) -> Self {
        serde_urlencoded::from_str(query).unwrap_or_default()
    }

    /// The kind and the audience. What cannot be read is a fault of its field.
    pub(crate) fn read(&self) -> (CampaignKind, Audience, Faults) {
        let mut faults = Faults::default();
        let kind = match self.kind.as_str() {
            "" => CampaignKind::Initial,
            kind => kind.parse().unwrap_or_else(|_| {
                fault(&mut faults, "kind", "Choose a kind.");
                CampaignKind::Initial
            }),
        };
        let mut audience = Audience {
            who: self.who_is(&mut faults),
            may_have_been_told: !self.maybe.is_empty(),
            elements: valid(&mut faults, "elements", elements(&self.elements)),
            elements_all: valid(&mut faults, "elements_all", elements(&self.elements_all)),
            elements_none: valid(&mut faults, "elements_none", elements(&self.elements_none)),
            flags: valid(&mut faults, "flags", flags(&self.flags)),
            flags_none: valid(&mut faults, "flags_none", flags(&self.flags_none)),
            only_listed: valid(&mut faults, "only", list(&self.only)),
            not_listed: valid(&mut faults, "without", list(&self.without)),
            earlier: valid(&mut faults, "earlier", self.earlier_is()),
            wave: valid(&mut faults, "to", self.wave_is()),
            ..Audience::default()
        };
        let places: Result<Vec<_>, _> = words(&self.jurisdictions)
            .map(Jurisdiction::parse)
            .collect();
        audience.jurisdictions = valid(&mut faults, "jurisdictions", places);
        let locales: Result<Vec<_>, _> = words(&self.locales).map(Locale::parse).collect();
        audience.locales = valid(&mut faults, "locales", locales);
        if !faults.any() {
            valid(&mut faults, "who", audience.check(kind));
        }
        (kind, audience, faults)
    }

    fn who_is(&self, faults: &mut Faults) -> Option<Who> {
        let word = serde_json::Value::String(self.who.clone());
        let read = match self.who.as_str() {
            "" => Ok(None),
            _ => serde_json::from_value(word).map_err(|_| "Choose one of these."),
        };
        valid(faults, "who", read)
    }

    fn earlier_is(&self) -> Result<Option<Earlier>, &'static str> {
        if self.earlier.is_empty() && self.outcome.is_empty() {
            return Ok(None);
        }
        let campaign: Result<CampaignId, _> = self.earlier.parse();
        let Ok(campaign) = campaign else {
            return Err("Choose an earlier campaign, or no outcome.");
        };
        let states: Result<Vec<NoticeStatus>, _> = words(&self.outcome).map(str::parse).collect();
        let states = states.map_err(|_| "Choose an outcome.")?;
        Earlier::new(campaign, &states)
            .map(Some)
            .map_err(|_| "Choose an outcome.")
    }

    fn wave_is(&self) -> Result<Option<Wave>, &'static str> {
        const WRONG: &str = "Enter two numbers of per cent, such as 10 and 30.";
        let bound = |typed: &str, empty| match typed.trim() {
            "" => Ok(empty),
            typed => thousandths(typed).ok_or(WRONG),
        };
        let (from, to) = (bound(&self.from, 0)?, bound(&self.to, 1_000)?);
        match (from, to) {
            (0, 1_000) => Ok(None),
            _ => Wave::new(from, to).map(Some).map_err(|_| WRONG),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::person::narrowing::ListDigest;

    #[test]
    fn an_audience_comes_back_from_its_address() {
        let listed = |n| Listed {
            list: ListDigest([n; 32]),
            references: 12,
        };
        let campaign = CampaignId::new(chrono::DateTime::UNIX_EPOCH);
        let audience = Audience {
            who: Some(Who::OverTold),
            jurisdictions: vec![Jurisdiction::parse("US-CA").expect("a place")],
            locales: vec![Locale::parse("zh-Hant").expect("a locale")],
            elements: ElementSet::parse("ssn;phone").expect("elements"),
            elements_all: ElementSet::parse("name").expect("elements"),
            elements_none: ElementSet::parse("email").expect("elements"),
            flags: Flags::MINOR,
            flags_none: Flags::parse("vulnerable").expect("flags"),
            earlier: Earlier::new(campaign, &[NoticeStatus::Expired, NoticeStatus::Bounced]).ok(),
            only_listed: Some(listed(1)),
            not_listed: Some(listed(2)),
            wave: Wave::new(105, 300).ok(),
            may_have_been_told: false,
        };
        let typed = Typed::of(CampaignKind::Correction, &audience);
        let again = Typed::parse(&typed.query());
        assert_eq!(again, typed);
        let (kind, read, faults) = again.read();
        assert!(!faults.any(), "{faults:?}");
        assert_eq!((kind, read), (CampaignKind::Correction, audience));
    }

    #[test]
    fn what_cannot_be_read_is_a_fault_of_its_field() {
        for (field, typed) in [
            (
                "to",
                Typed {
                    to: "10.25".to_owned(),
                    ..Typed::default()
                },
            ),
            (
                "to",
                Typed {
                    from: "30".to_owned(),
                    to: "10".to_owned(),
                    ..Typed::default()
                },
            ),
            (
                "earlier",
                Typed {
                    outcome: "bounced".to_owned(),
                    ..Typed::default()
                },
            ),
            (
                "only",
                Typed {
                    only: "zz.3".to_owned(),
                    ..Typed::default()
                },
            ),
            (
                "kind",
                Typed {
                    kind: "first".to_owned(),
                    ..Typed::default()
                },
            ),
            (
                "who",
                Typed {
                    who: "told".to_owned(),
                    ..Typed::default()
                },
            ),
            (
                "elements_none",
                Typed {
                    elements_none: "1234".to_owned(),
                    ..Typed::default()
                },
            ),
        ] {
            let (_, _, faults) = typed.read();
            assert!(
                faults.0.iter().any(|one| one.field == field),
                "{typed:?} {faults:?}"
            );
        }
    }
}
