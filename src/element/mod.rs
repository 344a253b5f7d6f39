//! The kinds of data a breach exposes: one bit each, never a value.
//!
//! The register below is the source of truth for code, bit and severity. `set.rs` holds many
//! of them in one integer, `words.rs` says them to people, `guidance.rs` and `advice.rs` say
//! what to do about them, `header.rs` recognises a column that holds the values themselves.

mod advice;
mod aliases;
mod find;
mod guidance;
mod header;
mod set;
mod words;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;

pub use find::found;
pub use guidance::{Advice, MOST_ADVICE, guidance};
pub use header::looks_like_a_value;
pub use set::{ElementSet, UnknownElement};
pub use words::{LOCALES, from_words, in_words, is_rtl, spoken};

macro_rules! register {
    ($($(#[$doc:meta])+ $element:ident = $bit:literal, $code:literal, $severity:literal;)+) => {
        /// One kind of exposed data. The discriminant is its bit in an [`ElementSet`].
        ///
        /// Bits are stored in databases and covered by approval hashes. So the register is
        /// append-only: add at the end, never renumber, rename a code or reuse a bit.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Element {
            $($(#[$doc])+ $element = $bit,)+
        }

        impl Element {
            /// Every element, in the order of their bits.
            pub const ALL: [Element; [$($bit),+].len()] = [$(Element::$element),+];

            /// The word for this element in CSV files, placeholders, JSON and logs.
            pub const fn code(self) -> &'static str {
                match self { $(Element::$element => $code,)+ }
            }

            /// How much harm its loss does: 1 (low) to 5 (critical).
            pub const fn severity(self) -> u8 {
                match self { $(Element::$element => $severity,)+ }
            }
        }
    };
}

register! {
    /// The person's name.
    Name = 0, "name", 1;
    /// Where they get their post; five for a protected address, which is a flag of the person.
    PostalAddress = 1, "postal_address", 2;
    /// E-mail address.
    Email = 2, "email", 2;
    /// Phone number.
    Phone = 3, "phone", 3;
    /// Date of birth.
    Dob = 4, "dob", 3;
    /// Number of the customer's account with the organisation.
    AccountNumber = 5, "account_number", 2;
    /// PIN or passcode that authorises changes at a carrier, among them moving the number away.
    CarrierPin = 6, "carrier_pin", 4;
    /// Serial number of the handset.
    Imei = 7, "imei", 2;
    /// Subscriber number stored on the SIM.
    Imsi = 8, "imsi", 3;
    /// Serial number of the SIM card.
    Iccid = 9, "iccid", 3;
    /// The line's number as the network knows it.
    Msisdn = 10, "msisdn", 3;
    /// Code that unlocks a SIM.
    Puk = 11, "puk", 3;
    /// US Social Security number.
    Ssn = 12, "ssn", 5;
    /// National identity number of another country.
    NationalId = 13, "national_id", 5;
    /// Taxpayer identification number.
    Tin = 14, "tin", 5;
    /// Number of a driver's licence or a state's identity card.
    DriverLicence = 15, "driver_licence", 4;
    /// Passport number.
    Passport = 16, "passport", 3;
    /// Password that the thief can read.
    PasswordPlain = 17, "password_plain", 5;
    /// Password that was stored hashed or encrypted.
    PasswordHash = 18, "password_hash", 4;
    /// Security questions and their answers.
    SecurityQa = 19, "security_qa", 4;
    /// Payment card number, with or without expiry and verification code.
    PaymentCard = 20, "payment_card", 4;
    /// Bank account and routing number, or IBAN.
    BankAccount = 21, "bank_account", 4;
    /// Diagnoses, treatments, claims.
    Health = 22, "health", 5;
    /// Number at a health insurer.
    HealthInsuranceId = 23, "health_insurance_id", 4;
    /// Number at Medicare.
    MedicareId = 24, "medicare_id", 4;
    /// Fingerprint, face or voice template.
    Biometric = 25, "biometric", 5;
    /// Genetic data.
    Genetic = 26, "genetic", 5;
    /// Records of calls and whereabouts (CPNI).
    LocationCdr = 27, "location_cdr", 4;
    /// What was written or said.
    CommsContent = 28, "comms_content", 5;
    /// Income, employer and the like from an application for credit.
    CreditApplication = 29, "credit_application", 4;
    /// A session or token that signs in without a password.
    AuthSession = 30, "auth_session", 4;
    /// GDPR Article 9: origin, religion, politics, orientation and the like.
    SpecialCategory = 31, "special_category", 5;
    /// Files with unknown content.
    FilesMisc = 32, "files_misc", 3;
}

// `ElementSet` indexes ALL by bit, and keeps the sign bit of Postgres' bigint free.
const _: () = {
    let mut bit = 0;
    while bit < Element::ALL.len() {
        assert!(
            Element::ALL[bit] as usize == bit,
            "bits follow the order of the register"
        );
        bit += 1;
    }
    assert!(bit <= 63, "one bigint holds them all");
};

impl Element {
    /// The element with this code, in any case; `None` if there is none.
    pub fn from_code(code: &str) -> Option<Element> {
        Element::ALL
            .into_iter()
            .find(|element| element.code().eq_ignore_ascii_case(code))
    }

    /// The element of a code, of its English words, or of another word that exporters write, such as
    /// `drivers_license`; case, spaces, hyphens and apostrophes do not matter. `None` if there is none.
    pub fn from_word(word: &str) -> Option<Element> {
        Element::from_code(word).or_else(|| aliases::find(word))
    }

    /// What [`Element::from_word`] takes in addition to the code and the English words.
    pub const fn aliases(self) -> &'static [&'static str] {
        aliases::of(self)
    }

    /// The element in words, without an article, in the language of a BCP 47 tag.
    pub fn words(self, locale: &str) -> &'static str {
        words::of(self, locale)
    }

    const fn mask(self) -> i64 {
        1 << self as u8
    }
}

/// The code.
impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Element {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Element {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = String::deserialize(deserializer)?;
        // The text is not repeated: a caller that mixed up columns may have sent a stolen value.
        Element::from_word(&code).ok_or_else(|| de::Error::custom("not an element code"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_lead_back() {
        for element in Element::ALL {
            assert_eq!(Element::from_code(element.code()), Some(element));
            assert!((1..=5).contains(&element.severity()));
        }
        assert_eq!(Element::from_code("SSN"), Some(Element::Ssn));
        assert_eq!(Element::from_code("123-45-6789"), None);
    }

    /// A change here means that stored exposures change their meaning.
    #[test]
    fn bits_are_stable() {
        let register: Vec<String> = Element::ALL
            .iter()
            .map(|e| format!("{}={}", e.code(), *e as u8))
            .collect();
        assert_eq!(
            register.join(" "),
            "name=0 postal_address=1 email=2 phone=3 dob=4 account_number=5 carrier_pin=6 imei=7 \
             imsi=8 iccid=9 msisdn=10 puk=11 ssn=12 national_id=13 tin=14 driver_licence=15 \
             passport=16 password_plain=17 password_hash=18 security_qa=19 payment_card=20 \
             bank_account=21 health=22 health_insurance_id=23 medicare_id=24 biometric=25 \
             genetic=26 location_cdr=27 comms_content=28 credit_application=29 auth_session=30 \
             special_category=31 files_misc=32"
        );
    }
}
