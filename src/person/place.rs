//! Where a person lives and which language they read: decides the law and the template.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

/// A language tag (BCP 47, RFC 5646), well-formed and in canonical case: `en`, `pt-BR`,
/// `zh-Hant-TW`. Well-formed only: whether a template exists for it is another question.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Locale(String);

/// The text is not a language tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("The locale is not a language tag such as en, es-US or zh-Hant.")]
pub struct NotALocale;

/// The longest tag taken; RFC 5646 §4.4.1 foresees 35 characters.
const LOCALE_LIMIT: usize = 35;

impl Locale {
    /// Reads a tag in any case and puts it into canonical case (RFC 5646 §2.1.1). Spaces around it do not matter,
    /// and `_` is read as `-`, as many systems write it.
    ///
    /// # Errors
    /// When it is not a `langtag` of RFC 5646 §2.1, or longer than 35 characters. Refused too, since no template can be
    /// for them: tags without a language (`x-…`), irregular ones (`i-…`), and languages of four letters or more, none
    /// of that is registered (`german`).
    pub fn parse(tag: &str) -> Result<Self, NotALocale> {
        let tag = tag.trim_matches(' ').replace('_', "-");
        if tag.len() <= LOCALE_LIMIT && is_langtag(&tag) {
            Ok(Self(canonical_case(&tag)))
        } else {
            Err(NotALocale)
        }
    }

    /// The whole tag.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The language alone: `pt` of `pt-BR`.
    #[must_use]
    pub fn language(&self) -> &str {
        self.0.split('-').next().unwrap_or_default()
    }
}

/// English, for people without a known language.
impl Default for Locale {
    fn default() -> Self {
        Self("en".to_owned())
    }
}

impl fmt::Display for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Locale {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Locale {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// The `langtag` rule of RFC 5646 §2.1, part by part.
fn is_langtag(tag: &str) -> bool {
    let letters = |part: &str| part.bytes().all(|b| b.is_ascii_alphabetic());
    let either = |part: &str| part.bytes().all(|b| b.is_ascii_alphanumeric());
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let digit_first = |part: &str| part.as_bytes()[0].is_ascii_digit();

    let mut parts = tag.split('-').peekable();
    if parts
        .next_if(|p| matches!(p.len(), 2 | 3) && letters(p))
        .is_none()
    {
        return false;
    }
    let mut extended = 3;
    while extended > 0 && parts.next_if(|p| p.len() == 3 && letters(p)).is_some() {
        extended -= 1;
    }
    parts.next_if(|p| p.len() == 4 && letters(p));
    parts.next_if(|p| (p.len() == 2 && letters(p)) || (p.len() == 3 && digits(p)));
    let is_variant = |p: &str| (5..=8).contains(&p.len()) || (p.len() == 4 && digit_first(p));
    while parts.next_if(|p| is_variant(p) && either(p)).is_some() {}
    while let Some(singleton) = parts.next_if(|p| p.len() == 1 && either(p)) {
        let private = singleton.eq_ignore_ascii_case("x");
        let lengths = if private { 1..=8 } else { 2..=8 };
        let belongs = |p: &&str| lengths.contains(&p.len()) && either(p);
        if parts.next_if(belongs).is_none() {
            return false;
        }
        while parts.next_if(belongs).is_some() {}
    }
    parts.next().is_none()
}

/// Lower case, but regions `UPPER` and scripts `Title`, until the first singleton.
fn canonical_case(tag: &str) -> String {
    let mut canonical = String::with_capacity(tag.len());
    let mut extension = false;
    for (index, part) in tag.split('-').enumerate() {
        if index > 0 {
            canonical.push('-');
        }
        let start = canonical.len();
        canonical.push_str(part);
        canonical[start..].make_ascii_lowercase();
        match part.len() {
            1 => extension = true,
            2 if index > 0 && !extension => canonical[start..].make_ascii_uppercase(),
            4 if index > 0 && !extension => canonical[start..=start].make_ascii_uppercase(),
            _ => {}
        }
    }
    canonical
}

/// A country or a part of one (ISO 3166-1 alpha-2, ISO 3166-2): `DE`, `US-CA`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Jurisdiction(String);

/// Why a text names no jurisdiction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NotAJurisdiction {
    /// The first two letters are no country.
    #[error("The jurisdiction does not begin with a country code of ISO 3166, such as US or DE.")]
    Country,
    /// What follows is no part of that country.
    #[error("The part after the country is not a subdivision of ISO 3166-2, such as CA in US-CA.")]
    Subdivision,
}

impl Jurisdiction {
    /// Reads `CC` or `CC-SUB` in any case; spaces around it do not matter. The country must exist. For the United States the
    /// state, district or territory must exist too; elsewhere only its form is checked, since
    /// those lists change every year.
    ///
    /// # Errors
    /// When either part does not name a place.
    pub fn parse(text: &str) -> Result<Self, NotAJurisdiction> {
        let code = text.trim_matches(' ').to_ascii_uppercase();
        let (country, subdivision) = parts(&code);
        if !is_listed(country, &COUNTRY_SET) {
            return Err(NotAJurisdiction::Country);
        }
        match subdivision {
            Some(part) if !is_subdivision(country, part) => Err(NotAJurisdiction::Subdivision),
            _ => Ok(Self(code)),
        }
    }

