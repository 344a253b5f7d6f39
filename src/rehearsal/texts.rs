//! The notices in nine languages: the first one, and the supplement when the scope grew.
//!
//! Both are built from one set of phrases, so that they keep one order (what happened, what of
//! yours, what to do, what we do, how to reach us) and cannot drift apart. How to check the notice and the link are not
//! among them: Candor ends every notice with those.
//! English headings are those that California Civil Code 1798.82(d) prescribes. Facts come
//! from the fact sheet, so that notices, pages and agents cannot disagree.

use super::facts::localised;

/// One language's text of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variant {
    /// Language.
    pub locale: &'static str,
    /// One line, with placeholders.
    pub subject: &'static str,
    /// Markdown, with placeholders.
    pub body: String,
}

/// The first notice that a person gets.
pub fn initial() -> Vec<Variant> {
    let write = |p: &Phrases| {
        let opening = [
            p.opening.to_owned(),
            heading(p.what_happened),
            fact("what_happened", p),
        ];
        variant(p, p.subject, &opening)
    };
    PHRASES.iter().map(write).collect()
}

/// The notice to people who lost more than they were told. It repeats everything, and is also true for a person who got
/// no earlier notice.
pub fn supplement() -> Vec<Variant> {
    let write = |p: &Phrases| {
        let opening = [
            p.opening_again.to_owned(),
            heading(p.what_changed),
            fact("what_changed", p),
            heading(p.what_happened),
            fact("what_happened", p),
        ];
        variant(p, p.subject_again, &opening)
    };
    PHRASES.iter().map(write).collect()
}

fn heading(words: &str) -> String {
    format!("## {words}")
}

fn fact(key: &str, phrases: &Phrases) -> String {
    format!("{{{{ facts.{} }}}}", localised(key, phrases.locale))
}

fn only_with(code: &str, words: &str) -> String {
    format!("{{{{#if has.{code}}}}}\n{words}\n{{{{/if}}}}")
}

fn variant(p: &Phrases, subject: &'static str, opening: &[String]) -> Variant {
    let hours = fact("contact_hours", p);
    let rest = [
        heading(p.involved),
        p.yours.to_owned(),
        only_with("ssn", p.about_ssn),
        only_with("carrier_pin", p.about_pin),
        heading(p.what_you_can_do),
        "{{ guidance }}".to_owned(),
        heading(p.what_we_are_doing),
        fact("what_we_are_doing", p),
        heading(p.more),
        p.contact.replace("HOURS", &hours),
        format!("{} **{{{{ notice_code }}}}**", p.code),
        "{{ facts.organisation }}".to_owned(),
    ];
    let paragraphs: Vec<&str> = [p.greeting]
        .into_iter()
        .chain(opening.iter().chain(&rest).map(String::as_str))
        .collect();
    Variant {
        locale: p.locale,
        subject,
        body: paragraphs.join("\n\n") + "\n",
    }
}

struct Phrases {
    locale: &'static str,
    subject: &'static str,
    subject_again: &'static str,
    greeting: &'static str,
    opening: &'static str,
    opening_again: &'static str,
    what_happened: &'static str,
    what_changed: &'static str,
    involved: &'static str,
    yours: &'static str,
    about_ssn: &'static str,
    about_pin: &'static str,
    what_you_can_do: &'static str,
    what_we_are_doing: &'static str,
    more: &'static str,
    /// `HOURS` stands for the language's fact.
    contact: &'static str,
    /// Stands before the notice's code.
    code: &'static str,
}

