//! Words that exporters write for an element. They are accepted in addition to its code; the code is stored and
//! answered.

use super::Element;

/// Words in addition to the code and the English words, in the order of [`Element::ALL`]. Case, spaces, hyphens,
/// underscores and apostrophes do not matter.
#[rustfmt::skip]
const ALIASES: [(Element, &[&str]); Element::ALL.len()] = [
    (Element::Name, &["full_name", "first_name", "last_name", "surname", "customer_name"]),
    (Element::PostalAddress, &[
        "address", "home_address", "mailing_address", "street_address", "residential_address",
    ]),
    (Element::Email, &["email_address", "e_mail", "e_mail_address", "mail_address"]),
    (Element::Phone, &[
        "phone_number", "telephone", "telephone_number", "mobile", "mobile_number", "mobile_phone",
        "cell_phone",
    ]),
    (Element::Dob, &["date_of_birth", "birth_date", "birthday"]),
    (Element::AccountNumber, &["account_id", "customer_number", "customer_id", "client_number"]),
    (Element::CarrierPin, &["account_pin", "carrier_pin_code"]),
    (Element::Imei, &["imei_number"]),
    (Element::Imsi, &["imsi_number"]),
    (Element::Iccid, &["sim_number", "sim_card_number", "iccid_number"]),
    (Element::Msisdn, &["mobile_line_number", "msisdn_number"]),
    (Element::Puk, &["puk_code"]),
    (Element::Ssn, &["social_security", "social_security_number", "us_ssn", "ssn_number"]),
    (Element::NationalId, &[
        "national_id_number", "national_identity_number", "identity_number", "id_card", "id_card_number",
        "national_insurance_number",
    ]),
    (Element::Tin, &["tax_id", "tax_number", "tax_identification_number", "taxpayer_id", "itin"]),
    (Element::DriverLicence, &[
        "driver_license", "drivers_licence", "drivers_license", "driving_licence", "driving_license",
        "drivers_license_number", "drivers_licence_number", "driver_license_number",
        "driver_licence_number", "driving_licence_number",
    ]),
    (Element::Passport, &["passport_number", "passport_no"]),
    (Element::PasswordPlain, &["password", "plaintext_password", "password_plaintext", "cleartext_password"]),
    (Element::PasswordHash, &["hashed_password", "encrypted_password", "password_hashed"]),
    (Element::SecurityQa, &[
        "security_questions", "security_question", "security_answers", "security_questions_and_answers",
    ]),
    (Element::PaymentCard, &[
        "card", "card_number", "credit_card", "credit_card_number", "debit_card", "debit_card_number",
        "payment_card_number",
    ]),
    (Element::BankAccount, &["bank_account_number", "bank_details", "iban", "account_and_routing_number"]),
    (Element::Health, &[
        "health_data", "health_information", "medical", "medical_data", "medical_information",
        "medical_records",
    ]),
    (Element::HealthInsuranceId, &["health_insurance", "health_insurance_number", "insurance_id"]),
    (Element::MedicareId, &["medicare", "medicare_number"]),
    (Element::Biometric, &["biometrics", "biometric_data", "fingerprint", "fingerprints"]),
    (Element::Genetic, &["genetic_data", "dna"]),
    (Element::LocationCdr, &["call_records", "cdr", "call_detail_records"]),
    (Element::CommsContent, &["messages", "message_content", "communications", "communications_content"]),
    (Element::CreditApplication, &["credit_application_data"]),
    (Element::AuthSession, &["session", "session_token", "auth_token", "access_token"]),
    (Element::SpecialCategory, &["special_category_data"]),
    (Element::FilesMisc, &["files", "documents"]),
];

// `of` indexes the table by element.
const _: () = {
    let mut at = 0;
    while at < ALIASES.len() {
        assert!(
            ALIASES[at].0 as usize == at,
            "an element is not in its place"
        );
        at += 1;
    }
};

/// The words of one element.
pub(super) const fn of(element: Element) -> &'static [&'static str] {
    ALIASES[element as usize].1
}

/// The letters and digits of a word, in lower case.
fn folded(word: &str) -> impl Iterator<Item = char> + '_ {
    let is_between = |c: &char| matches!(c, ' ' | '_' | '-' | '\'' | '’' | '\u{a0}' | '.' | '/');
    word.chars()
        .filter(move |c| !is_between(c))
        .flat_map(char::to_lowercase)
}

/// The element of a code or of another word for it; `None` if there is none.
pub(super) fn find(word: &str) -> Option<Element> {
    let is = |known: &str| folded(known).eq(folded(word));
    Element::ALL.into_iter().find(|element| {
        is(element.code()) || is(element.words("en")) || of(*element).iter().any(|alias| is(alias))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn no_word_stands_for_two_elements() {
        let mut seen = BTreeMap::new();
        for element in Element::ALL {
            let words = of(element).iter().copied().chain([element.code()]);
            for word in words.map(|word| folded(word).collect::<String>()) {
                if let Some(other) = seen.insert(word.clone(), element) {
                    assert_eq!(other, element, "{word}");
                }
            }
        }
    }

    #[test]
    fn what_exporters_write_is_understood() {
        for (word, element) in [
            ("drivers_license", Element::DriverLicence),
            ("Driver’s License", Element::DriverLicence),
            ("drivers-licence", Element::DriverLicence),
            ("email_address", Element::Email),
            ("E-Mail Address", Element::Email),
            ("Date of birth", Element::Dob),
            ("Social Security Number", Element::Ssn),
            ("phone number", Element::Phone),
            ("ADDRESS", Element::PostalAddress),
            ("password", Element::PasswordPlain),
            ("Files that we are still reading", Element::FilesMisc),
        ] {
            assert_eq!(find(word), Some(element), "{word}");
        }
        for element in Element::ALL {
            for word in of(element) {
                assert_eq!(find(word), Some(element), "{word}");
            }
        }
        assert_eq!(find(""), None);
        assert_eq!(find("shoe_size"), None);
    }
}
