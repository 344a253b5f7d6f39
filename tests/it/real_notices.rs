//! Notices that were really sent, as template bodies: previewed, sent, and read back by somebody
//! else: Python's `email`, in strict policy.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use candor::staff::StaffRole::{Approver, Comms};
use serde_json::{Value, json};

use crate::client::{ApiClient, Site};
use crate::house::House;
use crate::merge::page::{corpus, html_text, in_order, words};

/// How many of them.
const NOTICES: usize = 50;

/// Reads letters and says what their parts are.
const READ: &str = r#"
import email, email.policy, json, sys
policy = email.policy.strict
out = []
for raw in json.load(sys.stdin):
    mail = email.message_from_bytes(bytes(raw), policy=policy)
    defects = [repr(d) for part in mail.walk() for d in part.defects]
    defects += [repr(d) for value in mail.values() for d in value.defects]
    parts = {part.get_content_type(): part.get_content() for part in mail.iter_parts()}
    campaign = mail["Feedback-ID"].split(":")[0]
    out.append({"campaign": "cmp_" + campaign, "defects": defects, "subject": mail["Subject"], "parts": parts})
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
    assert!(read.status.success(), "python could not read the letters");
    serde_json::from_slice(&read.stdout).unwrap()
}

/// One template, one campaign to everybody, launched; its id.
fn launch(comms: &ApiClient, approver: &ApiClient, name: &str, body: &str) -> String {
    let subject = "Notice of data breach";
    let new = json!({ "name": name, "variants": { "en": { "subject": subject, "body": body } } });
    let post = |who: &ApiClient, path: &str, body: &Value| {
        let seen = who.post(path, body);
        assert!(seen.status < 300, "{path}: {}", seen.body);
        seen.json()
    };
    let template = post(comms, "/templates", &new)["id"].clone();
    let shown = post(
        comms,
        &format!("/templates/{}/preview", template.as_str().unwrap()),
        &json!({ "incident": "real" }),
    );
    in_order(&words(body), &words(shown["text"].as_str().unwrap()));
    in_order(
        &words(body),
        &words(&html_text(shown["html"].as_str().unwrap())),
    );
    let everyone = json!({ "incident": "real", "template": template, "kind": "initial", "audience": { "who": "everyone" } });
    let campaign = post(comms, "/campaigns", &everyone);
    let id = campaign["id"].as_str().unwrap();
    let path = format!("/campaigns/{id}");
    let hash = post(comms, &format!("{path}/submit"), &json!({}))["content_hash"].clone();
    post(
        approver,
        &format!("{path}/approve"),
        &json!({ "content_hash": hash }),
    );
    post(comms, &format!("{path}/launch"), &json!({}));
    id.to_owned()
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
    let new = json!({ "slug": "real", "title": "Real notices", "facts": {} });
    assert_eq!(comms.post("/incidents", &new).status, 201);
    let csv = "reference,email,name,elements\n1,ana@example.org,Ana Löwe,name;ssn\n";
    let headers = [("content-type", "text/csv"), ("idempotency-key", "list")];
    assert_eq!(
        comms.send("/incidents/real/scopes", &headers, csv).status,
        201
    );
    assert_eq!(
        comms
            .post("/incidents/real/scopes/1/activate", &json!({}))
            .status,
        200
    );

    let mut bodies = BTreeMap::new();
    for (n, line) in lines.lines().take(NOTICES).enumerate() {
        let notice: Value = serde_json::from_str(line).unwrap();
        let body = notice["text"].as_str().unwrap().to_owned();
        bodies.insert(
            launch(&comms, &approver, &format!("Notice {n}"), &body),
            body,
        );
    }
    house.send_all().await;
    let letters: Vec<_> = house
        .mail
        .sent()
        .into_iter()
        .map(|letter| letter.raw)
        .collect();
    for mail in read_back(&letters) {
        let body = bodies
            .remove(mail["campaign"].as_str().unwrap())
            .expect("one letter a campaign");
        assert_eq!(mail["defects"], json!([]), "{mail}");
        assert_eq!(mail["subject"], "Notice of data breach");
        let part = |kind: &str| mail["parts"][kind].as_str().unwrap().to_owned();
        in_order(&words(&body), &words(&part("text/plain")));
        in_order(&words(&body), &words(&html_text(&part("text/html"))));
    }
    assert_eq!(bodies.len(), 0);
    assert_eq!(letters.len(), NOTICES);
}
