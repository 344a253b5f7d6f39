//! The words that turn a notice about a minor to the parent or guardian, in each language of the frame.

/// What is said to a guardian in one language. `{name}` marks the gap for the minor's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Guardian {
    /// The addressee of the notice.
    pub to: &'static str,
    /// What they are asked to do with it.
    pub advice: &'static str,
}

/// The words for a locale, by its language; English if Candor does not speak it.
pub(crate) fn words(locale: &str) -> &'static Guardian {
    let language = locale.split(['-', '_']).next().unwrap_or("");
    let of = |(code, _): &&(&str, Guardian)| code.eq_ignore_ascii_case(language);
    WORDS
        .iter()
        .find(of)
        .map_or(&WORDS[0].1, |(_, words)| words)
}

const WORDS: [(&str, Guardian); 9] = [
    (
        "en",
        Guardian {
            to: "To the parent or guardian of {name}",
            advice: "This notice is about the data of a minor in your care. Please read it on their behalf, \
                     and take for them the steps that it describes.",
        },
    ),
    (
        "es",
        Guardian {
            to: "A la madre, el padre o la persona que ejerza la tutela de {name}",
            advice: "Este aviso trata de los datos de un menor a su cargo. Léalo en su nombre y tome por el \
                     menor las medidas que se describen.",
        },
    ),
    (
        "fr",
        Guardian {
            to: "Au parent ou représentant légal de {name}",
            advice: "Cet avis concerne les données d’un mineur dont vous avez la charge. Veuillez le lire en son \
                     nom et prendre pour lui les mesures décrites.",
        },
    ),
    (
        "de",
        Guardian {
            to: "An die Eltern oder Sorgeberechtigten von {name}",
            advice: "Dieses Schreiben betrifft die Daten eines minderjährigen Kindes in Ihrer Obhut. Bitte lesen \
                     Sie es an seiner Stelle und unternehmen Sie für das Kind die beschriebenen Schritte.",
        },
    ),
    (
        "vi",
        Guardian {
            to: "Kính gửi cha mẹ hoặc người giám hộ của {name}",
            advice: "Thông báo này nói về dữ liệu của một trẻ vị thành niên mà quý vị chăm sóc. Xin quý vị đọc \
                     thay cho trẻ và thực hiện các bước được nêu.",
        },
    ),
    (
        "zh",
        Guardian {
            to: "致{name}的父母或监护人",
            advice: "本通知涉及由您照管的未成年人的数据。请代其阅读，并代其采取文中所述的措施。",
        },
    ),
    (
        "ko",
        Guardian {
            to: "{name} 님의 부모 또는 보호자께",
            advice: "이 통지서는 귀하가 보호하는 미성년자의 데이터에 관한 것입니다. 대신 읽으시고 안내된 조치를 \
                     대신 취해 주십시오.",
        },
    ),
    (
        "ru",
        Guardian {
            to: "Родителю или опекуну: {name}",
            advice: "Это уведомление касается данных несовершеннолетнего, находящегося на вашем попечении. \
                     Пожалуйста, прочитайте его вместо него и примите описанные меры.",
        },
    ),
    (
        "ar",
        Guardian {
            to: "إلى والد أو والدة أو وصي {name}",
            advice: "يتعلق هذا الإشعار ببيانات قاصر في رعايتك. نرجو قراءته نيابة عنه واتخاذ الخطوات الموضحة \
                     لأجله.",
        },
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_names_the_minor() {
        for (code, words) in &WORDS {
            assert!(
                words.to.contains("{name}") && !words.advice.is_empty(),
                "{code}"
            );
        }
        assert_eq!(words("es-MX"), words("es"));
        assert_eq!(words("tlh"), words("en"));
    }
}
