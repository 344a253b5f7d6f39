//! Both walks in a real Chromium, against the real program: `tests/browser/walk.mjs` goes them, and holds
//! every page it reaches to axe at 1280 and 360 px, in light and in dark.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use candor::staff::StaffRole::{self, Admin, Agent, Approver, Auditor, Comms};
use serde_json::json;

use crate::client::{PASSWORD, Site};
use crate::house::House;
use crate::mail::{Scratch, did_not_run};

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
        () if !browser_tests().join("node_modules/axe-core").is_dir() => Some("npm packages"),
        () => None,
    }
}

/// `candor run` of a house, on a port and with mail in a folder; ends when dropped.
struct Run(Child);

impl Drop for Run {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn run(house: &House, scratch: &Path, mail: &Path) -> (Run, String) {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = free.local_addr().unwrap().to_string();
    drop(free);
    let base = format!("http://{listen}");
    let config = scratch.join("candor.toml");
    let relay = format!(
        "[[mail.relays]]\nname = \"folder\"\nurl = \"file://{}\"\nconnections = 2\n",
        mail.display()
    );
    std::fs::write(&config, relay).unwrap();
    let child = Command::new(env!("CARGO_BIN_EXE_candor"))
        .arg("--config")
        .arg(&config)
        .arg("run")
        .env("CANDOR__DATABASE__URL", &house.url)
        .env("CANDOR__SECRETS__MASTER_KEY", "07".repeat(32))
        .env("CANDOR__HTTP__LISTEN", &listen)
        .env("CANDOR__HTTP__PUBLIC_URL", &base)
        .env("CANDOR__MAIL__POLL_MILLISECONDS", "50")
        .env("CANDOR__LOG__LEVEL", "warn")
        .env("CANDOR__ORGANISATION__NAME", "Sundmere Mobile")
        .env(
            "CANDOR__ORGANISATION__FROM_ADDRESS",
            "notice@sundmere.example",
        )
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    (Run(child), base)
}

/// Waits until the program answers, or has ended.
async fn until_ready(run: &mut Run, base: &str) {
    for _ in 0..1_200 {
        let asked = base.to_owned();
        let answer = tokio::task::spawn_blocking(move || {
            ureq::get(format!("{asked}/readyz")).call().is_ok()
        });
        if answer.await.unwrap() {
            return;
        }
        assert!(run.0.try_wait().unwrap().is_none(), "`candor run` ended");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("`candor run` is not ready after a minute");
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
    let (mut candor, base) = run(&house, scratch.path(), &mail);
    until_ready(&mut candor, &base).await;
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
