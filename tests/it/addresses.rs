//! E-mail addresses: the parser agrees with other validators, and never panics on arbitrary input.

use std::path::PathBuf;

use candor::address::{AddressError, EmailAddress};
use proptest::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    suite: String,
    address: String,
    expect: String,
}

#[test]
fn the_corpus_of_addresses_is_judged_as_expected() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../shared/corpora/email-addresses/dev.json");
    let Ok(text) = std::fs::read_to_string(&path) else {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "corpus missing");
        println!("did not run: no {}", path.display());
        return;
    };
    let cases: Vec<Case> = serde_json::from_str(&text).unwrap();
    assert!(cases.len() >= 200);
    let wrong: Vec<_> = cases.iter().filter(|case| !is_as_expected(case)).collect();
    let names = wrong
        .iter()
        .map(|c| format!("{} {} {:?}", c.suite, c.expect, c.address));
    assert!(wrong.is_empty(), "{:#?}", names.collect::<Vec<_>>());
}

fn is_as_expected(case: &Case) -> bool {
    let parsed = EmailAddress::parse(&case.address);
    let unaltered = parsed
        .as_ref()
        .is_ok_and(|address| address.as_str() == case.address);
    match case.expect.as_str() {
        "invalid" => parsed.is_err(),
        "unusual" => parsed.is_err() || unaltered,
        _ => unaltered,
    }
}

#[test]
fn internationalised_addresses_are_taken_as_they_are() {
    for text in [
        "伊昭傑@郵件.商務",
        "राम@मोहन.ईन्फो",
        "θσερ@εχαμπλε.ψομ",
        "葉士豪@臺網中心.台灣",
        "jeff葉@臺網中心.tw",
        "ñoñó@example.com",
        "чебурашка-ящик.рф@example.com",
        "ผู้ใช้ทำ@ตัวอย่าง.ไทย",
        "उदाहरण.क्\u{200d}ष@example.com",
        "Dörte@Sörensen.example.com",
        "مستخدم@مثال.إختبار",
    ] {
        let address = EmailAddress::parse(text).unwrap_or_else(|why| panic!("{text}: {why}"));
        assert_eq!(address.as_str(), text);
        assert!(address.needs_smtputf8());
        assert!(address.domain_ascii().is_ascii());
    }
}

#[test]
fn what_only_looks_like_an_address_is_refused() {
    use AddressError as Why;
    for (text, why) in [
        ("", Why::NoAt),
        ("a@b@c.com", Why::SeveralAts),
        ("@c.com", Why::NoLocalPart),
        ("a@", Why::NoDomain),
        ("a@c.com\r\nBcc: x@y.com", Why::ControlCharacter),
        ("a\u{85}b@c.com", Why::ControlCharacter),
        ("a\u{a0}b@c.com", Why::Space),
        ("a@c.com\u{2028}", Why::Space),
        ("\"a b\"@c.com", Why::Space),
        ("\"ab\"@c.com", Why::Quoted),
        ("a@[127.0.0.1]", Why::IpAddress),
        ("a@127.0.0.1", Why::IpAddress),
        ("a@localhost", Why::NoTopLevelDomain),
        ("a@c.com.", Why::Dots),
        ("a..b@c.com", Why::Dots),
        ("a<b>@c.com", Why::LocalPartCharacter),
        ("\u{300}a@c.com", Why::LocalPartCharacter),
        ("a\u{200d}b@c.com", Why::LocalPartCharacter),
        ("a\u{202e}b@c.com", Why::LocalPartCharacter),
        ("a\u{3164}b@c.com", Why::LocalPartCharacter),
        ("a@e\u{ad}vil.com", Why::Domain),
        ("a@⒈c.com", Why::Domain),
        ("a@c．com", Why::Domain),
        ("a@c_d.com", Why::Domain),
        ("a@-c.com", Why::Domain),
    ] {
        assert_eq!(EmailAddress::parse(text).unwrap_err(), why, "{text:?}");
    }
    let long =
        |local: usize, label: usize| format!("{}@{}.com", "l".repeat(local), "d".repeat(label));
    assert!(EmailAddress::parse(&long(64, 63)).is_ok());
    assert_eq!(
        EmailAddress::parse(&long(65, 3)),
        Err(Why::LocalPartTooLong)
    );
    assert_eq!(EmailAddress::parse(&long(3, 64)), Err(Why::DomainTooLong));
    let labels = format!("{}@{}com", "l".repeat(64), "d.".repeat(94));
    assert_eq!(EmailAddress::parse(&labels), Err(Why::TooLong));
}

#[test]
fn one_mailbox_has_one_key_form() {
    let key = |text| EmailAddress::parse(text).unwrap().key_form();
    assert_eq!(
        key("Jane.Doe+Bank@Example.COM"),
        "jane.doe+bank@example.com"
    );
    assert_eq!(
        key("jane@BÜCHER.example"),
        key("jane@xn--bcher-kva.example")
    );
    assert_eq!(key("Zoe\u{308}@example.com"), key("zo\u{eb}@example.com"));
    assert_ne!(key("jane+a@example.com"), key("jane@example.com"));
}

#[test]
fn printing_shows_the_mask_only() {
    let address = EmailAddress::parse("jane.doe@mail.example.com").unwrap();
    assert_eq!(address.to_string(), "j•••@m•••.com");
    assert_eq!(format!("{address:?}"), "EmailAddress(j•••@m•••.com)");
    assert_eq!(EmailAddress::parse("ñ@io").unwrap().masked(), "ñ•••@i•••");
    assert_eq!(
        (address.local(), address.domain()),
        ("jane.doe", "mail.example.com")
    );
}

proptest! {
    #[test]
    fn every_accepted_address_is_safe_and_unaltered(text in ".{0,20}@.{0,20}|\\PC*|[a-z.@ \\r\\n\"é]*") {
        if let Ok(address) = EmailAddress::parse(&text) {
            prop_assert_eq!(address.as_str(), &text);
            prop_assert_eq!(format!("{}@{}", address.local(), address.domain()), text.as_str());
            prop_assert!(!text.chars().any(|c| c.is_control() || c.is_whitespace()));
            prop_assert!(address.domain_ascii().is_ascii());
            prop_assert!(!address.key_form().contains([' ', '\r', '\n']));
            let again = EmailAddress::parse(&text).unwrap();
            prop_assert_eq!(again.key_form(), address.key_form());
        }
    }

    #[test]
    fn plain_addresses_are_accepted(text in "[a-z0-9]{1,20}([.+_-][A-Za-z0-9]{1,10}){0,3}@([a-z0-9]{1,20}\\.){1,3}[a-z]{2,10}") {
        let address = EmailAddress::parse(&text).unwrap();
        prop_assert_eq!(address.key_form(), text.to_ascii_lowercase());
        prop_assert!(!address.needs_smtputf8());
    }

    #[test]
    fn nothing_makes_it_panic(text in any::<String>()) {
        let _ = EmailAddress::parse(&text);
    }
}
