//! The first line of a test in the languages of the helpline.

use crate::element::spoken;

/// The first line of a test for a reader of `locale`; English if Candor does not speak it. No character of it needs
/// escaping in HTML.
pub(super) fn first_line(locale: &str) -> &'static str {
    let language = spoken(locale);
    let known = LINES.iter().find(|(known, _)| *known == language);
    known.map_or(LINES[0].1, |(_, line)| line)
}

const LINES: [(&str, &str); 9] = [
    (
        "en",
        "TEST. This message checks a text before it is sent. It is not a notice. The person in it is invented.",
    ),
    (
        "es",
        "PRUEBA. Este mensaje sirve para revisar un texto antes de enviarlo. No es un aviso. La persona que aparece en él es inventada.",
    ),
    (
        "fr",
        "TEST. Ce message sert à vérifier un texte avant son envoi. Ce n’est pas un avis. La personne qui y figure est inventée.",
    ),
    (
        "de",
        "TEST. Mit dieser Nachricht wird ein Text vor dem Versand geprüft. Sie ist keine Benachrichtigung. Die Person darin ist erfunden.",
    ),
    (
        "vi",
        "THỬ NGHIỆM. Thư này dùng để kiểm tra nội dung trước khi gửi. Đây không phải là thông báo. Người được nêu trong thư là hư cấu.",
    ),
    (
        "zh",
        "测试。此邮件用于在发送前检查文本，并非正式通知。邮件中的人物是虚构的。",
    ),
    (
        "ko",
        "테스트. 이 메일은 발송 전에 문안을 확인하기 위한 것이며 통지가 아닙니다. 메일 속 인물은 가상의 인물입니다.",
    ),
    (
        "ru",
        "ТЕСТ. Это письмо служит для проверки текста перед отправкой. Это не уведомление. Человек в нём вымышленный.",
    ),
    (
        "ar",
        "اختبار. هذه الرسالة لمراجعة النص قبل إرساله، وليست إشعارًا. الشخص المذكور فيها غير حقيقي.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::element::LOCALES;

    #[test]
    fn there_is_a_line_in_every_language_and_none_needs_escaping() {
        for locale in LOCALES {
            assert!(
                LINES.iter().any(|(known, _)| **known == *locale),
                "{locale}"
            );
        }
        for (_, line) in LINES {
            assert!(!line.contains(['<', '>', '&', '"']), "{line}");
        }
        assert_eq!(first_line("es-MX"), LINES[1].1);
        assert_eq!(first_line("tlh"), LINES[0].1);
    }
}
