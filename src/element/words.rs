//! Elements in words, for readers of nine languages.
//!
//! Words carry no article and no possessive, so that they stand after a colon in any language.
//! They hold no comma and no list separator, and in Spanish none begins with an i (where "y"
//! would have to become "e").

use super::{Element, ElementSet};

/// The languages we speak, in the order of every table of this module.
pub const LOCALES: [&str; 9] = ["en", "es", "fr", "de", "vi", "zh", "ko", "ru", "ar"];

/// How a list is written: between its parts, and before the last (Unicode CLDR, `listPattern`).
const LISTS: [(&str, &str); LOCALES.len()] = [
    (", ", " and "),
    (", ", " y "),
    (", ", " et "),
    (", ", " und "),
    (", ", " và "),
    ("、", "和"),
    (", ", " 및 "),
    (", ", " и "),
    (" و", " و"),
];

/// Languages and scripts written from right to left.
const RTL_LANGUAGES: [&str; 10] = ["ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"];
const RTL_SCRIPTS: [&str; 6] = ["adlm", "arab", "hebr", "nkoo", "syrc", "thaa"];

/// Column of a BCP 47 tag in the tables: the exact tag, else its language, else English.
pub(super) fn column(locale: &str) -> usize {
    let find = |tag: &str| {
        LOCALES
            .iter()
            .position(|known| known.eq_ignore_ascii_case(tag))
    };
    find(locale)
        .or_else(|| find(subtags(locale).next().unwrap_or_default()))
        .unwrap_or(0)
}

fn subtags(locale: &str) -> impl Iterator<Item = &str> {
    locale.trim().split(['-', '_'])
}

/// The one of [`LOCALES`] in which a reader of `locale` is addressed: the `lang` of the text.
pub fn spoken(locale: &str) -> &'static str {
    LOCALES[column(locale)]
}

/// Whether this tag is written from right to left. An explicit script wins over the language.
/// For our own text ask `is_rtl(spoken(locale))`: a tag that we do not speak gets English.
pub fn is_rtl(locale: &str) -> bool {
    let any = |known: &[&str], tag: &str| known.iter().any(|k| k.eq_ignore_ascii_case(tag));
    let script = subtags(locale)
        .skip(1)
        .find(|tag| tag.len() == 4 && tag.bytes().all(|b| b.is_ascii_alphabetic()));
    match script {
        Some(script) => any(&RTL_SCRIPTS, script),
        None => subtags(locale)
            .next()
            .is_some_and(|language| any(&RTL_LANGUAGES, language)),
    }
}

/// The set as a list in a sentence, worst first: "Social Security number, phone number and
/// name". Empty for the empty set.
pub fn in_words(set: ElementSet, locale: &str) -> String {
    let elements = set.gravest_first();
    let (comma, and) = LISTS[column(locale)];
    let mut list = String::new();
    for (at, element) in elements.iter().enumerate() {
        if at > 0 {
            list += if at + 1 == elements.len() { and } else { comma };
        }
        list += of(*element, locale);
    }
    list
}

/// The elements that [`in_words`] wrote as this list in this language; `None` if it did not.
pub fn from_words(list: &str, locale: &str) -> Option<ElementSet> {
    if list.is_empty() {
        return Some(ElementSet::EMPTY);
    }
    let all = ElementSet::ALL.gravest_first();
    rest_of(list, &all, ElementSet::EMPTY, locale).filter(|set| in_words(*set, locale) == list)
}

/// What is left of a list after the elements `known`: an element begins it, and the ones after it follow.
fn rest_of(list: &str, among: &[Element], known: ElementSet, locale: &str) -> Option<ElementSet> {
    let (comma, and) = LISTS[column(locale)];
    among.iter().enumerate().find_map(|(at, element)| {
        let left = list.strip_prefix(of(*element, locale))?;
        let known = known.union(ElementSet::of(&[*element]));
        if left.is_empty() {
            return Some(known);
        }
        let among = &among[at + 1..];
        [and, comma]
            .into_iter()
            .filter_map(|between| left.strip_prefix(between))
            .find_map(|left| rest_of(left, among, known, locale))
    })
}

pub(super) fn of(element: Element, locale: &str) -> &'static str {
    WORDS[element as usize][column(locale)]
}

