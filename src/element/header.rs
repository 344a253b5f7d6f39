//! Recognises a column header that promises stolen values, so that an import refuses the file.
//!
//! Candor keeps *which* elements were exposed, never the values. Unknown columns are refused
//! anyway; this finds the ones that deserve a sharper sentence.

use super::Element;

/// Headers, specific before general: the first match wins. `_` separates words.
const ALIASES: &[(Element, &str)] = &[
    (Element::Ssn, "ssn social_security social_insurance_number"),
    (
        Element::BankAccount,
        "iban bic swift routing bank bank_account kontonummer sort_code",
    ),
    (
        Element::PaymentCard,
        "card_number card_no credit_card debit_card card pan cvv cvc",
    ),
    (
        Element::PasswordHash,
        "password_hash passwd_hash pwd_hash hashed_password hash",
    ),
    (
        Element::PasswordPlain,
        "password passwd pwd passphrase passwort",
    ),
    (
        Element::DriverLicence,
        "driver_licence driver_license drivers_licence drivers_license \
        driving_licence driving_license licence license dl dln",
    ),
    (Element::Passport, "passport"),
    (
        Element::Tin,
        "tin itin tax_id tax_number taxpayer steuernummer",
    ),
    (
        Element::NationalId,
        "national_id national_insurance identity_number id_number id_card \
        nino dni aadhaar cpf",
    ),
    (
        Element::HealthInsuranceId,
        "health_insurance insurance_id insurance_number member_id",
    ),
    (Element::MedicareId, "medicare medicaid"),
    (Element::Health, "diagnosis health medical"),
    (Element::CarrierPin, "pin passcode pincode"),
    (Element::Puk, "puk"),
    (Element::Imei, "imei meid"),
    (Element::Imsi, "imsi"),
    (Element::Iccid, "iccid sim"),
    (Element::Msisdn, "msisdn"),
    (
        Element::Dob,
        "dob date_of_birth birth_date birthdate birthday birth geburtsdatum",
    ),
    (Element::Phone, "phone telephone mobile cell tel"),
    (Element::AccountNumber, "account acct account_number"),
    (
        Element::SecurityQa,
        "security_question security_answer secret_question secret_answer maiden",
    ),
    (
        Element::Biometric,
        "biometric biometrics fingerprint faceprint voiceprint",
    ),
    (Element::Genetic, "genetic dna genome"),
    (
        Element::LocationCdr,
        "cdr latitude longitude location call_record",
    ),
    (Element::CommsContent, "sms_text message_text message_body"),
    (
        Element::CreditApplication,
        "credit_score income salary employer",
    ),
    (Element::AuthSession, "session token cookie api_key secret"),
    (
        Element::SpecialCategory,
        "religion ethnicity race orientation",
    ),
];

/// From this length on an alias may stand inside a longer word (`userpassword`).
const TELLING: usize = 8;

/// The element that a CSV column with this header seems to hold the *values* of; `None` for every
/// column of the affected list and for anything unsuspicious.
pub fn looks_like_a_value(header: &str) -> Option<Element> {
    let words = split(header);
    let joined = words.concat();
    let suspicious = |alias: &str| {
        let alias: Vec<&str> = alias.split('_').collect();
        let squeezed = alias.concat();
        joined == squeezed
            || words.windows(alias.len()).any(|run| run == alias)
            || (squeezed.len() >= TELLING && joined.contains(&squeezed))
    };
    ALIASES
        .iter()
        .find(|(_, aliases)| aliases.split_whitespace().any(suspicious))
        .map(|(element, _)| *element)
}

/// Lower-case words of a header: `SSNNumber`, `ssn-number` and `SSN number` give the same.
fn split(header: &str) -> Vec<String> {
    let letters: Vec<char> = header.chars().collect();
    let mut words = vec![String::new()];
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).map(|i| letters[i]);
        let after = letters.get(at + 1);
        let hump = letter.is_uppercase()
            && before.is_some_and(|b| b.is_lowercase() || after.is_some_and(|a| a.is_lowercase()));
        let digits = before.is_some_and(|b| b.is_numeric() != letter.is_numeric());
        if hump || digits || !letter.is_alphanumeric() {
            words.push(String::new());
        }
        if let (true, Some(word)) = (letter.is_alphanumeric(), words.last_mut()) {
            word.extend(letter.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_the_affected_list_are_fine() {
        let columns = "reference,email,name,locale,jurisdiction,postcode,elements,flags,address";
        for column in columns.split(',') {
            assert_eq!(looks_like_a_value(column), None, "{column}");
        }
        assert_eq!(looks_like_a_value(""), None);
        assert_eq!(looks_like_a_value("shipping_opinion"), None);
    }

    #[test]
    fn columns_of_stolen_values_are_recognised() {
        for (header, element) in [
            ("ssn", Element::Ssn),
            ("SSN number", Element::Ssn),
            ("SSNNumber", Element::Ssn),
            ("customer_ssn_last4", Element::Ssn),
            ("SSN1", Element::Ssn),
            ("pin", Element::CarrierPin),
            ("PIN Code", Element::CarrierPin),
            ("card_number", Element::PaymentCard),
            ("CardNumber", Element::PaymentCard),
            ("DoB", Element::Dob),
            ("dateOfBirth", Element::Dob),
            ("IMEI", Element::Imei),
            ("userpassword", Element::PasswordPlain),
            ("password_hash", Element::PasswordHash),
            ("Driver’s License No.", Element::DriverLicence),
            ("bank account number", Element::BankAccount),
            ("phone", Element::Phone),
        ] {
            assert_eq!(looks_like_a_value(header), Some(element), "{header}");
        }
    }
}