    /// The whole code, in capitals.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The country: `US` of `US-CA`.
    #[must_use]
    pub fn country(&self) -> &str {
        parts(&self.0).0
    }

    /// The part of the country: `CA` of `US-CA`.
    #[must_use]
    pub fn subdivision(&self) -> Option<&str> {
        parts(&self.0).1
    }
}

impl fmt::Display for Jurisdiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Jurisdiction {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Jurisdiction {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

fn parts(code: &str) -> (&str, Option<&str>) {
    code.split_once('-')
        .map_or((code, None), |(country, part)| (country, Some(part)))
}

fn is_subdivision(country: &str, part: &str) -> bool {
    match country {
        "US" => is_listed(part, &US_PART_SET),
        _ => (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()),
    }
}

/// Two-letter codes: for each first letter a bit for each second one.
type Codes = [u32; 26];

/// Lists stand as two-letter codes with a space after each.
const fn codes(list: &str) -> Codes {
    let (list, mut set, mut at) = (list.as_bytes(), [0; 26], 0);
    while at < list.len() {
        set[(list[at] - b'A') as usize] |= 1 << (list[at + 1] - b'A');
        at += 3;
    }
    set
}

fn is_listed(code: &str, set: &Codes) -> bool {
    match *code.as_bytes() {
        [first @ b'A'..=b'Z', second @ b'A'..=b'Z'] => {
            set[usize::from(first - b'A')] & (1 << (second - b'A')) != 0
        }
        _ => false,
    }
}

static COUNTRY_SET: Codes = codes(COUNTRIES);
static US_PART_SET: Codes = codes(US_PARTS);

/// ISO 3166-1 alpha-2, officially assigned, 249.
const COUNTRIES: &str = "\
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ \
    BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM \
    DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS \
    GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN \
    KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ \
    MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM \
    PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV \
    SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI \
    VN VU WF WS YE YT ZA ZM ZW";

/// ISO 3166-2:US: 50 states, the District of Columbia, 6 outlying areas.
const US_PARTS: &str = "\
    AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ \
    NM NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY DC AS GU MP PR UM VI";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_come_out_in_canonical_case() {
        for (given, canonical) in [
            ("EN", "en"),
            ("en_US", "en-US"),
            (" zh_hant ", "zh-Hant"),
            ("pt-br", "pt-BR"),
            ("ZH-hant-tw", "zh-Hant-TW"),
            ("es-419", "es-419"),
            ("zh-yue-HK", "zh-yue-HK"),
            ("sl-ROZAJ-biske-1994", "sl-rozaj-biske-1994"),
            ("de-de-u-CO-phonebk", "de-DE-u-co-phonebk"),
            ("en-X-AB-LATN", "en-x-ab-latn"),
        ] {
            assert_eq!(Locale::parse(given).unwrap().as_str(), canonical);
        }
        assert_eq!(Locale::parse("pt-BR").unwrap().language(), "pt");
        assert_eq!(Locale::default(), Locale::parse("en").unwrap());
    }

    #[test]
    fn what_is_not_a_tag_is_refused() {
        let too_long = format!("en{}", "-variant".repeat(5));
        for tag in [
            "",
            "e",
            "english-us",
            "en-",
            "-en",
            "en--US",
            "en-u",
            "x-klingon",
        ]
        .into_iter()
        .chain(["i-klingon", "en-US-CA", "日本", "en\n", "123", &too_long])
        {
            assert_eq!(Locale::parse(tag), Err(NotALocale), "{tag:?}");
        }
    }

    #[test]
    fn the_lists_are_complete_and_sorted_out_by_place() {
        assert_eq!(COUNTRIES.split(' ').count(), 249);
        assert_eq!(US_PARTS.split(' ').count(), 57);
        for code in COUNTRIES
            .split(' ')
            .chain(["US-CA", "us-dc", "DE-BY", "GB-ENG", "FR-75"])
        {
            assert_eq!(
                Jurisdiction::parse(code).unwrap().as_str(),
                code.to_ascii_uppercase()
            );
        }
        let california = Jurisdiction::parse("us-ca").unwrap();
        assert_eq!(
            (california.country(), california.subdivision()),
            ("US", Some("CA"))
        );
    }

    #[test]
    fn places_that_do_not_exist_are_refused() {
        for text in [
            "",
            "U",
            "UK",
            "USA",
            "XX",
            "D ",
            " E",
            "CA-US-1-",
            "日本",
            "US CA",
            "California",
        ] {
            assert!(Jurisdiction::parse(text).is_err(), "{text:?}");
        }
        for text in [
            "US-", "US-XX", "US-CAL", "DE-", "DE-ABCD", "DE-B\n", "DE-É", "US-A ",
        ] {
            assert_eq!(
                Jurisdiction::parse(text),
                Err(NotAJurisdiction::Subdivision),
                "{text:?}"
            );
        }
    }
}
