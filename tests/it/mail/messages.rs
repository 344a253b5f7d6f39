//! A notice as it leaves: composed as senders compose it, in every language, for every kind of name; then other
//! programs read it and check its signatures.

mod keys;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use candor::campaign::content::Content;
use candor::config::Config;
use candor::delivery::letter::{Edition, message_key, verp};
use candor::element::{Element, ElementSet};
use candor::id::{CampaignId, IncidentId, NoticeId, PersonId};
use candor::link::{NoticeCode, StatusLink};
use candor::mail::dkim::{Signer, Signers};
use candor::mail::{Letter, one_line};
use candor::notice::{Notice, NoticeStatus};
use candor::person::contact::Contact;
use candor::person::flags::Flags;
use candor::person::place::Locale;
use candor::person::{Person, PersonStanding};
use candor::rehearsal::{self, Variant};
use candor::seal::{Keyring, to_hex};
use candor::template::merge::Values;
use candor::template::pick;
use chrono::{DateTime, Utc};
use serde_json::json;

use super::{Scratch, did_not_run};
use crate::template::merge::page::hostile_names;

/// Messages that are read back and verified.
const LETTERS: usize = 1_000;
/// Messages that SpamAssassin scores: each language, both notices, twice.
const SCORED: usize = 36;
/// The highest score that a message may have; SpamAssassin takes a message for spam from 5 on.
const SCORE: f64 = 2.0;
const SITE: &str = "https://help.sundmere.example";
const ALPHABETS: [&str; 12] = [
    "Ana María Peña",
    "Zoë O'Neil-Ångström",
    "Nguyễn Thị Ánh",
    "王小明",
    "김하늘",
    "Анна Кузнецова",
    "محمد عبد الله",
    "דוד לוי",
    "Ελένη Παπαδοπούλου",
    "สมชาย ใจดี",
    "देवी प्रसाद",
    "Smith, Dr. \"Bob\" <b@c>",
];

/// Runs openssl as docs/operations.md says; returns what it prints.
fn openssl(words: &str) -> Option<Vec<u8>> {
    let openssl = Command::new("openssl")
        .args(words.split(' '))
        .output()
        .ok()?;
    openssl.status.success().then_some(openssl.stdout)
}

/// Two keys made by openssl, in files, named in settings; and the records of the public halves.
fn settings(scratch: &Path) -> Option<(Config, BTreeMap<String, String>)> {
    use std::os::unix::fs::PermissionsExt;
    let mut records = BTreeMap::new();
    let mut text = format!(
        "[http]\npublic_url = \"{SITE}\"\n[organisation]\nfrom_name = \"Sundmere Mobile\"\n\
         from_address = \"notice@sundmere.example\"\nreturn_path = \"bounce@sundmere.example\"\n\
         [mail]\nverp = true\n"
    );
    for (selector, kind, algorithm) in [
        ("s1", "rsa", "RSA -pkeyopt rsa_keygen_bits:2048"),
        ("s2", "ed25519", "ed25519"),
    ] {
        let file = scratch.join(selector);
        let name = file.display();
        openssl(&format!("genpkey -algorithm {algorithm} -out {name}"))?;
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("mine");
        let mut public = openssl(&format!("pkey -in {name} -pubout -outform DER"))?;
        if kind == "ed25519" {
            public = public.split_off(public.len() - 32);
        }
        let record = format!("v=DKIM1; k={kind}; p={}", base64(&public));
        records.insert(format!("{selector}._domainkey.sundmere.example"), record);
        text += &format!(
            "[[mail.dkim]]\ndomain = \"sundmere.example\"\nselector = \"{selector}\"\nkey_file = \"{name}\"\n"
        );
    }
    Some((Config::from_parts(Some(&text), []).expect("valid"), records))
}

fn base64(octets: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(octets)
}

/// A campaign's content with the rehearsal's texts; `subject` is put before theirs.
fn content(texts: &[Variant], subject: &str) -> Content {
    let variants = texts.iter().map(|text| {
        let variant = candor::template::Variant {
            subject: format!("{subject}{}", text.subject),
            body: text.body.clone(),
        };
        (text.locale.to_owned(), variant)
    });
    Content {
        kind: candor::campaign::CampaignKind::Initial,
        audience: Default::default(),
        scope: 1,
        limits: Default::default(),
        on_uncertain: candor::campaign::UncertainPolicy::Resend,
        from: ("Sundmere Mobile".into(), "notice@sundmere.example".into()),
        organisation: rehearsal::ORGANISATION.into(),
        title: rehearsal::TITLE.into(),
        facts: rehearsal::fact_sheet(),
        variants: variants.collect(),
        names: ElementSet::EMPTY,
        acknowledged: Default::default(),
        public_url: SITE.into(),
        return_path: "bounce@sundmere.example".into(),
        verp: true,
        facts_by_language: false,
    }
}

