//! Both walks in a real Chromium, against the real program: `tests/browser/walk.mjs` goes them, and holds
//! every page it reaches to axe at 1280 and 360 px, in light and in dark.

use std::path::{Path, PathBuf};
use std::process::Command;

use candor::staff::StaffRole::{self, Admin, Agent, Approver, Auditor, Comms};
use serde_json::json;

use crate::client::{PASSWORD, Site};
use crate::house::House;
use crate::mail::{Scratch, did_not_run};
use crate::program::Program;

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

/// What the walk needs and this machine lacks.
fn missing() -> Option<&'static str> {
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

#[tokio::test(flavor = "multi_thread")]
async fn both_walks_in_a_real_browser() {
    if let Some(missing) = missing() {
        return did_not_run("both_walks_in_a_real_browser", missing);
    }
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    let mut accounts = serde_json::Map::new();
    for (name, role) in CAST {
        let email = site.staff(name, &[role]).await.email.unwrap();
        accounts.insert(
            name.to_owned(),
            json!({ "email": email.as_str(), "password": PASSWORD }),
        );
    }
    let scratch = Scratch::new();
    let mail = scratch.path().join("outbox");
    let program = Program::of(&house).with_relay("relay", &format!("file://{}", mail.display()), 2);
    let mut candor = program.start("run");
    candor.until_ready(&program).await;
    let base = program.base();
    let walk = json!({ "base": base, "mail": mail, "accounts": accounts }).to_string();
    let walked = tokio::task::spawn_blocking(move || {
        Command::new("node")
            .arg("walk.mjs")
            .current_dir(browser_tests())
            .env("CANDOR_WALK", walk)
            .output()
            .unwrap()
    });
    let walked = walked.await.unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        walked.status.success(),
        "{}{}",
        text(&walked.stdout),
        text(&walked.stderr)
    );
}
