//! Notices that companies really sent, as template bodies: previewed, sent, and read back by another implementation:
//! Python's `email`, in strict policy.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use candor::staff::StaffRole::{Approver, Comms};
use candor::template::lint::{Severity, lint};
use serde_json::{Value, json};

use crate::client::{ApiClient, Site};
use crate::house::House;
use crate::template::merge::page::{corpus, html_text, in_order, words};

/// The number of them.
const NOTICES: usize = 50;
/// The same words in every message.
const SUBJECT: &str = "Notice of data breach";
/// Names what was taken by words.
const TAKEN: &str = "Taken of yours: your name and your Social Security number.";

/// Reads messages and prints their parts.
const READ: &str = r#"
import email, email.policy, json, sys
policy = email.policy.strict
out = []
for raw in json.load(sys.stdin):
    mail = email.message_from_bytes(bytes(raw), policy=policy)
    defects = [repr(d) for part in mail.walk() for d in part.defects]
    defects += [repr(d) for value in mail.values() for d in value.defects]
    parts = {part.get_content_type(): part.get_content() for part in mail.iter_parts()}
    out.append({"language": mail["Content-Language"], "defects": defects, "subject": mail["Subject"], "parts": parts})
json.dump(out, sys.stdout)
"#;

fn read_back(letters: &[Vec<u8>]) -> Vec<Value> {
    let mut python = Command::new("python3")
        .args(["-c", READ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 is installed");
    let json = serde_json::to_vec(letters).unwrap();
    python.stdin.take().unwrap().write_all(&json).unwrap();
    let read = python.wait_with_output().unwrap();
    assert!(read.status.success(), "python could not read the messages");
    serde_json::from_slice(&read.stdout).unwrap()
}

/// A language tag for each text, so that one template and one campaign carry all texts.
fn tag(n: usize) -> String {
    let letter = |n: usize| char::from(b'A' + u8::try_from(n).unwrap());
    format!("en-{}{}", letter(n / 26), letter(n % 26))
}

#[track_caller]
fn post(who: &ApiClient, path: &str, body: &Value) -> Value {
    let seen = who.post(path, body);
    assert!(seen.status < 300, "{path}: {}", seen.body);
    seen.json()
}

/// An incident with a reader for every text.
fn readers(comms: &ApiClient, texts: &BTreeMap<String, String>) {
    let new = json!({ "slug": "real", "title": "Real notices", "facts": {} });
    post(comms, "/incidents", &new);
    let confirmed = json!({ "to": "confirmed", "version": 1 });
    post(comms, "/incidents/real/state", &confirmed);
    let mut csv = "reference,email,name,locale,elements\n".to_owned();
    for tag in texts.keys() {
        csv += &format!("{tag},{tag}@example.org,Ana Löwe,{tag},name;ssn\n");
    }
    let headers = [("content-type", "text/csv"), ("idempotency-key", "list")];
    let seen = comms.send("/incidents/real/scopes", &headers, &csv);
    assert_eq!((seen.status, &seen.json()["rejected"]), (201, &json!(0)));
    post(comms, "/incidents/real/scopes/1/activate", &json!({}));
}

/// One template with all texts, one campaign, launched.
fn launch(comms: &ApiClient, approver: &ApiClient, texts: &BTreeMap<String, String>) {
    let variant = |(tag, body): (&String, &String)| {
        (tag.clone(), json!({ "subject": SUBJECT, "body": body }))
    };
    let variants: serde_json::Map<_, _> = texts.iter().map(variant).collect();
    let new = json!({ "name": "Real notices", "variants": variants, "names": ["name", "ssn"] });
    let template = post(comms, "/templates", &new)["id"].clone();
    let path = format!("/templates/{}/preview", template.as_str().unwrap());
    for (tag, body) in texts {
        let asked = json!({ "incident": "real", "reference": tag });
        let shown = post(comms, &path, &asked);
        assert_eq!(shown["locale"], *tag);
        in_order(&words(body), &words(shown["text"].as_str().unwrap()));
        in_order(
            &words(body),
            &words(&html_text(shown["html"].as_str().unwrap())),
        );
    }
    let new = json!({ "incident": "real", "template": template, "kind": "initial" });
    let path = format!(
        "/campaigns/{}",
        post(comms, "/campaigns", &new)["id"].as_str().unwrap()
    );
    let hash = post(comms, &format!("{path}/submit"), &json!({}))["content_hash"].clone();
    post(
        approver,
        &format!("{path}/approve"),
        &json!({ "content_hash": hash }),
    );
    post(comms, &format!("{path}/launch"), &json!({}));
}

#[tokio::test(flavor = "multi_thread")]
async fn real_notices_arrive_whole_in_both_parts() {
    let Some(lines) = corpus("ca-breach-notice-texts/notices.jsonl") else {
        return;
    };
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    let (comms, approver) = (
        site.program(&[Comms]).await,
        site.program(&[Approver]).await,
    );
    let mut texts = BTreeMap::new();
    // A text with placeholders left in it cannot be submitted (web::input::texts).
    let is_finished = |text: &String| {
        let errors = lint(SUBJECT, text);
        let refused = errors
            .iter()
            .find(|found| found.severity == Severity::Error);
        let has_blank = text.contains(['[', '{', '<', '|', '#', '_', '%', '@', '«']);
        assert!(refused.is_none() || has_blank, "{refused:?} in {text}");
        refused.is_none()
    };
    let notices = lines.lines().map(|line| {
        let notice: Value = serde_json::from_str(line).unwrap();
        notice["text"].as_str().unwrap().to_owned()
    });
    for (n, text) in notices.filter(is_finished).take(NOTICES).enumerate() {
        // Few of them name in our words what was taken.
        texts.insert(tag(n), format!("{text}\n\n{TAKEN}"));
    }
    readers(&comms, &texts);
    launch(&comms, &approver, &texts);
    house.send_all().await;
    let letters: Vec<_> = house
        .mail
        .sent()
        .into_iter()
        .map(|letter| letter.raw)
        .collect();
    for mail in read_back(&letters) {
        let body = texts
            .remove(mail["language"].as_str().unwrap())
            .expect("one message per text");
        assert_eq!(mail["defects"], json!([]), "{mail}");
        assert_eq!(mail["subject"], SUBJECT);
        let part = |kind: &str| mail["parts"][kind].as_str().unwrap().to_owned();
        in_order(&words(&body), &words(&part("text/plain")));
        in_order(&words(&body), &words(&html_text(&part("text/html"))));
    }
    assert_eq!((texts.len(), letters.len()), (0, NOTICES));
}