/// The first notice, the supplement, and a first notice with the person's name in its subject.
fn contents() -> [Content; 3] {
    [
        content(&rehearsal::initial(), ""),
        content(&rehearsal::supplement(), ""),
        content(&rehearsal::initial(), "{{ name }}: "),
    ]
}

fn moment() -> DateTime<Utc> {
    DateTime::from_timestamp(1_629_450_672, 0).expect("a moment")
}

fn person(number: usize, name: &str, locale: &str, address: &str) -> Person {
    let at = moment();
    Person {
        id: PersonId::in_bucket(1, at),
        incident: IncidentId::new(at),
        contact: Contact {
            reference: format!("R-{number:06}"),
            email: Some(address.parse().expect("an address")),
            name: Some(name.to_owned()),
            postcode: None,
            address: None,
        },
        exposed: ElementSet::ALL,
        named: ElementSet::EMPTY,
        locale: Locale::parse(locale).expect("a locale"),
        jurisdiction: None,
        flags: Flags::NONE,
        standing: PersonStanding::InProgress,
        withheld: None,
        told: None,
        reachable: true,
        has_address: true,
        email_key: None,
        link_epoch: 0,
    }
}

fn notice(number: usize, person: &Person) -> Notice {
    let at = moment();
    // One to nine elements, from anywhere in the register: the texts differ by them.
    let elements = &Element::ALL[number % Element::ALL.len()..];
    Notice {
        id: NoticeId::in_bucket(1, at),
        campaign: CampaignId::new(at),
        incident: person.incident,
        person: person.id,
        status: NoticeStatus::Sending,
        withheld: None,
        named: ElementSet::of(&elements[..elements.len().min(1 + number % 9)]),
        attempts: 0,
        due_at: None,
        created_at: at,
        settled_at: None,
    }
}

/// All messages of the campaign.
struct Press {
    contents: [Content; 3],
    editions: Vec<Edition>,
    keys: Keyring,
    return_path: String,
}

impl Press {
    fn new(config: &Config) -> Self {
        let keys = Keyring::new(&[7; 32]);
        let signers = config.mail.dkim_keys(Signer::new).expect("keys");
        let signers: Signers = signers.into_iter().collect();
        let contents = contents();
        let edition = |content: &Content| {
            let text = content.to_text().expect("JSON");
            Edition::new(&text, &keys, &signers).expect("compiles")
        };
        Self {
            editions: contents.iter().map(edition).collect(),
            contents,
            return_path: config.organisation.return_path.clone(),
            keys,
        }
    }

    /// Message `number` to this person, and what it must say.
    fn print(&self, number: usize, person: &Person) -> (Letter, serde_json::Value) {
        let which = number / 9 % self.editions.len();
        let notice = notice(number, person);
        let person = &Person {
            exposed: notice.named,
            ..person.clone()
        };
        let letter = self.editions[which].letter(&notice, person, moment());
        let letter = letter.expect("everybody can be written to");
        let texts = self.contents[which].compile().expect("compiles");
        let (language, text) = pick(&texts, person.locale.as_str()).expect("a text");
        let link = StatusLink {
            person: person.id,
            epoch: 0,
        };
        let name = person.contact.name.as_deref().expect("a name");
        let rendered = text.render(&Values {
            name,
            reference: &person.contact.reference,
            elements: notice.named,
            told_wrongly: ElementSet::EMPTY,
            status_link: &format!("{SITE}/s/{}", link.token(&self.keys)),
            notice_code: &NoticeCode::of(notice.id, &self.keys).to_string(),
        });
        let rendered = rendered.expect("renders");
        let id = notice.id.uuid().simple();
        let message_id = to_hex(&message_key(notice.campaign, notice.person));
        let (local, domain) = self.return_path.split_once('@').expect("an address");
        assert_eq!(letter.sender.as_str(), format!("{local}+{id}@{domain}"));
        let address = person.contact.email.as_ref().expect("an address");
        let wanted = json!({
            "name": one_line(name),
            "address": format!("{}@{}", address.local(), address.domain_ascii()),
            "subject": one_line(&rendered.subject),
            "text": rendered.text,
            "html": rendered.html,
            "content-language": language,
            "message-id": format!("<{message_id}@sundmere.example>"),
        });
        (letter, wanted)
    }
}