/// One row per element in the order of its bits, one column per locale.
#[rustfmt::skip]
const WORDS: [[&str; LOCALES.len()]; Element::ALL.len()] = [
    // name
    ["name", "nombre", "nom", "Name",
     "họ tên", "姓名", "이름", "имя", "الاسم"],
    // postal_address
    ["postal address", "dirección postal", "adresse postale", "Postanschrift",
     "địa chỉ gửi thư", "邮寄地址", "우편 주소", "почтовый адрес", "العنوان البريدي"],
    // email
    ["email address", "dirección de correo electrónico", "adresse e-mail", "E-Mail-Adresse",
     "địa chỉ email", "电子邮箱地址", "이메일 주소", "адрес электронной почты", "عنوان البريد الإلكتروني"],
    // phone
    ["phone number", "número de teléfono", "numéro de téléphone", "Telefonnummer",
     "số điện thoại", "电话号码", "전화번호", "номер телефона", "رقم الهاتف"],
    // dob
    ["date of birth", "fecha de nacimiento", "date de naissance", "Geburtsdatum",
     "ngày sinh", "出生日期", "생년월일", "дата рождения", "تاريخ الميلاد"],
    // account_number
    ["customer account number", "número de cuenta de cliente", "numéro de compte client", "Kundennummer",
     "số tài khoản khách hàng", "客户账号", "고객 계정 번호", "номер лицевого счёта", "رقم حساب العميل"],
    // carrier_pin
    ["account PIN", "PIN de la cuenta", "code PIN du compte", "PIN des Kundenkontos",
     "mã PIN tài khoản", "账户 PIN 码", "계정 PIN", "PIN-код учётной записи", "رمز PIN للحساب"],
    // imei
    ["phone serial number (IMEI)", "número de serie del teléfono (IMEI)", "numéro de série du téléphone (IMEI)",
     "Seriennummer des Telefons (IMEI)", "số sê-ri điện thoại (IMEI)", "手机序列号（IMEI）",
     "휴대전화 고유번호(IMEI)", "серийный номер телефона (IMEI)", "الرقم التسلسلي للهاتف (IMEI)"],
    // imsi
    ["SIM subscriber number (IMSI)", "número de abonado de la SIM (IMSI)", "numéro d’abonné de la carte SIM (IMSI)",
     "Teilnehmerkennung der SIM-Karte (IMSI)", "mã thuê bao trên SIM (IMSI)", "SIM 卡用户识别码（IMSI）",
     "SIM 가입자 식별번호(IMSI)", "номер абонента SIM-карты (IMSI)", "رقم المشترك في شريحة SIM (IMSI)"],
    // iccid
    ["SIM card number (ICCID)", "número de la tarjeta SIM (ICCID)", "numéro de la carte SIM (ICCID)",
     "SIM-Kartennummer (ICCID)", "số thẻ SIM (ICCID)", "SIM 卡号（ICCID）",
     "SIM 카드 번호(ICCID)", "номер SIM-карты (ICCID)", "رقم شريحة SIM (ICCID)"],
    // msisdn
    ["mobile line number (MSISDN)", "número de la línea móvil (MSISDN)", "numéro de la ligne mobile (MSISDN)",
     "Rufnummer des Mobilfunkanschlusses (MSISDN)", "số thuê bao di động (MSISDN)", "手机线路号码（MSISDN）",
     "휴대전화 회선 번호(MSISDN)", "номер мобильной линии (MSISDN)", "رقم خط الهاتف المحمول (MSISDN)"],
    // puk
    ["SIM unlock code (PUK)", "código de desbloqueo de la SIM (PUK)", "code de déblocage de la carte SIM (PUK)",
     "Entsperrcode der SIM-Karte (PUK)", "mã mở khóa SIM (PUK)", "SIM 卡解锁码（PUK）",
     "SIM 잠금 해제 코드(PUK)", "код разблокировки SIM-карты (PUK)", "رمز فك قفل شريحة SIM (PUK)"],
    // ssn
    ["Social Security number", "número de Seguro Social", "numéro de sécurité sociale (SSN)",
     "Sozialversicherungsnummer (SSN)", "số An sinh Xã hội", "社会安全号码",
     "사회보장번호", "номер социального страхования (SSN)", "رقم الضمان الاجتماعي"],
    // national_id
    ["national identity number", "número de documento nacional de identidad", "numéro national d’identité",
     "nationale Identitätsnummer", "số định danh quốc gia", "身份证号码",
     "국가 신분증 번호", "национальный идентификационный номер", "رقم الهوية الوطنية"],
    // tin
    ["taxpayer number", "número de contribuyente", "numéro fiscal", "Steueridentifikationsnummer",
     "mã số thuế", "纳税人识别号", "납세자 번호", "номер налогоплательщика", "الرقم الضريبي"],
    // driver_licence
    ["driver’s license number", "número de licencia de conducir", "numéro de permis de conduire", "Führerscheinnummer",
     "số bằng lái xe", "驾照号码", "운전면허 번호", "номер водительского удостоверения", "رقم رخصة القيادة"],
    // passport
    ["passport number", "número de pasaporte", "numéro de passeport", "Reisepassnummer",
     "số hộ chiếu", "护照号码", "여권 번호", "номер паспорта", "رقم جواز السفر"],
    // password_plain
    ["password", "contraseña", "mot de passe", "Passwort",
     "mật khẩu", "密码", "비밀번호", "пароль", "كلمة المرور"],
    // password_hash
    ["password (in scrambled form)", "contraseña (en forma cifrada)", "mot de passe (sous forme chiffrée)",
     "Passwort (in verschlüsselter Form)", "mật khẩu (ở dạng mã hóa)", "密码（加密形式）",
     "비밀번호(암호화된 형태)", "пароль (в зашифрованном виде)", "كلمة المرور (بصيغة مشفّرة)"],
    // security_qa
    ["security questions with answers", "preguntas de seguridad con sus respuestas",
     "questions de sécurité avec leurs réponses", "Sicherheitsfragen mit Antworten",
     "câu hỏi bảo mật kèm câu trả lời", "安全问题及答案",
     "보안 질문과 답변", "контрольные вопросы с ответами", "أسئلة الأمان مع إجاباتها"],
    // payment_card
    ["payment card number", "número de tarjeta de pago", "numéro de carte de paiement", "Nummer der Zahlungskarte",
     "số thẻ thanh toán", "支付卡号", "결제 카드 번호", "номер платёжной карты", "رقم بطاقة الدفع"],
    // bank_account
    ["bank account number", "número de cuenta bancaria", "numéro de compte bancaire", "Bankkontonummer",
     "số tài khoản ngân hàng", "银行账号", "은행 계좌 번호", "номер банковского счёта", "رقم الحساب المصرفي"],
    // health
    ["health data", "datos de salud", "données de santé", "Gesundheitsdaten",
     "dữ liệu sức khỏe", "健康数据", "건강 정보", "сведения о здоровье", "البيانات الصحية"],
    // health_insurance_id
    ["health insurance number", "número de seguro médico", "numéro d’assurance maladie", "Krankenversichertennummer",
     "số bảo hiểm y tế", "医疗保险号", "건강보험 번호", "номер медицинской страховки", "رقم التأمين الصحي"],
    // medicare_id
    ["Medicare number", "número de Medicare", "numéro Medicare", "Medicare-Nummer",
     "số Medicare", "联邦医疗保险（Medicare）号码", "메디케어 번호", "номер Medicare", "رقم برنامج Medicare"],
    // biometric
    ["biometric data", "datos biométricos", "données biométriques", "biometrische Daten",
     "dữ liệu sinh trắc học", "生物识别数据", "생체 정보", "биометрические данные", "البيانات البيومترية"],
    // genetic
    ["genetic data", "datos genéticos", "données génétiques", "genetische Daten",
     "dữ liệu di truyền", "基因数据", "유전 정보", "генетические данные", "البيانات الجينية"],
    // location_cdr
    ["call and location records", "registros de llamadas y ubicación", "relevés d’appels et de localisation",
     "Anruf- und Standortdaten", "lịch sử cuộc gọi và vị trí", "通话与位置记录",
     "통화·위치 기록", "данные о звонках и местоположении", "سجلات المكالمات والموقع"],
    // comms_content
    ["content of messages", "contenido de mensajes", "contenu de messages", "Inhalte von Nachrichten",
     "nội dung tin nhắn", "消息内容", "메시지 내용", "содержание сообщений", "محتوى الرسائل"],
    // credit_application
    ["credit application data", "datos de la solicitud de crédito", "données de demande de crédit",
     "Angaben aus dem Kreditantrag", "thông tin hồ sơ xin tín dụng", "信贷申请资料",
     "신용 신청 정보", "данные кредитной заявки", "بيانات طلب الائتمان"],
    // auth_session
    ["sign-in session", "sesión de acceso", "session de connexion", "Anmeldesitzung",
     "phiên đăng nhập", "登录会话", "로그인 세션", "сеанс входа", "جلسة تسجيل الدخول"],
    // special_category
    ["specially protected personal data", "datos personales especialmente protegidos",
     "données personnelles sensibles", "besonders geschützte persönliche Daten",
     "dữ liệu cá nhân nhạy cảm", "敏感个人信息",
     "민감한 개인정보", "особо защищаемые личные данные", "البيانات الشخصية الحساسة"],
    // files_misc
    ["files that we are still reading", "archivos que aún estamos revisando",
     "fichiers que nous examinons encore", "Dateien (Prüfung läuft noch)",
     "tệp tin chúng tôi còn đang kiểm tra", "我们仍在审阅的文件",
     "아직 확인 중인 파일", "файлы (ещё проверяются)", "ملفات ما زلنا نراجعها"],
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_element_has_its_own_words_in_every_locale() {
        for locale in LOCALES {
            let words: HashSet<_> = Element::ALL.iter().map(|e| e.words(locale)).collect();
            assert_eq!(words.len(), Element::ALL.len(), "{locale}");
            for word in words {
                assert!(!word.is_empty() && word.trim() == word);
                assert!(!word.contains([',', ';', '、', '，', '،']), "{word}");
                assert!(locale != "es" || !word.starts_with(['i', 'í']), "{word}");
                assert!(
                    !["zh", "ko", "ru", "ar"].contains(&locale) || !word.is_ascii(),
                    "{word}"
                );
            }
        }
    }

    #[test]
    fn a_list_in_words_is_read_back_in_every_locale() {
        let count = Element::ALL.len();
        for locale in LOCALES.into_iter().chain(["pt-BR"]) {
            for (begin, step) in (0..count).flat_map(|at| (1..=count).map(move |step| (at, step))) {
                let some: Vec<_> = Element::ALL.into_iter().skip(begin).step_by(step).collect();
                let set = ElementSet::of(&some);
                assert_eq!(
                    from_words(&in_words(set, locale), locale),
                    Some(set),
                    "{locale}"
                );
            }
            assert_eq!(from_words("", locale), Some(ElementSet::EMPTY));
            assert_eq!(from_words("moon", locale), None);
        }
    }

    #[test]
    fn a_list_reads_like_a_sentence() {
        let set = ElementSet::of(&[Element::Name, Element::Phone, Element::Ssn]);
        for (locale, words) in [
            ("en-US", "Social Security number, phone number and name"),
            (
                "de",
                "Sozialversicherungsnummer (SSN), Telefonnummer und Name",
            ),
            ("zh-Hans-CN", "社会安全号码、电话号码和姓名"),
            ("ar", "رقم الضمان الاجتماعي ورقم الهاتف والاسم"),
            ("tlh", "Social Security number, phone number and name"),
        ] {
            assert_eq!(in_words(set, locale), words);
        }
        assert_eq!(
            in_words(ElementSet::of(&[Element::Ssn]), "en"),
            "Social Security number"
        );
        assert_eq!(in_words(ElementSet::EMPTY, "en"), "");
    }

    #[test]
    fn a_tag_falls_back_to_its_language_then_to_english() {
        assert_eq!(spoken("ES_mx"), "es");
        assert_eq!(spoken("KO"), "ko");
        assert_eq!(spoken("he"), "en");
        assert_eq!(spoken(""), "en");
        assert!(is_rtl("ar-EG") && is_rtl("he") && is_rtl("ku-Arab") && !is_rtl("ar-Latn"));
        assert!(!is_rtl("en") && !is_rtl(""));
    }
}
