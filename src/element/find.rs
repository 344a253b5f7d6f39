//! Finds the words of elements in a text, as its reader would.

use unicode_normalization::UnicodeNormalization;

use super::{Element, ElementSet, words};

/// The elements that `text` names by their words, in the language of the BCP 47 tag `locale`.
///
/// Case, line breaks and typographic variants of apostrophes, hyphens and spaces do not matter. Words inside the
/// longer words of another element do not count: "password (in scrambled form)" is not "password". A word is whole:
/// "username" is not "name"; only Korean particles, the Arabic "and", and Chinese, which has no spaces, may touch it.
pub fn found(text: &str, locale: &str) -> ElementSet {
    let language = words::spoken(locale);
    let text = plain(text, language);
    let mut places: Vec<(usize, usize, Element)> = Vec::new();
    for element in Element::ALL {
        let words = plain(element.words(language), language);
        let whole = text.match_indices(&words).filter(|(at, _)| {
            let (before, after) = (&text[..*at], &text[at + words.len()..]);
            is_whole(before, &words, after, language)
        });
        places.extend(whole.map(|(at, found)| (at, at + found.len(), element)));
    }
    let inside = |(from, to, _): &(usize, usize, Element)| {
        let longer =
            |(a, b, _): &(usize, usize, Element)| a <= from && to <= b && b - a > to - from;
        places.iter().any(longer)
    };
    let outermost = places.iter().filter(|place| !inside(place));
    outermost.map(|(.., element)| *element).collect()
}

/// Whether words stand for themselves between what is before and after them.
fn is_whole(before: &str, words: &str, after: &str, language: &str) -> bool {
    let touches = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    if language == "zh" {
        return true;
    }
    let before = match language {
        "ar" => before.strip_suffix('و').unwrap_or(before),
        _ => before,
    };
    let starts = !touches(words.chars().next()) || !touches(before.chars().next_back());
    let ends =
        language == "ko" || !touches(words.chars().next_back()) || !touches(after.chars().next());
    starts && ends
}

/// Lower case, one form of each character, one space between words; none in Chinese.
fn plain(text: &str, language: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.nfkc().flat_map(char::to_lowercase) {
        match c {
            '\u{2018}' | '\u{2019}' | '\u{2BC}' => plain.push('\''),
            '\u{2010}' | '\u{2011}' => plain.push('-'),
            // Invisible: they change how a text breaks or runs, not what it says.
            '\u{AD}'
            | '\u{200B}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{2069}'
            | '\u{61C}'
            | '\u{FEFF}' => {}
            c if c.is_whitespace() && (language == "zh" || plain.ends_with(' ')) => {}
            c if c.is_whitespace() => plain.push(' '),
            c => plain.push(c),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::element::{LOCALES, in_words};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_list_in_words_names_exactly_its_elements(bits: i64, locale in 0..LOCALES.len()) {
            let set = ElementSet::from_bits_truncate(bits);
            let list = in_words(set, LOCALES[locale]);
            prop_assert_eq!(found(&list, LOCALES[locale]), set, "{}", list);
        }
    }

    #[test]
    fn words_are_whole_and_the_longest_wins() {
        use Element::*;
        for (locale, text, names) in [
            ("en-GB", "Your SOCIAL\n  security number.", &[Ssn][..]),
            ("en", "Your driver's license number", &[DriverLicence]),
            ("en", "your username and your phone numbers", &[]),
            ("en", "password (in scrambled form)", &[PasswordHash]),
            (
                "en",
                "password, password (in scrambled form)",
                &[PasswordPlain, PasswordHash],
            ),
            ("de", "Ihr Name im Namen des Kunden", &[Name]),
            ("de", "Nutzername und Passwörter", &[]),
            ("fr", "le numéro d'assurance maladie", &[HealthInsuranceId]),
            ("ko", "귀하의 이름은 도난당했습니다", &[Name]),
            ("zh-Hant", "您的SIM卡号（ICCID）和姓名", &[Iccid, Name]),
            ("ar", "رقم الضمان الاجتماعي والاسم", &[Ssn, Name]),
            ("ru", "серийный номер телефона (IMEI)", &[Imei]),
            ("pt", "o seu nome, your name", &[Name]),
        ] {
            assert_eq!(found(text, locale), ElementSet::of(names), "{text}");
        }
    }
}
