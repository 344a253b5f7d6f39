//! What happened, as the invented carrier tells it: the fact sheet and the dated updates.
//!
//! Dates, figures and their order are those of the founding case (15 to 27 August 2021); the
//! carrier, its addresses and its telephone number are invented.

use chrono::{DateTime, TimeZone, Utc};
use std::collections::BTreeMap;

/// The carrier that does not exist.
pub const ORGANISATION: &str = "Sundmere Mobile";
/// Name of the incident in URLs.
pub const SLUG: &str = "sundmere-2021";
/// Name of the incident on pages.
pub const TITLE: &str = "Theft of customer data from Sundmere Mobile, August 2021";

/// Where customers call: notices, facts and pages name the same number.
pub const PHONE: &str = "+1 800 555 0199";
/// When calls are answered, in English.
pub const PHONE_HOURS: &str = "every day, 6 a.m. to 10 p.m. Pacific time";

/// One dated entry of the public page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Update {
    /// When it was published.
    pub at: DateTime<Utc>,
    /// `known`, `being_checked` or `corrected`.
    pub kind: &'static str,
    /// One line.
    pub headline: &'static str,
    /// A few sentences, plain text.
    pub text: &'static str,
}

/// Facts that are the same in every language, or that only staff and pages in English use.
const PLAIN: [(&str, &str); 11] = [
    ("organisation", ORGANISATION),
    ("when", "March to August 2021"),
    ("discovered", "August 12, 2021"),
    ("confirmed", "August 16, 2021"),
    ("contact_phone", PHONE),
    ("contact_email", "help@sundmere.example"),
    (
        "contact_address",
        "Sundmere Mobile, Data Theft Help, 100 Harbor Way, Seattle, WA 98101",
    ),
    ("website", "https://sundmere.example"),
    ("sender", "notice@sundmere.example"),
    ("monitoring_months", "24"),
    (
        "next_update",
        "Friday, September 3, 2021, 5 p.m. Pacific time",
    ),
];

/// The incident's fact sheet. A fact told to customers has one entry per language: `KEY` in
/// English and `KEY_es`, `KEY_fr` … in the others.
pub fn fact_sheet() -> BTreeMap<String, String> {
    let told = TOLD.iter().flat_map(|(language, facts)| {
        facts
            .iter()
            .map(move |(key, fact)| (localised(key, language), (*fact).to_owned()))
    });
    let plain = PLAIN
        .iter()
        .map(|(key, fact)| ((*key).to_owned(), (*fact).to_owned()));
    plain.chain(told).collect()
}

/// The key of a fact in one language.
pub(super) fn localised(key: &str, language: &str) -> String {
    if language == "en" {
        key.to_owned()
    } else {
        format!("{key}_{language}")
    }
}

