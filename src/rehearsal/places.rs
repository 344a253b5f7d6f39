//! Where invented people live: jurisdictions weighted by population, with plausible addresses.

use super::dice::Dice;

/// A jurisdiction with one of its cities.
pub(super) struct Place {
    /// ISO 3166-2, or 3166-1 outside federations: `US-CA`, `DE`.
    pub(super) jurisdiction: &'static str,
    /// Population in units of 100,000 (US census 2020); the few abroad are a guess.
    weight: u32,
    /// First characters of its postcodes …
    postcode: &'static str,
    /// … in this city.
    city: &'static str,
}

const fn place(
    jurisdiction: &'static str,
    weight: u32,
    postcode: &'static str,
    city: &'static str,
) -> Place {
    Place {
        jurisdiction,
        weight,
        postcode,
        city,
    }
}

const US_STREETS: &str = "Oak Maple Cedar Pine Elm Washington Lake Hill Walnut Sunset";
const FR_STREETS: &str = "Lilas Écoles Vignes Tilleuls Fontaines Moulins";
const DE_STREETS: &str = "Lindenstraße Bahnhofstraße Gartenweg Schulstraße Mühlenweg Bergstraße";

impl Place {
    pub(super) fn draw(dice: &mut Dice) -> &'static Place {
        dice.weighted(&PLACES, |place| place.weight)
    }

    pub(super) fn postcode(&self, dice: &mut Dice) -> String {
        match self.jurisdiction {
            "CA-ON" => format!("{} {}T{}", self.postcode, dice.below(10), dice.below(10)),
            _ => {
                let digits = 5 - self.postcode.len();
                let rest = dice.below(10_u32.pow(digits as u32));
                format!("{}{rest:0digits$}", self.postcode)
            }
        }
    }

    /// Street and city, one line each, as the post there wants them.
    pub(super) fn address(&self, postcode: &str, dice: &mut Dice) -> String {
        let (number, city) = (1 + dice.below(998), self.city);
        let us = |dice: &mut Dice| format!("{number} {} Street", dice.word(US_STREETS));
        match self.jurisdiction {
            "DE" => format!("{} {number}\n{postcode} {city}", dice.word(DE_STREETS)),
            "FR" => format!(
                "{number} rue des {}\n{postcode} {city}",
                dice.word(FR_STREETS)
            ),
            "CA-ON" => format!("{}\n{city} ON  {postcode}", us(dice)),
            state => {
                let state = state.trim_start_matches("US-");
                format!("{}\n{city}, {state} {postcode}", us(dice))
            }
        }
    }

    /// The locale of someone here who, in the United States, would have `language`.
    pub(super) fn locale(&self, language: &'static str) -> &'static str {
        match (self.jurisdiction, language) {
            ("DE", _) => "de-DE",
            ("FR", _) => "fr-FR",
            ("CA-ON", "fr" | "es" | "de") => "fr-CA",
            ("CA-ON", "en") => "en-CA",
            _ => language,
        }
    }
}

const PLACES: [Place; 54] = [
    place("US-AL", 50, "352", "Birmingham"),
    place("US-AK", 7, "995", "Anchorage"),
    place("US-AZ", 72, "850", "Phoenix"),
    place("US-AR", 30, "722", "Little Rock"),
    place("US-CA", 395, "900", "Los Angeles"),
    place("US-CO", 58, "802", "Denver"),
    place("US-CT", 36, "061", "Hartford"),
    place("US-DE", 10, "198", "Wilmington"),
    place("US-DC", 7, "200", "Washington"),
    place("US-FL", 215, "331", "Miami"),
    place("US-GA", 107, "303", "Atlanta"),
    place("US-HI", 15, "968", "Honolulu"),
    place("US-ID", 18, "837", "Boise"),
    place("US-IL", 128, "606", "Chicago"),
    place("US-IN", 68, "462", "Indianapolis"),
    place("US-IA", 32, "503", "Des Moines"),
    place("US-KS", 29, "672", "Wichita"),
    place("US-KY", 45, "402", "Louisville"),
    place("US-LA", 47, "701", "New Orleans"),
    place("US-ME", 14, "041", "Portland"),
    place("US-MD", 62, "212", "Baltimore"),
    place("US-MA", 70, "021", "Boston"),
    place("US-MI", 101, "482", "Detroit"),
    place("US-MN", 57, "554", "Minneapolis"),
    place("US-MS", 30, "392", "Jackson"),
    place("US-MO", 62, "641", "Kansas City"),
    place("US-MT", 11, "591", "Billings"),
    place("US-NE", 20, "681", "Omaha"),
    place("US-NV", 31, "891", "Las Vegas"),
    place("US-NH", 14, "031", "Manchester"),
    place("US-NJ", 93, "071", "Newark"),
    place("US-NM", 21, "871", "Albuquerque"),
    place("US-NY", 202, "100", "New York"),
    place("US-NC", 104, "282", "Charlotte"),
    place("US-ND", 8, "581", "Fargo"),
    place("US-OH", 118, "432", "Columbus"),
    place("US-OK", 40, "731", "Oklahoma City"),
    place("US-OR", 42, "972", "Portland"),
    place("US-PA", 130, "191", "Philadelphia"),
    place("US-RI", 11, "029", "Providence"),
    place("US-SC", 51, "294", "Charleston"),
    place("US-SD", 9, "571", "Sioux Falls"),
    place("US-TN", 69, "372", "Nashville"),
    place("US-TX", 291, "770", "Houston"),
    place("US-UT", 33, "841", "Salt Lake City"),
    place("US-VT", 6, "054", "Burlington"),
    place("US-VA", 86, "234", "Virginia Beach"),
    place("US-WA", 77, "981", "Seattle"),
    place("US-WV", 18, "253", "Charleston"),
    place("US-WI", 59, "532", "Milwaukee"),
    place("US-WY", 6, "820", "Cheyenne"),
    place("DE", 20, "10", "Berlin"),
    place("FR", 15, "69", "Lyon"),
    place("CA-ON", 15, "M5V", "Toronto"),
];
