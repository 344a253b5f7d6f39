//! Both walks in a real Chromium, against the real program. `tests/browser/walk.mjs` drives them, and checks each page
//! with axe at 1280 and 360 px, in light and in dark.

use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use candor::staff::StaffRole::{self, Admin, Agent, Approver, Auditor, Comms};
use serde_json::json;

use crate::client::{PASSWORD, Site};
use crate::house::{House, RULES_OFF};
use crate::mail::{Scratch, did_not_run};
use crate::program::{Program, free_address};

const CAST: [(&str, StaffRole); 5] = [
    ("comms", Comms),
    ("approver", Approver),
    ("agent", Agent),
    ("auditor", Auditor),
    ("admin", Admin),
];

fn browser_tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser")
}

/// The programs that the walk needs and this machine lacks.
pub fn missing() -> Option<&'static str> {
    let runs = |program: &str| {
        let version = Command::new(program).arg("--version").output();
        version.is_ok_and(|version| version.status.success())
    };
    let chromium = std::env::var("CHROMIUM").unwrap_or_else(|_| "/usr/bin/chromium".to_owned());
    match () {
        () if !runs("node") => Some("node"),
        () if !Path::new(&chromium).exists() => Some("chromium"),
        () if ["axe-core", "playwright-core"]
            .iter()
            .any(|name| !browser_tests().join("node_modules").join(name).is_dir()) =>
        {
            Some("npm packages")
        }
        () => None,
    }
}

/// The accounts of the cast, in the form that the walk reads.
async fn accounts(house: &House) -> (Site, serde_json::Map<String, serde_json::Value>) {
    let site = Site::open(&house.app).await;
    let mut accounts = serde_json::Map::new();
    for (name, role) in CAST {
        let email = site.staff(name, &[role]).await.email.unwrap();
        accounts.insert(
            name.to_owned(),
            json!({ "email": email.as_str(), "password": PASSWORD }),
        );
    }
    (site, accounts)
}

/// Runs one of the scripts in `tests/browser`, which must succeed; returns what it printed.
pub async fn walk(script: &'static str, house: String) -> String {
    walk_with(script, house, Stdio::null()).await
}

/// The same with a standard input.
async fn walk_with(script: &'static str, house: String, input: Stdio) -> String {
    let walked = tokio::task::spawn_blocking(move || {
        Command::new("node")
            .arg(script)
            .current_dir(browser_tests())
            .env("CANDOR_WALK", house)
            .stdin(input)
            .output()
            .unwrap()
    });
    let walked = walked.await.unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (said, errors) = (text(&walked.stdout), text(&walked.stderr));
    assert!(walked.status.success(), "{said}{errors}");
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn both_walks_in_a_real_browser() {
    if let Some(missing) = missing() {
        return did_not_run("both_walks_in_a_real_browser", missing);
    }
    let house = House::new().await;
    let (_site, accounts) = accounts(&house).await;
    let scratch = Scratch::new();
    let mail = scratch.path().join("outbox");
    let program = Program::of(&house).with_relay("relay", &format!("file://{}", mail.display()), 2);
    let mut candor = program.start("run");
    candor.until_ready(&program).await;
    let base = program.base();
    walk(
        "walk.mjs",
        json!({ "base": base, "mail": mail, "accounts": accounts }).to_string(),
    )
    .await;
}

/// Issue 13, point 7: the comms lead's path with 500 people, from a list with rejects to postal letters that are posted
/// again. After each step the browser compares every figure of every page with its own model, with what a mail server
/// received, and with the recount.
#[tokio::test(flavor = "multi_thread")]
async fn p1_p2_every_figure_on_every_page_equals_the_sink_and_the_recount() {
    if let Some(missing) = missing() {
        return did_not_run(
            "p1_p2_every_figure_on_every_page_equals_the_sink_and_the_recount",
            missing,
        );
    }
    let house = House::new().await;
    let (_site, accounts) = accounts(&house).await;
    // The walk itself is the mail server. Its standard input is this socket, so no other process can take the port.
    let sink = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = sink.local_addr().unwrap().port();
    let operations = free_address();
    let program = Program::of(&house)
        .with_relay("relay", &format!("smtp://127.0.0.1:{port}"), 4)
        .with("CANDOR__HTTP__METRICS_LISTEN", &operations)
        // This walk compares figures; in the other one an approver waives what the rules find.
        .with("CANDOR__LINT__OFF", &format!("{RULES_OFF:?}"));
    let roles = ["--role", "comms", "--role", "auditor"];
    let made = program.ok(&[&["key", "create", "--name", "figures"], &roles[..]].concat());
    let key = made.lines().last().unwrap();
    let mut candor = program.start("run");
    candor.until_ready(&program).await;
    let (path, words, env) = program.parts();
    let house = json!({
        "base": program.base(), "accounts": accounts, "key": key,
        "operations": format!("http://{operations}"),
        "candor": { "program": path, "words": words, "env": env },
    });
    let sink = Stdio::from(OwnedFd::from(sink));
    let said = walk_with("figures.mjs", house.to_string(), sink).await;
    println!("{said}");
}
