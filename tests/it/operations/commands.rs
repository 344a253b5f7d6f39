//! What an operator reads: refusals at the start, `check`, commands while the database is away, facts that are not
//! public.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use candor::campaign::{CampaignKind, UncertainPolicy, launch};
use candor::staff::StaffRole::Comms;
use serde_json::json;

use crate::client::Site;
use crate::house::House;
use crate::mail::Scratch;
use crate::people::{BODY, Scene, list};
use crate::program::Program;

const NEVER: &str = "file:///tmp/candor-never-written";
/// A library's text for any error of a pool.
const NOISE: &str = "creating a new object";

/// What a failed command wrote to standard error.
fn refused(program: &Program, words: &[&str]) -> String {
    let output = program.run(words);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{words:?}: {said}");
    assert!(!said.contains(NOISE), "{said}");
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_url_that_cannot_be_read_ends_the_program_and_names_the_setting() {
    let house = House::new().await;
    for (url, secret) in [
        ("postgres:/x", "postgres:/x"),
        ("http://db/candor", "http://db"),
        ("postgres://u:hunter2@db:port/candor", "hunter2"),
        ("postgres://u:hunter2@db/candor?sslmode=most", "hunter2"),
    ] {
        let program = Program::of(&house)
            .with_relay("relay", NEVER, 1)
            .with("CANDOR__DATABASE__URL", url);
        for word in ["run", "serve", "work", "migrate", "stop"] {
            let said = refused(&program, &[word]);
            assert!(said.contains("configuration: database.url: "), "{said}");
            assert!(!said.contains(secret), "{word}: {said}");
        }
        let output = program.run(&["check"]);
        assert_eq!(output.status.code(), Some(1));
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(said.contains("configuration: database.url: "), "{said}");
        assert!(!said.contains(secret) && !said.contains(NOISE), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn check_reports_a_folder_that_is_not_writable() {
    let house = House::new().await;
    let files = Scratch::new();
    let file = files.path().join("file");
    fs::write(&file, "").unwrap();
    let folder = files.path().join("there");
    fs::create_dir(&folder).unwrap();
    let relay = |path: &std::path::Path| format!("file://{}", path.display());
    let check = |url: &str| {
        let program = Program::of(&house).with_relay("relay", url, 1);
        let output = program.run(&["check"]);
        let said = String::from_utf8(output.stdout).unwrap();
        let mut lines = said.lines().map(str::to_owned);
        let line = lines.find(|line| line.contains("relay relay")).unwrap();
        (output.status.code(), line)
    };
    for bad in ["file:///proc/x".to_owned(), relay(&file.join("below"))] {
        let (code, line) = check(&bad);
        assert_eq!(code, Some(1), "{line}");
        assert!(line.starts_with("BAD "), "{line}");
        assert!(line.contains("the folder cannot be written: "), "{line}");
    }
    let new = files.path().join("new/one");
    for good in [relay(&folder), relay(&new)] {
        let (code, line) = check(&good);
        assert_eq!((code, line.starts_with("ok ")), (Some(0), true), "{line}");
    }
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    assert!(!new.exists(), "it is made by the user who sends");
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_say_what_is_missing_and_which_setting_is_wrong() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(2, "name")).await;
    let program = Program::of(&house);
    let none = "cmp_00000000000070008000000000000000";
    for words in [
        &["campaign", "show", none][..],
        &["campaign", "show", none, "--json"],
        &["campaign", "submit", none, "--as", "x@example.org"],
    ] {
        let said = refused(&program, words);
        assert!(!said.contains("no such row"), "{said}");
    }
    let said = refused(&program, &["campaign", "show", none]);
    assert!(
        said.contains(&format!("there is no campaign {none}")),
        "{said}"
    );
    // A command that only reads needs no key.
    let files = Scratch::new();
    let key = files.path().join("key");
    fs::write(&key, "08".repeat(32)).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    let campaign = scene
        .draft(&house, CampaignKind::Initial, UncertainPolicy::Resend)
        .await
        .to_string();
    let other = Program::of(&house)
        .without("CANDOR__SECRETS__MASTER_KEY")
        .with("CANDOR__SECRETS__MASTER_KEY_FILE", key.to_str().unwrap());
    assert!(other.ok(&["campaign", "list"]).contains(&campaign));
    assert!(other.ok(&["campaign", "show", &campaign]).contains("draft"));
    other.ok(&["stop"]);
    other.ok(&["start"]);
    let said = refused(&other, &["letters", "--incident", "sundmere", "--out", "-"]);
    assert!(said.contains("is not the key of this database"), "{said}");
    assert!(said.contains("secrets.master_key_file"), "{said}");
    fs::write(&key, "no key").unwrap();
    let said = refused(&other, &["letters", "--incident", "sundmere", "--out", "-"]);
    assert!(said.contains("secrets.master_key_file"), "{said}");
    // No process listens on that port.
    let away = Program::of(&house).with(
        "CANDOR__DATABASE__URL",
        "postgres://nobody@127.0.0.1:1/none",
    );
    let said = refused(&away, &["stop"]);
    for words in [
        "it is not certain that sending is stopped",
        "A sender that cannot reach the database sends nothing either",
        "Repeat `candor stop`",
    ] {
        assert!(said.contains(words), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_launch_by_a_program_says_which_facts_that_its_texts_quote_are_not_public() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(2, "name")).await;
    let site = Site::open(&house.app).await;
    let program = site.program(&[Comms]).await;
    let launch = async |name: &str, body: &str| {
        let template = scene.template(&house, name, body).await;
        let draft = json!({ "incident": "sundmere", "template": template, "kind": "initial" });
        let made = tokio::task::block_in_place(|| program.post("/campaigns", &draft));
        let id = made.json()["id"].as_str().unwrap().to_owned();
        let campaign: candor::id::CampaignId = id.parse().unwrap();
        let hash = launch::submit(&house.app, scene.comms, campaign).await;
        let hash = hash.unwrap();
        launch::approve(&house.app, scene.approver, campaign, &hash)
            .await
            .unwrap();
        let to = format!("/campaigns/{id}/launch");
        tokio::task::block_in_place(|| program.post(&to, &json!({})))
    };
    let quoting = format!("{BODY}\n\nCall us: {{{{ facts.contact_phone }}}}");
    let done = launch("quoting", &quoting).await;
    assert_eq!(done.status, 200, "{}", done.body);
    let said = done.json();
    assert_eq!(said["status"], "sending");
    assert_eq!(said["unpublished"], json!(["contact_phone"]));
    assert_eq!(
        said["warning"],
        "The texts quote facts that the public page does not show as they are now: contact_phone. Publish them."
    );
    house.send_all().await;
    scene.import(&house, &list(3, "name")).await;
    let said = launch("plain", BODY).await.json();
    assert_eq!(said["status"], "sending", "{said}");
    let said = said.as_object().unwrap();
    assert!(!said.contains_key("unpublished") && !said.contains_key("warning"));
}
