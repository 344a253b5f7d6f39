//! Who is answered first: a pure, explainable score. Tickets wait in line by it, and by their time of
//! arrival among equals. What was exposed for the person, the harm they tell of, and whether they
//! need more care count; how angrily they write does not.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A score and its reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Urgency {
    /// Higher is sooner. 0..=270.
    pub score: i32,
    /// Why, in plain words; never a quotation.
    pub why: String,
}

impl Urgency {
    /// The more urgent of two; the first among equals.
    #[must_use]
    pub fn or_higher(self, other: Self) -> Self {
        if other.score > self.score {
            other
        } else {
            self
        }
    }
}

/// A kind of harm: points, the words for staff, and what tells of it (folded: lower case, no accents;
/// matched at the beginning of words, or anywhere in scripts that set no spaces).
struct Harm {
    points: i32,
    why: &'static str,
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

/// Points of a vulnerable person.
const VULNERABLE: i32 = 30;
/// Points of each step of severity.
const A_SEVERITY: i32 = 6;

/// Weighs a matter: `severity` (0..=5) of what was exposed, whether the person needs more care, and
/// the harm that `text` tells of.
pub fn weigh(severity: u8, vulnerable: bool, text: &str) -> Urgency {
    let severity = severity.min(5);
    let text = folded(text);
    let mut score = i32::from(severity) * A_SEVERITY;
    let mut why = vec![match severity {
        0 => "nothing known to be exposed".to_owned(),
        _ => format!("exposure {severity} of 5"),
    }];
    for harm in HARMS.iter().filter(|harm| harm.is_told_in(&text)) {
        score += harm.points;
        why.push(harm.why.to_owned());
    }
    if vulnerable {
        score += VULNERABLE;
        why.push("needs more care".to_owned());
    }
    Urgency {
        score,
        why: why.join(" · "),
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
    use proptest::prelude::*;

    #[test]
    fn harm_raises_the_urgency_in_many_languages_and_says_why() {
        let plain = weigh(5, false, "How do I change my address?");
        assert_eq!((plain.score, &*plain.why), (30, "exposure 5 of 5"));
        for text in [
            "There is FRAUD on my card",
            "Me robaron la identidad",
            "J’ai été victime d’une escroquerie",
            "Ein Kredit auf meinen Namen: Betrug!",
            "Ai đó lừa đảo tôi",
            "Мошенники звонят",
            "我的身份被盗用了",
            "사기를 당했어요",
            "تعرضت للاحتيال",
        ] {
            let told = weigh(1, false, text);
            assert!(told.why.contains("fraud or theft"), "{}", told.why);
        }
        for text in [
            "I want to die",
            "je pense au suicide",
            "Selbstmord",
            "자살",
            "quiero morir",
        ] {
            assert!(weigh(0, false, text).score >= 100);
        }
        assert!(
            weigh(3, false, "they did a SIM-swap on me")
                .why
                .contains("taken over")
        );
        let vulnerable = weigh(2, true, "hello");
        assert_eq!(
            (vulnerable.score, &*vulnerable.why),
            (42, "exposure 2 of 5 · needs more care")
        );
    }

    #[test]
    fn signs_begin_words_and_are_written_folded() {
        assert_eq!(weigh(0, false, "unscammed, my distalker").score, 0);
        for sign in HARMS.iter().flat_map(|harm| harm.signs) {
            assert_eq!(folded(sign).trim(), sign.trim(), "{sign:?} is not folded");
        }
    }

    proptest! {
        #[test]
        fn any_text_gets_a_score_in_range_and_is_not_quoted(text: String, severity: u8, vulnerable: bool) {
            let urgency = weigh(severity, vulnerable, &text);
            prop_assert!((0..=270).contains(&urgency.score));
            prop_assert!(urgency.why.len() < 300);
        }
    }
}
