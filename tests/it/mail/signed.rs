//! Senders sign each message, notice or not, and a notice's bounce address names the notice.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use candor::campaign::CampaignKind;
use candor::mail::Letter;

use super::Scratch;
use crate::house::House;
use crate::people::{Scene, list};
use crate::program::Program;
use crate::tickets::{ANN, Helpline};

/// RFC 8463 A.1.
const PEM: &str = "-----BEGIN PRIVATE KEY-----\n\
    MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n";

fn key(scratch: &Scratch) -> PathBuf {
    let file = scratch.path().join("dkim.pem");
    std::fs::write(&file, PEM).expect("written");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("mine");
    file
}

/// `mail.dkim`, a key for `domain`.
fn dkim(domain: &str, file: &Path) -> String {
    let file = file.display();
    format!("[{{ domain = \"{domain}\", selector = \"s1\", key_file = \"{file}\" }}]")
}

fn settings(scratch: &Scratch) -> String {
    let dkim = dkim("sundmere.example", &key(scratch));
    format!("[mail]\nverp = true\ndkim = {dkim}")
}

#[track_caller]
fn signed(letter: &Letter) {
    let raw = String::from_utf8_lossy(&letter.raw);
    let field =
        "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n d=sundmere.example; s=s1;";
    assert!(raw.starts_with(field), "{raw}");
}

#[tokio::test(flavor = "multi_thread")]
async fn senders_sign_every_notice_and_its_bounce_names_it() {
    let scratch = Scratch::new();
    let house = House::with(&settings(&scratch)).await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(20, "name")).await;
    scene.launched(&house, CampaignKind::Initial).await;
    house.send_all().await;
    let letters = house.mail.take_sent();
    letters.iter().for_each(signed);
    let raw = house.raw().await;
    let ids = raw.query("select id from notice", &[]).await.unwrap();
    let path = |id: uuid::Uuid| format!("notice+{}@sundmere.example", id.simple());
    let notices: BTreeSet<String> = ids.iter().map(|row| path(row.get(0))).collect();
    let senders = letters.iter().map(|l| l.sender.as_str().to_owned());
    assert_eq!(senders.collect::<BTreeSet<_>>(), notices);
    assert_eq!(notices.len(), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn senders_sign_messages_that_are_no_notices() {
    let scratch = Scratch::new();
    let line = Helpline::with(&settings(&scratch)).await;
    line.asks(line.person(&ANN).await, "Hello?").await;
    line.send_all().await;
    let letter = line.mail.take_sent().remove(0);
    signed(&letter);
    assert_eq!(letter.sender.as_str(), "notice@sundmere.example");
}

#[tokio::test(flavor = "multi_thread")]
async fn check_names_the_keys_that_sign_and_those_that_cannot() {
    let scratch = Scratch::new();
    let house = House::new().await;
    let url = format!("file://{}", scratch.path().join("out").display());
    let file = key(&scratch);
    let check = |domain: &str| {
        let program = Program::of(&house).with_relay("folder", &url, 1);
        let output = program
            .with("CANDOR__MAIL__DKIM", &dkim(domain, &file))
            .run(&["check"]);
        String::from_utf8(output.stdout).unwrap()
    };
    let ours = check("sundmere.example");
    let found = "signs with ed25519-sha256 as s1._domainkey.sundmere.example\n";
    assert!(ours.contains(found), "{ours}");
    let foreign = check("other.example");
    assert!(foreign.contains("not the From's domain"), "{foreign}");
    std::fs::write(&file, "hunter2").expect("written");
    let bad = check("sundmere.example");
    let line = bad.lines().find(|line| line.starts_with("BAD")).unwrap();
    assert!(
        line.contains("mail.dkim[0].key_file") && !line.contains("hunter2"),
        "{bad}"
    );
}