#[rustfmt::skip]
const PHRASES: [Phrases; 9] = [
    Phrases {
        locale: "en",
        subject: "Notice of Data Breach",
        subject_again: "Notice of Data Breach: more of your data was stolen",
        greeting: "Dear {{ name }},",
        opening: "Someone stole data from {{ facts.organisation }}. Some of it is about you. We are sorry.",
        opening_again: "We now know more about the theft of data from {{ facts.organisation }}: more of your data was stolen than we knew before. We are sorry. This notice lists all of it and replaces any earlier one.",
        what_happened: "What Happened",
        what_changed: "What Has Changed",
        involved: "What Information Was Involved",
        yours: "This data about you was stolen: {{ elements }}.",
        about_ssn: "Your Social Security number is among it. We do not repeat it here, and we will never ask you for it.",
        about_pin: "We have reset your account PIN. The stolen one no longer works with us.",
        what_you_can_do: "What You Can Do",
        what_we_are_doing: "What We Are Doing",
        more: "For More Information",
        contact: "Ask us on your own page (see below), call {{ facts.contact_phone }} (HOURS) or write to {{ facts.contact_email }}. Please give your reference {{ reference }}.",
        code: "The code of this notice:",
    },
    Phrases {
        locale: "es",
        subject: "Aviso de robo de datos",
        subject_again: "Aviso de robo de datos: se robaron más datos suyos",
        greeting: "Hola, {{ name }}:",
        opening: "Alguien robó datos de {{ facts.organisation }}. Una parte es sobre usted. Lo sentimos.",
        opening_again: "Ahora sabemos más sobre el robo de datos de {{ facts.organisation }}: se robaron más datos suyos de los que conocíamos. Lo sentimos. Este aviso los enumera todos y sustituye a cualquier aviso anterior.",
        what_happened: "Qué pasó",
        what_changed: "Qué ha cambiado",
        involved: "Qué datos suyos se robaron",
        yours: "Se robaron estos datos sobre usted: {{ elements }}.",
        about_ssn: "Entre ellos está su número de Seguro Social. No lo repetimos aquí y nunca se lo pediremos.",
        about_pin: "Hemos cambiado el PIN de su cuenta. El robado ya no sirve con nosotros.",
        what_you_can_do: "Qué puede hacer usted",
        what_we_are_doing: "Qué hacemos nosotros",
        more: "Más información",
        contact: "Pregúntenos en su propia página (vea abajo), llame al {{ facts.contact_phone }} (HOURS) o escriba a {{ facts.contact_email }}. Indique su referencia {{ reference }}.",
        code: "El código de este aviso:",
    },
    Phrases {
        locale: "fr",
        subject: "Avis de vol de données",
        subject_again: "Avis de vol de données : davantage de vos données ont été volées",
        greeting: "Bonjour {{ name }},",
        opening: "Quelqu’un a volé des données chez {{ facts.organisation }}. Certaines vous concernent. Nous en sommes désolés.",
        opening_again: "Nous en savons plus sur le vol de données chez {{ facts.organisation }} : davantage de vos données ont été volées que nous ne le savions. Nous en sommes désolés. Cet avis les énumère toutes et remplace tout avis précédent.",
        what_happened: "Ce qui s’est passé",
        what_changed: "Ce qui a changé",
        involved: "Vos données volées",
        yours: "Ces données sur vous ont été volées : {{ elements }}.",
        about_ssn: "Votre numéro de sécurité sociale en fait partie. Nous ne le répétons pas ici et ne vous le demanderons jamais.",
        about_pin: "Nous avons réinitialisé le code PIN de votre compte. Le code volé ne fonctionne plus chez nous.",
        what_you_can_do: "Ce que vous pouvez faire",
        what_we_are_doing: "Ce que nous faisons",
        more: "Pour en savoir plus",
        contact: "Posez votre question sur votre page (voir plus bas), appelez le {{ facts.contact_phone }} (HOURS) ou écrivez à {{ facts.contact_email }}. Indiquez votre référence {{ reference }}.",
        code: "Le code de cet avis :",
    },
    Phrases {
        locale: "de",
        subject: "Mitteilung über einen Datendiebstahl",
        subject_again: "Mitteilung über einen Datendiebstahl: Es wurden mehr Ihrer Daten gestohlen",
        greeting: "Guten Tag, {{ name }},",
        opening: "bei {{ facts.organisation }} wurden Daten gestohlen. Ein Teil davon betrifft Sie. Das tut uns leid.",
        opening_again: "wir wissen jetzt mehr über den Datendiebstahl bei {{ facts.organisation }}: Es wurden mehr Daten über Sie gestohlen, als uns bekannt war. Das tut uns leid. Diese Mitteilung nennt sie alle und ersetzt jede frühere.",
        what_happened: "Was geschehen ist",
        what_changed: "Was sich geändert hat",
        involved: "Welche Ihrer Daten betroffen sind",
        yours: "Diese Daten über Sie wurden gestohlen: {{ elements }}.",
        about_ssn: "Ihre Sozialversicherungsnummer ist darunter. Wir wiederholen sie hier nicht und werden Sie nie danach fragen.",
        about_pin: "Wir haben die PIN Ihres Kundenkontos zurückgesetzt. Die gestohlene gilt bei uns nicht mehr.",
        what_you_can_do: "Was Sie tun können",
        what_we_are_doing: "Was wir tun",
        more: "Mehr erfahren",
        contact: "Fragen Sie uns auf Ihrer eigenen Seite (siehe unten), rufen Sie {{ facts.contact_phone }} an (HOURS) oder schreiben Sie an {{ facts.contact_email }}. Bitte nennen Sie Ihr Aktenzeichen {{ reference }}.",
        code: "Der Code dieser Mitteilung:",
    },
    Phrases {
        locale: "vi",
        subject: "Thông báo về việc dữ liệu bị đánh cắp",
        subject_again: "Thông báo về việc dữ liệu bị đánh cắp: thêm dữ liệu của quý vị bị lấy",
        greeting: "Kính gửi {{ name }},",
        opening: "Có người đã đánh cắp dữ liệu từ {{ facts.organisation }}. Một phần là dữ liệu về quý vị. Chúng tôi xin lỗi.",
        opening_again: "Nay chúng tôi biết thêm về vụ đánh cắp dữ liệu từ {{ facts.organisation }}: dữ liệu của quý vị bị lấy nhiều hơn điều chúng tôi từng biết. Chúng tôi xin lỗi. Thông báo này liệt kê tất cả và thay thế mọi thông báo trước.",
        what_happened: "Chuyện gì đã xảy ra",
        what_changed: "Điều gì đã thay đổi",
        involved: "Dữ liệu nào của quý vị bị lấy",
        yours: "Những dữ liệu sau đây về quý vị đã bị đánh cắp: {{ elements }}.",
        about_ssn: "Trong đó có số An sinh Xã hội của quý vị. Chúng tôi không nhắc lại số ấy ở đây và sẽ không bao giờ hỏi quý vị.",
        about_pin: "Chúng tôi đã đặt lại mã PIN tài khoản của quý vị. Mã bị đánh cắp không còn dùng được với chúng tôi.",
        what_you_can_do: "Quý vị có thể làm gì",
        what_we_are_doing: "Chúng tôi đang làm gì",
        more: "Thông tin thêm",
        contact: "Hãy hỏi chúng tôi trên trang riêng của quý vị (xem bên dưới), gọi {{ facts.contact_phone }} (HOURS) hoặc viết đến {{ facts.contact_email }}. Xin cho biết mã tham chiếu {{ reference }}.",
        code: "Mã của thông báo này:",
    },
    Phrases {
        locale: "zh",
        subject: "数据被盗通知",
        subject_again: "数据被盗通知：您有更多数据被盗",
        greeting: "{{ name }}，您好：",
        opening: "有人从 {{ facts.organisation }} 窃取了数据，其中有一部分是关于您的。我们深表歉意。",
        opening_again: "关于 {{ facts.organisation }} 的数据被盗事件，我们有了新的发现：您被盗的数据比我们此前所知的更多。我们深表歉意。本通知列出全部被盗数据，并取代之前的任何通知。",
        what_happened: "发生了什么",
        what_changed: "有什么变化",
        involved: "您的哪些数据被盗",
        yours: "您的以下数据被盗：{{ elements }}。",
        about_ssn: "其中包括您的社会安全号码。我们不会在此重复该号码，也绝不会向您索要。",
        about_pin: "我们已经重置您的账户 PIN 码。被盗的 PIN 码在我们这里已经失效。",
        what_you_can_do: "您可以做什么",
        what_we_are_doing: "我们正在做什么",
        more: "更多信息",
        contact: "您可以在您的专属页面（见下）向我们提问，致电 {{ facts.contact_phone }}（HOURS），或写信至 {{ facts.contact_email }}。请注明您的编号 {{ reference }}。",
        code: "本通知的代码：",
    },
    Phrases {
        locale: "ko",
        subject: "개인정보 도난 안내",
        subject_again: "개인정보 도난 안내: 더 많은 정보가 도난되었습니다",
        greeting: "{{ name }} 님께",
        opening: "누군가 {{ facts.organisation }}에서 정보를 훔쳤습니다. 그 가운데 귀하에 관한 정보가 있습니다. 사과드립니다.",
        opening_again: "{{ facts.organisation }} 정보 도난에 관해 새로 알게 된 사실이 있습니다. 귀하의 정보가 저희가 알던 것보다 더 많이 도난되었습니다. 사과드립니다. 이 안내는 도난된 정보를 모두 알려 드리며 이전 안내를 대신합니다.",
        what_happened: "무슨 일이 있었습니까",
        what_changed: "무엇이 달라졌습니까",
        involved: "어떤 정보가 도난되었습니까",
        yours: "귀하에 관한 다음 정보가 도난되었습니다: {{ elements }}.",
        about_ssn: "귀하의 사회보장번호가 포함되어 있습니다. 여기에 그 번호를 적지 않으며, 저희가 번호를 묻는 일도 없습니다.",
        about_pin: "귀하의 계정 PIN을 재설정했습니다. 도난된 PIN은 더 이상 쓸 수 없습니다.",
        what_you_can_do: "귀하가 하실 수 있는 일",
        what_we_are_doing: "저희가 하고 있는 일",
        more: "더 알아보기",
        contact: "본인 페이지(아래 참조)에서 문의하시거나 {{ facts.contact_phone }} 번으로 전화하시거나(HOURS) {{ facts.contact_email }} 주소로 보내 주십시오. 참조 번호 {{ reference }}을(를) 알려 주십시오.",
        code: "이 안내의 코드:",
    },
    Phrases {
        locale: "ru",
        subject: "Уведомление о краже данных",
        subject_again: "Уведомление о краже данных: украдено больше ваших данных",
        greeting: "Здравствуйте, {{ name }}.",
        opening: "У компании {{ facts.organisation }} украли данные. Часть из них касается вас. Приносим извинения.",
        opening_again: "Теперь мы знаем больше о краже данных у компании {{ facts.organisation }}: ваших данных украдено больше, чем нам было известно. Приносим извинения. Здесь перечислены все эти данные; это уведомление заменяет любое прежнее.",
        what_happened: "Что произошло",
        what_changed: "Что изменилось",
        involved: "Какие ваши данные украдены",
        yours: "Украдены следующие данные о вас: {{ elements }}.",
        about_ssn: "Среди них ваш номер социального страхования. Мы не приводим его здесь и никогда не попросим его назвать.",
        about_pin: "Мы сбросили PIN-код вашей учётной записи. Украденный код у нас больше не действует.",
        what_you_can_do: "Что вы можете сделать",
        what_we_are_doing: "Что делаем мы",
        more: "Дополнительные сведения",
        contact: "Задайте вопрос на своей странице (см. ниже), позвоните по номеру {{ facts.contact_phone }} (HOURS) или напишите на {{ facts.contact_email }}. Укажите номер обращения {{ reference }}.",
        code: "Код этого уведомления:",
    },
    Phrases {
        locale: "ar",
        subject: "إشعار بسرقة بيانات",
        subject_again: "إشعار بسرقة بيانات: سُرق المزيد من بياناتك",
        greeting: "مرحبًا {{ name }}،",
        opening: "سرق شخص بيانات من {{ facts.organisation }}. وبعض هذه البيانات يخصك. نحن آسفون.",
        opening_again: "عرفنا المزيد عن سرقة البيانات من {{ facts.organisation }}: ما سُرق من بياناتك أكثر مما كنا نعرف. نحن آسفون. يذكر هذا الإشعار كل ما سُرق ويحل محل أي إشعار سابق.",
        what_happened: "ماذا حدث",
        what_changed: "ما الذي تغيّر",
        involved: "ما بياناتك التي سُرقت",
        yours: "سُرقت البيانات التالية عنك: {{ elements }}.",
        about_ssn: "ومن بينها رقم الضمان الاجتماعي الخاص بك. نحن لا نكرره هنا ولن نطلبه منك أبدًا.",
        about_pin: "أعدنا تعيين رمز PIN لحسابك. ولم يعد الرمز المسروق صالحًا لدينا.",
        what_you_can_do: "ما الذي يمكنك فعله",
        what_we_are_doing: "ما الذي نفعله",
        more: "لمزيد من المعلومات",
        contact: "اسألنا على صفحتك الخاصة (انظر أدناه)، أو اتصل بالرقم {{ facts.contact_phone }} (HOURS)، أو اكتب إلى {{ facts.contact_email }}. واذكر رقمك المرجعي {{ reference }}.",
        code: "رمز هذا الإشعار:",
    },
];

