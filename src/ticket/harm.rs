//! The harm that a customer tells of: kinds, what each counts, and the words that tell of it in many languages.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A kind of harm: points, the words for staff, and what tells of it (folded: lower case, no accents;
/// matched at the beginning of words, or anywhere in scripts that set no spaces).
pub(super) struct Harm {
    pub points: i32,
    pub why: &'static str,
    signs: &'static [&'static str],
}

const HARMS: [Harm; 4] = [
    Harm {
        points: 100,
        why: "tells of danger to life or limb",
        signs: &[
            "suicid",
            "kill myself",
            "killing myself",
            "end my life",
            "hurt myself",
            "self harm",
            "want to die",
            "going to kill me",
            "stalk",
            "death threat",
            "my abuser",
            "violent ex",
            "domestic violence",
            "matarme",
            "quitarme la vida",
            "quiero morir",
            "hacerme dano",
            "amenaza de muerte",
            "amenazas de muerte",
            "acosador",
            "maltratador",
            "me tuer",
            "mettre fin a mes jours",
            "envie de mourir",
            "me faire du mal",
            "menace de mort",
            "menaces de mort",
            "harceleur",
            "ex violent",
            "selbstmord",
            "umbringen",
            "das leben nehmen",
            "nicht mehr leben",
            "will sterben",
            "morddrohung",
            "gewalttatig",
            "mir etwas antun",
            "tu tu",
            "muon chet",
            "giet toi",
            "самоубииств",
            "покончить с собои",
            "хочу умереть",
            "угрожают убить",
            "自杀",
            "自殺",
            "想死",
            "不想活",
            "자살",
            "죽고 싶",
            "انتحار",
            "اقتل نفسي",
        ],
    },
    Harm {
        points: 50,
        why: "tells of fraud or theft",
        signs: &[
            "fraud",
            "scam",
            "stolen",
            "stole my",
            "stole money",
            "identity theft",
            "hacked",
            "blackmail",
            "extort",
            "ransom",
            "loan in my name",
            "account in my name",
            "card in my name",
            "money is gone",
            "money is missing",
            "money was taken",
            "emptied my account",
            "unauthorized",
            "unauthorised",
            "did not authorize",
            "did not authorise",
            "impersonat",
            "estafa",
            "me robaron",
            "robo de identidad",
            "suplantacion",
            "suplantaron",
            "chantaje",
            "hackear",
            "prestamo a mi nombre",
            "cuenta a mi nombre",
            "no autorizad",
            "me han robado",
            "escroquerie",
            "arnaque",
            "usurpation",
            "m a ete vole",
            "m ont vole",
            "pirate",
            "chantage",
            "credit a mon nom",
            "compte a mon nom",
            "non autorise",
            "betrug",
            "betrog",
            "gestohlen",
            "identitatsdiebstahl",
            "erpress",
            "gehackt",
            "kredit auf meinen namen",
            "konto auf meinen namen",
            "abgebucht",
            "missbraucht",
            "lua dao",
            "danh cap",
            "мошенни",
            "украли",
            "украден",
            "взломали",
            "шантаж",
            "诈骗",
            "被盗",
            "盗用",
            "詐騙",
            "被盜",
            "勒索",
            "사기",
            "도용",
            "해킹",
            "협박",
            "احتيال",
            "سرق",
            "سرقة",
            "ابتزاز",
        ],
    },
    Harm {
        points: 40,
        why: "tells of a phone number or account taken over",
        signs: &[
            "sim swap",
            "sim was swapped",
            "swapped my sim",
            "port out",
            "ported out",
            "number was ported",
            "number was transferred",
            "lost my number",
            "locked out",
            "took over my",
            "taken over my",
            "phone stopped working",
            "no signal since",
            "duplicado de sim",
            "duplicaron mi sim",
            "portabilidad sin",
            "me quitaron el numero",
            "me quede sin linea",
            "echange de sim",
            "carte sim desactivee",
            "numero a ete transfere",
            "numero a ete porte",
            "sim karte gesperrt",
            "rufnummer portiert",
            "nummer portiert",
            "nummer ubernommen",
            "konto ubernommen",
            "ausgesperrt",
            "подмена sim",
            "перевыпуск sim",
            "sim卡被",
            "유심",
            "شريحة",
        ],
    },
    Harm {
        points: 20,
        why: "mentions the police or a court",
        signs: &[
            "police",
            "sheriff",
            "fbi",
            "lawsuit",
            "subpoena",
            "court order",
            "restraining order",
            "policia",
            "denuncia",
            "juzgado",
            "orden de alejamiento",
            "gendarmerie",
            "plainte",
            "tribunal",
            "commissariat",
            "polizei",
            "anzeige erstattet",
            "strafanzeige",
            "gericht ",
            "canh sat",
            "cong an",
            "полици",
            "в суд",
            "警察",
            "报警",
            "報警",
            "경찰",
            "الشرطة",
        ],
    },
];

/// The kinds of harm that a customer told of in one ticket. Stored as bits, so that the ticket can be weighed
/// again without its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Harms(i32);

impl Harms {
    /// The kinds that a text tells of.
    pub fn told_in(text: &str) -> Self {
        let text = folded(text);
        let told = HARMS
            .iter()
            .enumerate()
            .filter(|(_, harm)| harm.is_told_in(&text));
        Self(told.fold(0, |bits, (n, _)| bits | 1 << n))
    }

    /// Those in either.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// As stored.
    pub fn bits(self) -> i32 {
        self.0
    }

    /// From stored bits; those that mean nothing are left out.
    pub fn from_bits(bits: i32) -> Self {
        Self(bits & ((1 << HARMS.len()) - 1))
    }

    pub(super) fn each(self) -> impl Iterator<Item = &'static Harm> {
        let has = move |n: usize| self.0 & (1 << n) != 0;
        HARMS
            .iter()
            .enumerate()
            .filter(move |(n, _)| has(*n))
            .map(|(_, harm)| harm)
    }
}

impl Harm {
    fn is_told_in(&self, folded: &str) -> bool {
        self.signs.iter().any(|sign| {
            let spaced = !sign.chars().any(sets_no_spaces);
            folded
                .match_indices(sign)
                .any(|(at, _)| !spaced || folded[..at].ends_with(' '))
        })
    }
}

/// Chinese, Japanese and Korean; Arabic joins its article and prepositions to the word.
fn sets_no_spaces(c: char) -> bool {
    matches!(c, '\u{0600}'..='\u{06FF}' | '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{1100}'..='\u{11FF}' | '\u{AC00}'..='\u{D7A3}')
}

/// Lower case, without accents, one space for whatever is not a letter or digit, at both ends too.
fn folded(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push(' ');
    let plain = text.nfd().filter(|c| !is_combining_mark(*c));
    // NFC again, since Korean syllables fall apart above.
    for c in plain.nfc().flat_map(char::to_lowercase) {
        match c {
            'ß' => out.push_str("ss"),
            'đ' => out.push('d'),
            'ё' => out.push('е'),
            c if c.is_alphanumeric() => out.push(c),
            _ if out.ends_with(' ') => {}
            _ => out.push(' '),
        }
    }
    if !out.ends_with(' ') {
        out.push(' ');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_begin_words_and_are_written_folded() {
        assert_eq!(Harms::told_in("unscammed, my distalker"), Harms::default());
        for sign in HARMS.iter().flat_map(|harm| harm.signs) {
            assert_eq!(folded(sign).trim(), sign.trim(), "{sign:?} is not folded");
        }
    }
}
