//! The fixed frame of a notice: how it looks in HTML, and the words that end every notice in the
//! reader's language, which say how to check that it is genuine.
//!
//! The frame sets no colours for text or ground: the mail program's own, light or dark, stay
//! readable. No images, no style sheet, nothing fetched from anywhere.

/// The inline styles of a notice, for one writing direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Style {
    /// Value of the `dir` attribute.
    pub dir: &'static str,
    /// The first heading.
    pub title: &'static str,
    /// Headings of level 2.
    pub heading: &'static str,
    /// Headings below that.
    pub small_heading: &'static str,
    /// Paragraphs.
    pub paragraph: &'static str,
    /// Numbered and bulleted lists.
    pub list: &'static str,
    /// List items.
    pub item: &'static str,
    /// Quotations.
    pub quote: &'static str,
    /// Blocks of code.
    pub code: &'static str,
    /// The line before the end part.
    pub rule: &'static str,
}

const LEFT_TO_RIGHT: Style = Style {
    dir: "ltr",
    title: "margin:0 0 16px;font-size:28px;line-height:1.25;font-weight:600",
    heading: "margin:32px 0 8px;font-size:22px;line-height:1.3;font-weight:600",
    small_heading: "margin:24px 0 8px;font-size:18px;line-height:1.4;font-weight:600",
    paragraph: "margin:0 0 16px",
    list: "margin:0 0 16px;padding:0 0 0 28px",
    item: "margin:0 0 8px",
    quote: "margin:0 0 16px;padding:0 0 0 16px;border-left:4px solid #808080",
    code: "margin:0 0 16px;white-space:pre-wrap;font-size:14px",
    rule: "margin:32px 0 24px;border:0;border-top:1px solid #808080",
};

const RIGHT_TO_LEFT: Style = Style {
    dir: "rtl",
    list: "margin:0 0 16px;padding:0 28px 0 0",
    quote: "margin:0 0 16px;padding:0 16px 0 0;border-right:4px solid #808080",
    ..LEFT_TO_RIGHT
};

/// The styles for a writing direction.
pub(crate) fn style(rtl: bool) -> &'static Style {
    if rtl { &RIGHT_TO_LEFT } else { &LEFT_TO_RIGHT }
}

/// The HTML before the title. `lang` must be safe in an attribute: see [`language_tag`].
pub(crate) fn before_title(lang: &str, style: &Style) -> String {
    let dir = style.dir;
    format!(
        "<!DOCTYPE html>\n<html lang=\"{lang}\" dir=\"{dir}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta name=\"supported-color-schemes\" content=\"light dark\">\n<title>"
    )
}

/// The HTML between the title and the first block. Mail programs drop `<html>` and `<body>`, so
/// the language, the direction and the font stand on the column itself.
pub(crate) fn after_title(lang: &str, style: &Style) -> String {
    let dir = style.dir;
    format!(
        "</title>\n</head>\n<body style=\"margin:0;padding:0\">\n\
         <div lang=\"{lang}\" dir=\"{dir}\" style=\"box-sizing:border-box;max-width:600px;\
         margin:0 auto;padding:24px 16px;overflow-wrap:anywhere;font-family:system-ui,\
         -apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,'Noto Sans',sans-serif;\
         font-size:16px;line-height:1.5\">\n"
    )
}

/// The HTML after the last block.
pub(crate) const END: &str = "</div>\n</body>\n</html>\n";

/// A locale as a language tag that is safe in an attribute; `en` if it is none.
pub(crate) fn language_tag(locale: &str) -> String {
    let tag = locale.trim().replace('_', "-");
    let subtag =
        |s: &str| (1..=8).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_alphanumeric());
    if tag.split('-').all(subtag) {
        tag
    } else {
        "en".into()
    }
}

/// What the frame says in one language. `{address}`, `{code}` and `{link}` mark the gaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Words {
    /// The salutation if the person's name is not known: true of customers, applicants and heirs alike, of any gender.
    pub salutation: &'static str,
    /// Heads the end part.
    pub genuine: &'static str,
    /// How to check, when the code stands in the letter already.
    pub check: &'static str,
    /// How to check, with the code.
    pub check_with_code: &'static str,
    /// The second way: the personal page.
    pub link: &'static str,
}

/// The frame's words for a locale, by its language; English if Candor does not speak it.
pub(crate) fn words(locale: &str) -> &'static Words {
    let language = locale.split(['-', '_']).next().unwrap_or("");
    WORDS
        .iter()
        .find(|(code, _)| code.eq_ignore_ascii_case(language))
        .map_or(&WORDS[0].1, |(_, words)| words)
}