/// A Python with dkimpy: Debian's packages belong to Debian's own Python.
fn python() -> Option<&'static str> {
    let has = |python: &&str| {
        let tried = Command::new(python)
            .args(["-c", "import dkim, nacl"])
            .stderr(Stdio::null())
            .status();
        tried.is_ok_and(|status| status.success())
    };
    ["python3", "/usr/bin/python3"].into_iter().find(has)
}

#[test]
fn a_thousand_notices_read_back_equal_and_both_signatures_verify() {
    let name = "a_thousand_notices_read_back_equal_and_both_signatures_verify";
    let Some(mut names) = hostile_names() else {
        return;
    };
    let Some(python) = python() else {
        return did_not_run(name, "python3 with dkim and nacl");
    };
    let scratch = Scratch::new();
    let Some((config, records)) = settings(scratch.path()) else {
        return did_not_run(name, "openssl");
    };
    names.extend(ALPHABETS.map(str::to_owned));
    names.extend(["x".repeat(3000), "é".repeat(3000), "n ".repeat(900)]);
    let press = Press::new(&config);
    let cases: Vec<_> = (0..LETTERS)
        .map(|number| {
            let locale = candor::element::LOCALES[number % 9];
            let address = match number % 20 {
                7 => format!("ana{number}@bücher.example"),
                11 => format!("δοκιμή{number}@παράδειγμα.example"),
                13 => format!("o'neil+list.{number}@a-rather-long-name.of.a.home.example"),
                _ => format!("p{number}@home.example"),
            };
            let person = person(number, &names[number % names.len()], locale, &address);
            let (letter, mut wanted) = press.print(number, &person);
            let file = scratch.path().join(format!("{number}.eml"));
            std::fs::write(&file, letter.raw).expect("written");
            wanted["file"] = json!(file);
            wanted
        })
        .collect();
    assert!(names.len() < LETTERS, "every name is tried");
    let mut reader = Command::new(python)
        .args(["-c", include_str!("messages.py")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it ran before");
    let task = serde_json::to_vec(&json!({"records": records, "cases": cases})).expect("JSON");
    let mut input = reader.stdin.take().expect("piped");
    input.write_all(&task).expect("read by Python");
    drop(input);
    let output = reader.wait_with_output().expect("ends").stdout;
    let output = String::from_utf8_lossy(&output);
    assert_eq!(output.trim(), "0", "of {LETTERS} messages");
}

#[test]
fn no_filter_takes_a_notice_for_spam() {
    let name = "no_filter_takes_a_notice_for_spam";
    let scratch = Scratch::new();
    let Some((config, _)) = settings(scratch.path()) else {
        return did_not_run(name, "openssl");
    };
    let press = Press::new(&config);
    let files: Vec<_> = (0..SCORED)
        .map(|number| {
            let locale = candor::element::LOCALES[number % 9];
            let name = ALPHABETS[number % (ALPHABETS.len() - 1)];
            let person = person(number, name, locale, &format!("p{number}@home.example"));
            let (letter, _) = press.print(number % 18, &person);
            let file = scratch.path().join(format!("{number}.eml"));
            std::fs::write(&file, letter.raw).expect("written");
            file
        })
        .collect();
    // Without network, and without the settings or the memory of the account that runs this.
    let judged = Command::new("spamassassin")
        .args(["-L", "-t", "-x"])
        .args(&files)
        .env("HOME", scratch.path())
        .output();
    let Ok(judged) = judged else {
        return did_not_run(name, "spamassassin");
    };
    let output = String::from_utf8_lossy(&judged.stdout);
    let score = |line: &str| {
        let (_, rest) = line.strip_prefix("X-Spam-Status: ")?.split_once("score=")?;
        rest.split(' ').next()?.parse::<f64>().ok()
    };
    let scores: Vec<f64> = output.lines().filter_map(score).collect();
    assert_eq!(
        scores.len(),
        SCORED,
        "{}",
        String::from_utf8_lossy(&judged.stderr)
    );
    let worst = scores.iter().copied().fold(f64::MIN, f64::max);
    let why = output
        .lines()
        .filter(|line| line.contains("score=") || line.contains("tests="));
    assert!(worst < SCORE, "{worst}: {:#?}", why.collect::<Vec<_>>());
}
