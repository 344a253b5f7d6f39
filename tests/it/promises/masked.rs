//! P6, type by type: the `Debug` form of each type with a secret, an address or a person's words shows none of it. So a
//! log, an error or a backtrace does not either.

use std::fmt::Debug;

use candor::address::EmailAddress;
use candor::config::Secret;
use candor::element::ElementSet;
use candor::id::NoticeId;
use candor::link::NoticeCode;
use candor::mail::Mailbox;
use candor::outbox::OutboxLetter;
use candor::person::contact::Contact;
use candor::person::find::Clue;
use candor::person::flags::Flags;
use candor::person::place::Locale;
use candor::scope::csv::Row;
use candor::scope::{Reject, RejectReason};
use candor::seal::{Keyring, MasterKey};
use candor::staff::key::ApiKey;
use candor::staff::password::PasswordHash;
use candor::staff::session::Token;
use candor::ticket::{Message, MessageKind};
use chrono::DateTime;

/// Texts that must not appear; the octets of the key too, as hex and as Rust prints an array.
const PLANTED: [&str; 6] = ["Quixote", "mancha", "QX-7700", "S3cret", "0707", "7, 7, 7"];

#[track_caller]
fn shows_nothing(of: &dyn Debug) {
    for shown in [format!("{of:?}"), format!("{of:#?}")] {
        for planted in PLANTED {
            assert!(!shown.contains(planted), "{shown}");
        }
    }
}

#[test]
fn p6_nothing_that_is_secret_shows_when_it_is_printed() {
    let text = |words: &str| Some(words.to_owned());
    let email = EmailAddress::parse("Quixote@mancha.example").unwrap();
    let contact = Contact {
        reference: "QX-7700".to_owned(),
        email: Some(email.clone()),
        name: text("Don Quixote"),
        postcode: text("QX-7700"),
        address: text("La mancha"),
    };
    shows_nothing(&contact);
    shows_nothing(&email);
    shows_nothing(&[
        Clue::Reference("QX-7700".to_owned()),
        Clue::Email(email.clone()),
        Clue::NamePostcode("Quixote".to_owned(), "QX-7700".to_owned()),
    ]);
    shows_nothing(&Row {
        line: 1,
        reference: "QX-7700".to_owned(),
        email: Some(email.clone()),
        name: text("Quixote"),
        locale: Locale::parse("es").unwrap(),
        jurisdiction: None,
        postcode: text("QX-7700"),
        elements: ElementSet::EMPTY,
        flags: Flags::NONE,
        address: text("La mancha"),
    });
    shows_nothing(&Reject {
        file: 1,
        line: 1,
        reasons: vec![RejectReason {
            column: "email".to_owned(),
            code: "email".to_owned(),
            why: "this is no address".to_owned(),
        }],
        cells: vec!["QX-7700".to_owned(), "Quixote".to_owned()],
    });
    shows_nothing(&Mailbox {
        name: "Quixote".to_owned(),
        address: email,
    });
    shows_nothing(&OutboxLetter {
        to: "Quixote@mancha.example".to_owned(),
        to_name: "Quixote".to_owned(),
        subject: "Quixote".to_owned(),
        text: "S3cret".to_owned(),
        html: text("S3cret"),
        language: "es".to_owned(),
    });
    shows_nothing(&Message {
        no: 1,
        kind: MessageKind::Customer,
        author: "customer".to_owned(),
        text: text("My name is Quixote"),
        at: DateTime::UNIX_EPOCH,
    });
}

#[test]
fn p6_no_key_shows_when_it_is_printed() {
    let master = MasterKey::parse(&"07".repeat(32)).unwrap();
    let keys = Keyring::new(&[7; 32]);
    shows_nothing(&master);
    shows_nothing(&keys);
    shows_nothing(&Secret::from("S3cret".to_owned()));
    shows_nothing(&PasswordHash::from_stored("S3cret".to_owned()));
    // 32 octets of 7, as base64url.
    let sevens = format!("{}Bwc", "BwcH".repeat(10));
    shows_nothing(&ApiKey::parse(&format!("cnd_{sevens}")).unwrap());
    shows_nothing(&Token::parse(&sevens).unwrap());
    let code = || NoticeCode::of(NoticeId::new(DateTime::UNIX_EPOCH), &keys);
    let (one, another) = (code(), code());
    assert_ne!(one.to_string(), another.to_string());
    assert_eq!(format!("{one:?}"), format!("{another:?}"));
}