const WORDS: [(&str, Words); 9] = [
    (
        "en",
        Words {
            salutation: "Sir or Madam",
            genuine: "How to check that this notice is genuine",
            check: "Type this address into your browser yourself: {address}. Enter the notice code \
                    from this letter there.",
            check_with_code: "Type this address into your browser yourself: {address}. Enter this \
                              notice code there: {code}",
            link: "Your own page about this incident: {link}",
        },
    ),
    (
        "es",
        Words {
            salutation: "señora o señor",
            genuine: "Cómo comprobar que este aviso es auténtico",
            check: "Escriba usted esta dirección en su navegador: {address}. Introduzca allí el \
                    código de aviso que figura en esta carta.",
            check_with_code: "Escriba usted esta dirección en su navegador: {address}. Introduzca \
                              allí este código de aviso: {code}",
            link: "Su página personal sobre este incidente: {link}",
        },
    ),
    (
        "fr",
        Words {
            salutation: "Madame, Monsieur",
            genuine: "Comment vérifier que cet avis est authentique",
            check: "Tapez vous-même cette adresse dans votre navigateur : {address}. Saisissez-y \
                    le code d’avis indiqué dans cette lettre.",
            check_with_code: "Tapez vous-même cette adresse dans votre navigateur : {address}. \
                              Saisissez-y ce code d’avis : {code}",
            link: "Votre page personnelle sur cet incident : {link}",
        },
    ),
    (
        "de",
        Words {
            salutation: "Damen und Herren",
            genuine: "So prüfen Sie, ob dieses Schreiben echt ist",
            check: "Tippen Sie diese Adresse selbst in Ihren Browser: {address}. Geben Sie dort \
                    den Code aus diesem Schreiben ein.",
            check_with_code: "Tippen Sie diese Adresse selbst in Ihren Browser: {address}. Geben \
                              Sie dort diesen Code ein: {code}",
            link: "Ihre persönliche Seite zu diesem Vorfall: {link}",
        },
    ),
    (
        "vi",
        Words {
            salutation: "Quý vị",
            genuine: "Cách kiểm tra thông báo này là thật",
            check: "Quý vị hãy tự gõ địa chỉ này vào trình duyệt: {address}. Sau đó nhập mã thông \
                    báo có trong thư này.",
            check_with_code: "Quý vị hãy tự gõ địa chỉ này vào trình duyệt: {address}. Sau đó nhập \
                              mã thông báo này: {code}",
            link: "Trang riêng của quý vị về sự cố này: {link}",
        },
    ),
    (
        "zh",
        Words {
            salutation: "先生/女士",
            genuine: "如何核实本通知的真伪",
            check: "请亲自在浏览器中输入此网址：{address} ，然后在该页面输入本信中的通知代码。",
            check_with_code: "请亲自在浏览器中输入此网址：{address} ，然后在该页面输入此通知代码：\
                              {code}",
            link: "您关于此事件的个人页面：{link}",
        },
    ),
    (
        "ko",
        Words {
            salutation: "귀하",
            genuine: "이 통지서가 진짜인지 확인하는 방법",
            check: "브라우저에 이 주소를 직접 입력하십시오: {address} 그런 다음 이 통지서에 있는 \
                    통지 코드를 입력하십시오.",
            check_with_code: "브라우저에 이 주소를 직접 입력하십시오: {address} 그런 다음 이 통지 \
                              코드를 입력하십시오: {code}",
            link: "이 사건에 관한 귀하의 개인 페이지: {link}",
        },
    ),
    (
        "ru",
        Words {
            salutation: "господин или госпожа",
            genuine: "Как проверить, что это уведомление подлинное",
            check: "Наберите этот адрес в браузере сами: {address}. Введите там код уведомления \
                    из этого письма.",
            check_with_code: "Наберите этот адрес в браузере сами: {address}. Введите там этот код \
                              уведомления: {code}",
            link: "Ваша личная страница об этом инциденте: {link}",
        },
    ),
    (
        "ar",
        Words {
            salutation: "السيدة أو السيد",
            genuine: "كيف تتحقق من صحة هذا الإشعار",
            check: "اكتب هذا العنوان بنفسك في المتصفح: {address} ثم أدخل هناك رمز الإشعار الموجود \
                    في هذه الرسالة.",
            check_with_code: "اكتب هذا العنوان بنفسك في المتصفح: {address} ثم أدخل هناك رمز \
                              الإشعار هذا: {code}",
            link: "صفحتك الخاصة بهذه الحادثة: {link}",
        },
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_all_its_gaps() {
        for (code, words) in &WORDS {
            assert!(words.check.contains("{address}"), "{code}");
            assert!(words.check_with_code.contains("{address}"), "{code}");
            assert!(words.check_with_code.contains("{code}"), "{code}");
            assert!(words.link.ends_with("{link}"), "{code}");
        }
    }

    #[test]
    fn a_region_or_an_unknown_language_finds_words() {
        assert_eq!(words("es-MX"), words("es"));
        assert_eq!(words("ZH_hant"), words("zh"));
        assert_eq!(words("tlh"), words("en"));
    }

    #[test]
    fn a_hostile_locale_is_no_attribute() {
        assert_eq!(language_tag("pt_BR"), "pt-BR");
        assert_eq!(language_tag("en\" onload=\"x"), "en");
        assert_eq!(language_tag(""), "en");
    }
}