/// What an update says: day, hour and minute of August 2021 in UTC; kind, headline and text.
type Entry = ((u32, u32, u32), &'static str, &'static str, &'static str);

/// The updates of the public page, oldest first.
const UPDATES: [Entry; 8] = [
    (
        (15, 21, 30),
        "being_checked",
        "A report says that our customers’ data is for sale",
        "A news site reports that someone claims to have data of 100 million of our \
         customers and offers it for sale. We do not know yet whether this is true. We \
         are checking, and we will say what we find here.",
    ),
    (
        (16, 22, 0),
        "known",
        "Someone was in our systems without permission",
        "We have confirmed that someone entered our systems, and we have closed the way \
         that was used.",
    ),
    (
        (16, 22, 5),
        "being_checked",
        "We cannot say yet whether customer data was taken",
        "We are searching the systems concerned. Until that is done we cannot confirm \
         any number of people, neither the claimed one nor another.",
    ),
    (
        (17, 23, 45),
        "known",
        "Customer data was stolen: first figures",
        "About 7.8 million current customers with a contract, and just over 40 million \
         former customers and people who had asked for credit, lost their names, dates \
         of birth, Social Security numbers and driver’s license numbers. About 850,000 \
         prepaid customers lost their names, phone numbers and account PINs; we have \
         reset all those PINs. As far as we see today, the files of contract customers \
         held no phone numbers, account numbers, PINs or passwords. Everybody affected \
         gets two years of identity protection free of charge.",
    ),
    (
        (19, 18, 0),
        "known",
        "This page now says what to do",
        "We have begun to write to everybody affected. Each notice carries a code. Type \
         it into this site to check that the notice is from us.",
    ),
    (
        (20, 20, 0),
        "corrected",
        "Phone numbers and device numbers were stolen too",
        "On August 17 we wrote that the files of contract customers held no phone \
         numbers. That was wrong. The same 7.8 million customers also lost their phone \
         numbers and the numbers of their phones and SIM cards (IMEI and IMSI). We are \
         writing to each of them again.",
    ),
    (
        (20, 20, 5),
        "known",
        "More people are affected",
        "We found files of another 5.3 million contract customers (names, addresses, \
         dates of birth, phone numbers, IMEI and IMSI) and of another 667,000 former \
         customers (names, phone numbers, addresses, dates of birth). Those files held \
         no Social Security numbers. About 54.6 million people are affected in all.",
    ),
    (
        (27, 23, 0),
        "known",
        "Nearly every current customer affected has been notified",
        "We are still writing to former customers and to people who had asked for \
         credit. Many of their addresses are old. The thief entered our systems in \
         March; we learned of it on August 12 from someone outside.",
    ),
];

/// The updates of the public page, oldest first.
pub fn updates() -> Vec<Update> {
    let at = |(day, hour, minute)| {
        Utc.with_ymd_and_hms(2021, 8, day, hour, minute, 0)
            .single()
            .expect("UTC has every minute of August 2021 once")
    };
    let update = |(moment, kind, headline, text)| Update {
        at: at(moment),
        kind,
        headline,
        text,
    };
    UPDATES.into_iter().map(update).collect()
}

type Said = [(&'static str, &'static str); 4];

/// What customers are told, language by language.
#[rustfmt::skip]
const TOLD: [(&str, Said); 9] = [
    ("en", [
        ("what_happened", "On August 12, 2021 we learned that someone was offering our customers’ data for sale. A thief had been in our systems since March 2021 and had copied files about customers, former customers and people who had asked us for credit."),
        ("what_changed", "On August 20, 2021 we found that more was stolen than we had said on August 17. For many customers the files also held phone numbers and the numbers of phones and SIM cards (IMEI and IMSI). We also found more people who are affected."),
        ("what_we_are_doing", "We have closed the way the thief used and reset every account PIN that was stolen. Outside experts and the police are investigating with us. You get two years of identity protection from us, free of charge. Ask for it on your page or by phone."),
        ("contact_hours", PHONE_HOURS),
    ]),
    ("es", [
        ("what_happened", "El 12 de agosto de 2021 supimos que alguien ofrecía a la venta datos de nuestros clientes. Un ladrón había estado en nuestros sistemas desde marzo de 2021 y había copiado archivos sobre clientes, antiguos clientes y personas que nos habían pedido crédito."),
        ("what_changed", "El 20 de agosto de 2021 descubrimos que se robó más de lo que habíamos dicho el 17 de agosto. En el caso de muchos clientes, los archivos contenían también números de teléfono y los números de teléfonos y tarjetas SIM (IMEI e IMSI). También hallamos a más personas afectadas."),
        ("what_we_are_doing", "Hemos cerrado la vía que usó el ladrón y hemos cambiado todos los PIN de cuenta robados. Expertos externos y la policía investigan con nosotros. Usted recibe de nosotros dos años de protección de identidad, gratis. Pídala en su página o por teléfono."),
        ("contact_hours", "todos los días, de 6 a. m. a 10 p. m., hora del Pacífico"),
    ]),
    ("fr", [
        ("what_happened", "Le 12 août 2021, nous avons appris que quelqu’un mettait en vente les données de nos clients. Un voleur se trouvait dans nos systèmes depuis mars 2021 et avait copié des fichiers sur des clients, d’anciens clients et des personnes qui nous avaient demandé un crédit."),
        ("what_changed", "Le 20 août 2021, nous avons découvert que le vol allait plus loin que ce que nous avions dit le 17 août. Pour beaucoup de clients, les fichiers contenaient aussi des numéros de téléphone et les numéros de téléphones et de cartes SIM (IMEI et IMSI). Nous avons aussi trouvé d’autres personnes touchées."),
        ("what_we_are_doing", "Nous avons fermé l’accès utilisé par le voleur et réinitialisé tous les codes PIN de compte volés. Des experts externes et la police enquêtent avec nous. Nous vous offrons deux ans de protection d’identité, gratuitement. Demandez-la sur votre page ou par téléphone."),
        ("contact_hours", "tous les jours, de 6 h à 22 h, heure du Pacifique"),
    ]),
    ("de", [
        ("what_happened", "Am 12. August 2021 haben wir erfahren, dass jemand Daten unserer Kunden zum Verkauf anbot. Ein Dieb war seit März 2021 in unseren Systemen und hatte Dateien über Kunden, frühere Kunden und Menschen kopiert, die bei uns nach Kredit gefragt hatten."),
        ("what_changed", "Am 20. August 2021 haben wir festgestellt, dass mehr gestohlen wurde, als wir am 17. August gesagt hatten. Bei vielen Kunden enthielten die Dateien auch Telefonnummern und die Nummern von Telefonen und SIM-Karten (IMEI und IMSI). Außerdem haben wir weitere Betroffene gefunden."),
        ("what_we_are_doing", "Wir haben den Weg des Diebes geschlossen und jede gestohlene Konto-PIN zurückgesetzt. Externe Fachleute und die Polizei ermitteln mit uns. Sie erhalten von uns zwei Jahre Identitätsschutz, kostenlos. Fordern Sie ihn auf Ihrer Seite oder am Telefon an."),
        ("contact_hours", "täglich 6 bis 22 Uhr, pazifische Zeit"),
    ]),
    ("vi", [
        ("what_happened", "Ngày 12 tháng 8 năm 2021, chúng tôi biết có người rao bán dữ liệu khách hàng của chúng tôi. Kẻ trộm đã ở trong hệ thống của chúng tôi từ tháng 3 năm 2021 và đã sao chép tệp về khách hàng, khách hàng cũ và những người từng xin tín dụng với chúng tôi."),
        ("what_changed", "Ngày 20 tháng 8 năm 2021, chúng tôi phát hiện số dữ liệu bị đánh cắp nhiều hơn điều đã nói ngày 17 tháng 8. Với nhiều khách hàng, các tệp còn có số điện thoại và số của máy và thẻ SIM (IMEI và IMSI). Chúng tôi cũng tìm thấy thêm những người bị ảnh hưởng."),
        ("what_we_are_doing", "Chúng tôi đã chặn đường kẻ trộm sử dụng và đặt lại mọi mã PIN tài khoản bị đánh cắp. Chuyên gia bên ngoài và cảnh sát đang điều tra cùng chúng tôi. Quý vị được hai năm bảo vệ danh tính, miễn phí. Hãy yêu cầu trên trang của quý vị hoặc qua điện thoại."),
        ("contact_hours", "mỗi ngày, 6 giờ sáng đến 10 giờ tối, giờ Thái Bình Dương"),
    ]),
    ("zh", [
        ("what_happened", "2021 年 8 月 12 日，我们得知有人在出售我们客户的数据。窃贼自 2021 年 3 月起进入我们的系统，复制了关于客户、前客户以及曾向我们申请信贷者的文件。"),
        ("what_changed", "2021 年 8 月 20 日，我们发现被盗的数据比我们 8 月 17 日所说的更多。许多客户的文件中还有电话号码以及手机和 SIM 卡的编号（IMEI 和 IMSI）。我们还发现了更多受影响的人。"),
        ("what_we_are_doing", "我们已经堵住窃贼进入的途径，并重置了所有被盗的账户 PIN 码。外部专家和警方正与我们一起调查。我们为您提供两年的免费身份保护服务，您可以在您的页面上或通过电话申请。"),
        ("contact_hours", "每天上午 6 点至晚上 10 点，太平洋时间"),
    ]),
    ("ko", [
        ("what_happened", "2021년 8월 12일, 누군가 저희 고객의 정보를 팔고 있다는 사실을 알게 되었습니다. 범인은 2021년 3월부터 저희 시스템에 들어와 고객과 이전 고객, 신용을 신청한 분들에 관한 파일을 복사했습니다."),
        ("what_changed", "2021년 8월 20일, 8월 17일에 말씀드린 것보다 더 많은 정보가 도난되었음을 확인했습니다. 많은 고객의 파일에 전화번호와 휴대전화 및 SIM 카드 번호(IMEI, IMSI)도 들어 있었습니다. 피해를 입은 분들도 더 있었습니다."),
        ("what_we_are_doing", "범인이 이용한 경로를 막고 도난된 계정 PIN을 모두 재설정했습니다. 외부 전문가와 경찰이 저희와 함께 조사하고 있습니다. 2년 동안 신원 보호 서비스를 무료로 제공합니다. 본인 페이지나 전화로 신청하십시오."),
        ("contact_hours", "매일 오전 6시~오후 10시, 미국 태평양 시간"),
    ]),
    ("ru", [
        ("what_happened", "12 августа 2021 года мы узнали, что кто-то продаёт данные наших клиентов. Вор находился в наших системах с марта 2021 года и скопировал файлы о клиентах, бывших клиентах и людях, которые обращались к нам за кредитом."),
        ("what_changed", "20 августа 2021 года мы обнаружили, что украдено больше, чем мы сообщали 17 августа. У многих клиентов в файлах были также номера телефонов и номера аппаратов и SIM-карт (IMEI и IMSI). Мы также нашли других пострадавших."),
        ("what_we_are_doing", "Мы закрыли путь, которым воспользовался вор, и сбросили все украденные PIN-коды. Вместе с нами расследование ведут независимые эксперты и полиция. Вы бесплатно получаете от нас два года защиты личности. Запросите её на своей странице или по телефону."),
        ("contact_hours", "ежедневно с 6:00 до 22:00 по тихоокеанскому времени"),
    ]),
    ("ar", [
        ("what_happened", "في 12 أغسطس 2021 علمنا أن شخصًا يعرض بيانات عملائنا للبيع. كان سارق قد دخل أنظمتنا منذ مارس 2021 ونسخ ملفات عن عملاء وعملاء سابقين وأشخاص طلبوا منا ائتمانًا."),
        ("what_changed", "في 20 أغسطس 2021 اكتشفنا أن ما سُرق أكثر مما ذكرناه في 17 أغسطس. فقد احتوت ملفات كثير من العملاء أيضًا على أرقام الهواتف وأرقام الأجهزة وشرائح SIM (أي IMEI وIMSI). ووجدنا كذلك أشخاصًا آخرين تضرروا."),
        ("what_we_are_doing", "أغلقنا الطريق الذي استخدمه السارق، وأعدنا تعيين كل رموز PIN المسروقة. ويحقق معنا خبراء من الخارج والشرطة. ونقدّم لك حماية للهوية لمدة سنتين مجانًا. اطلبها من صفحتك أو عبر الهاتف."),
        ("contact_hours", "يوميًا من 6 صباحًا إلى 10 مساءً بتوقيت المحيط الهادئ"),
    ]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_is_told_the_same_facts() {
        for language in crate::element::LOCALES {
            for (key, _) in TOLD[0].1 {
                assert!(
                    fact_sheet().contains_key(&localised(key, language)),
                    "{key} {language}"
                );
            }
        }
        assert_eq!(
            fact_sheet().len(),
            PLAIN.len() + TOLD.len() * TOLD[0].1.len()
        );
    }

    #[test]
    fn the_timeline_runs_forward_from_claim_to_correction() {
        let updates = updates();
        assert!(updates.is_sorted_by(|a, b| a.at < b.at));
        let kinds: Vec<_> = updates.iter().map(|update| update.kind).collect();
        assert_eq!(kinds[0], "being_checked");
        assert_eq!(kinds.iter().filter(|kind| **kind == "corrected").count(), 1);
        assert!(updates.iter().all(|update| !update.text.contains("  ")));
    }
}
