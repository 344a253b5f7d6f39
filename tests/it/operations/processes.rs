//! The long-running commands as an operator starts them: real processes, an ordinary Postgres by its URL, a real SMTP
//! server.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use candor::campaign::CampaignKind;
use serde_json::json;

use crate::house::House;
use crate::mail::sink::{Sink, received};
use crate::mail::{Scratch, did_not_run};
use crate::people::{Scene, list};
use crate::program::{Program, free_address};

/// Enough that both senders take many batches, and that a lost or doubled message would show.
const PEOPLE: usize = 10_000;

/// Waits until no campaign is running.
pub async fn until_completed(house: &House) {
    for _ in 0..1_200 {
        let open = "select count(*) from campaign where status <> 'completed'";
        if house.number(open).await == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the campaign is not through after two minutes");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_senders_share_a_campaign_and_each_notice_reaches_the_server_once() {
    let dumps = Scratch::new();
    let Some(sink) = Sink::start(Some(dumps.path())) else {
        let name = "two_senders_share_a_campaign_and_each_notice_reaches_the_server_once";
        return did_not_run(name, "smtp-sink");
    };
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(PEOPLE, "name;ssn")).await;
    let programs = ["one.example", "two.example"].map(|name| {
        let url = format!("smtp://127.0.0.1:{}?helo={name}", sink.port);
        Program::of(&house)
            .with_relay("relay", &url, 8)
            .with("CANDOR__MAIL__NODE", name)
    });
    let senders = programs.each_ref().map(|program| program.start("work"));
    let at_work = "select count(*) from sender";
    while house.number(at_work).await < 2 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    scene.launched(&house, CampaignKind::Initial).await;
    until_completed(&house).await;
    for sender in senders {
        assert_eq!(sender.terminate().await.code(), Some(0));
    }
    assert_eq!(house.number(at_work).await, 0, "who leaves says so");

    let (to, from) = ("X-Rcpt-Args:", "X-Helo-Args:");
    let (to, from) = (received(dumps.path(), to), received(dumps.path(), from));
    let twice: Vec<_> = to.iter().filter(|(_, times)| **times != 1).collect();
    assert_eq!((to.len(), twice), (PEOPLE, vec![]));
    let both = ["one.example", "two.example"].map(|name| from.get(name).copied());
    assert!(both.iter().all(|sent| sent.unwrap_or(0) > 0), "{from:?}");
    assert_eq!(from.values().sum::<usize>(), PEOPLE);
    let sent = "select count(*) from notice where status = 'sent'";
    assert_eq!(house.number(sent).await, PEOPLE as i64);
    let accepted = "select count(*) from outcome where result = 'accepted'";
    assert_eq!(house.number(accepted).await, PEOPLE as i64);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_is_set_up_and_run_by_its_commands() {
    let house = House::new().await;
    let program = Program::of(&house).with_relay("relay", "file:///tmp/candor-never-written", 1);
    assert!(program.ok(&["migrate"]).contains("Nothing to do"));
    let checked = program.ok(&["check"]);
    assert!(!checked.contains(&"07".repeat(32)), "{checked}");
    let key = program.ok(&["key", "create", "--name", "importer", "--role", "comms"]);
    let key = key.lines().last().unwrap().to_owned();

    for word in ["serve", "run"] {
        let mut running = program.start(word);
        running.until_ready(&program).await;
        let (base, key) = (program.base(), key.clone());
        let seen = tokio::task::spawn_blocking(move || {
            let alive = ureq::get(format!("{base}/healthz")).call().unwrap();
            let list = ureq::get(format!("{base}/api/v1/campaigns"))
                .header("authorization", format!("Bearer {key}"))
                .call();
            (alive.status(), list.unwrap().body_mut().read_to_string())
        });
        let (alive, list) = seen.await.unwrap();
        assert_eq!(alive, 200);
        let list: serde_json::Value = serde_json::from_str(&list.unwrap()).unwrap();
        assert_eq!(list, json!({ "items": [], "next": null }));
        assert_eq!(running.terminate().await.code(), Some(0), "{word}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_stopped_and_started_from_the_command_line() {
    let house = House::new().await;
    let program = Program::of(&house);
    let stopped = "select count(*) from emergency_stop where stopped_at is not null";
    // Also while the directory of the keys is absent.
    let keyless = Program::of(&house).with("CANDOR__SECRETS__MASTER_KEY", "");
    assert_eq!(keyless.run(&["audit", "verify"]).status.code(), Some(1));
    keyless.ok(&["stop"]);
    assert_eq!(house.number(stopped).await, 1);
    program.ok(&["start"]);
    assert_eq!(house.number(stopped).await, 0);
    assert!(program.ok(&["audit", "verify"]).contains("2"));

    // A wrong command line and a failure have different exit codes, and the message names what is missing.
    assert_eq!(program.run(&["stop", "--nonsense"]).status.code(), Some(2));
    let homeless = program.with("CANDOR__DATABASE__URL", "").run(&["migrate"]);
    assert_eq!(homeless.status.code(), Some(1));
    let why = String::from_utf8_lossy(&homeless.stderr).into_owned();
    assert!(why.contains("database.url"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_letter_list_and_the_recount_are_commands() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    let people = "reference,email,name,postcode,address,elements\n\
        A-1,ana@example.org,Ana,98101,,name\n\
        B-2,,=cmd|' /C calc'!A0,98102,\"1 Main St\nSpringfield\",name;ssn\n";
    scene.import(&house, people).await;
    let scratch = Scratch::new();
    let folder = format!("file://{}", scratch.path().display());
    let program = Program::of(&house).with_relay("folder", &folder, 1);
    let file = scratch.path().join("letters.csv");
    let out = file.display().to_string();
    let refused = program.run(&["letters", "--incident", "sundmere", "--out", &out]);
    let why = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(why.contains("http.public_url") && !file.exists(), "{why}");
    program.ok(&[
        "letters",
        "--incident",
        "sundmere",
        "--out",
        &out,
        "--anyway",
    ]);
    let mode = file.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "only its owner may read it");
    let mut list = csv::Reader::from_path(&file).unwrap();
    let rows: Vec<_> = list.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 1, "a person with an address gets no letter");
    assert_eq!((&rows[0][0], &rows[0][1]), ("B-2", "'=cmd|' /C calc'!A0"));
    assert_eq!(&rows[0][2], "1 Main St\nSpringfield");
    assert!(rows[0].iter().any(|cell| cell.contains("/s/")), "{rows:?}");
    let exported = "select count(*) from audit_event where action = 'letters.export'";
    assert_eq!(house.number(exported).await, 1);

    let proved = program.ok(&["check", "--recount"]);
    assert!(proved.contains("equals the people, one by one"), "{proved}");
    let lie = "update account_count set n = n + 1 where standing = 'needs_letter' and n > 0";
    house.sql(lie).await;
    let found = program.run(&["check", "--recount"]);
    assert_eq!(found.status.code(), Some(1));
    let said = String::from_utf8_lossy(&found.stdout).into_owned();
    assert!(said.contains("booked 2, counted 1"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_serves_its_state_to_monitoring() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(20, "name;ssn")).await;
    let mail = Scratch::new();
    let listen = free_address();
    let program = Program::of(&house)
        .with_relay("folder", &format!("file://{}", mail.path().display()), 2)
        .with("CANDOR__MAIL__LISTEN", &listen);
    let sender = program.start("work");
    scene.launched(&house, CampaignKind::Initial).await;
    until_completed(&house).await;
    let seen = tokio::task::spawn_blocking(move || {
        let get = |path: &str| {
            let mut answer = ureq::get(format!("http://{listen}/{path}")).call().unwrap();
            answer.body_mut().read_to_string().unwrap()
        };
        (get("healthz"), get("readyz"), get("metrics"))
    });
    let (alive, ready, metrics) = seen.await.unwrap();
    assert!(
        alive.contains("\"alive\"") && ready.contains("\"status\":\"ready\""),
        "{alive} {ready}"
    );
    for line in [
        "candor_messages_total{provider=\"other\",relay=\"folder\",result=\"accepted\"} 20",
        "candor_queue{figure=\"due\"} 0",
        "candor_relay_accepted_timestamp_seconds{relay=\"folder\"}",
    ] {
        assert!(metrics.contains(line), "{line} is not in\n{metrics}");
    }
    assert!(!metrics.contains("example.org"), "no address");
    assert_eq!(sender.terminate().await.code(), Some(0));
}