#[cfg(test)]
mod tests {
    use super::super::facts::fact_sheet;
    use super::*;
    use crate::element::{Element, LOCALES};

    /// The names in braces of a text, `/if` left out.
    fn placeholders(text: &str) -> Vec<&str> {
        let parts = text.split("{{").skip(1);
        parts
            .map(|part| part.split("}}").next().unwrap().trim())
            .filter(|p| *p != "/if")
            .collect()
    }

    #[test]
    fn there_is_one_variant_per_language() {
        for notices in [initial(), supplement()] {
            assert!(notices.iter().map(|variant| variant.locale).eq(LOCALES));
        }
    }

    #[test]
    fn every_placeholder_can_be_filled() {
        let closed = ["name", "reference", "elements", "guidance", "notice_code"];
        let facts = fact_sheet();
        for Variant {
            locale,
            subject,
            body,
        } in initial().into_iter().chain(supplement())
        {
            assert_eq!(body.matches("{{").count(), body.matches("}}").count());
            assert_eq!(
                body.matches("{{#if").count(),
                body.matches("{{/if}}").count()
            );
            for name in placeholders(subject).into_iter().chain(placeholders(&body)) {
                let known = closed.contains(&name)
                    || name
                        .strip_prefix("facts.")
                        .is_some_and(|key| facts.contains_key(key))
                    || name
                        .strip_prefix("#if has.")
                        .is_some_and(|code| Element::from_code(code).is_some());
                assert!(known, "{locale}: {name}");
            }
            for needed in closed {
                assert!(placeholders(&body).contains(&needed), "{locale}: {needed}");
            }
            assert!(
                !body.contains("HOURS") && !body.contains(['!', '！']),
                "{locale}"
            );
        }
    }

    #[test]
    fn what_to_do_comes_before_what_we_do_and_nothing_stands_twice() {
        for Variant { body, .. } in initial() {
            let at = |needle: &str| body.find(needle).unwrap();
            assert!(at("{{ elements }}") < at("{{ guidance }}"));
            assert!(at("{{ guidance }}") < at("{{ facts.what_we_are_doing"));
            // Candor adds the link, and how to check the code.
            assert_eq!(body.matches("{{ notice_code }}").count(), 1);
            assert!(!body.contains("status_link") && !body.contains("/verify"));
        }
    }
}
