//! `/readyz`, `/healthz` and `/metrics` (S7).

use std::collections::BTreeSet;

use candor::staff::StaffRole::Comms;
use serde_json::json;

use crate::client::{Site, figures};
use crate::database_proxy::Valve;
use crate::house::House;
use crate::web::filled_house::filled;

/// The metric families of an output, from its TYPE lines.
fn families(output: &str) -> BTreeSet<String> {
    let types = output
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE "));
    types
        .map(|line| line.split(' ').next().unwrap().to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn s7_the_guide_lists_every_metric_and_no_other() {
    let house = House::new().await;
    let guide = include_str!("../../../docs/operations.md");
    let (_, table) = guide.split_once("## Metrics").expect("a chapter");
    let table = table.split("\n## ").next().unwrap();
    let rows = table
        .lines()
        .filter_map(|line| line.strip_prefix("| `candor_"));
    let listed: BTreeSet<_> = rows
        .map(|row| format!("candor_{}", row.split(['`', '{']).next().unwrap()))
        .collect();
    assert_eq!(listed, families(&figures(&house.app).await));
}

/// The value of one line of an output.
fn value(output: &str, name: &str) -> f64 {
    let mut lines = output.lines();
    let line = lines.find(|line| line.rsplit_once(' ').is_some_and(|(of, _)| of == name));
    let line = line.unwrap_or_else(|| panic!("{name} is missing in {output}"));
    line.rsplit_once(' ').unwrap().1.parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn s7_metrics_say_how_people_tickets_and_connections_stand() {
    let filled = filled().await;
    let site = Site::open(&filled.house.app).await;
    site.signed_in("ana", &[Comms])
        .await
        .get("/console/incidents/sundmere");
    let output = figures(&filled.house.app).await;
    let people = |standing: &str| {
        value(
            &output,
            &format!("candor_people{{incident=\"sundmere\",standing=\"{standing}\"}}"),
        )
    };
    let all = [
        "notified",
        "in_progress",
        "needs_letter",
        "withheld",
        "unexplained",
    ];
    assert_eq!(all.map(people), [4.0, 0.0, 1.0, 0.0, 0.0]);
    assert_eq!(value(&output, "candor_tickets{state=\"waiting\"}"), 1.0);
    assert_eq!(value(&output, "candor_tickets{state=\"overdue\"}"), 0.0);
    assert_eq!(value(&output, "candor_tickets_answered_total"), 2.0);
    assert!(value(&output, "candor_outbox_waiting") > 0.0);
    assert!(
        value(
            &output,
            "candor_database_connections{pool=\"short\",state=\"open\"}"
        ) > 0.0
    );
    assert_eq!(value(&output, "candor_import_duration_seconds_count"), 2.0);
    assert!(value(&output, "candor_freeze_duration_seconds_count") > 0.0);
    let route =
        "candor_request_duration_seconds_count{class=\"2xx\",route=\"/console/incidents/{slug}\"}";
    assert_eq!(value(&output, route), 1.0);
    let build = format!(
        "candor_build_info{{version=\"{}\"}}",
        env!("CARGO_PKG_VERSION")
    );
    assert_eq!(value(&output, &build), 1.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn s7_metrics_read_no_big_table() {
    let filled = filled().await;
    let mut raw = filled.house.raw().await;
    // A reader of one of these tables waits for the end of this transaction, and gives up after five seconds.
    let held = raw.transaction().await.unwrap();
    held.batch_execute("lock table person, person_since, person_past, notice, outcome, scope_row in access exclusive mode")
        .await
        .unwrap();
    let output = figures(&filled.house.app).await;
    let notified = value(
        &output,
        "candor_people{incident=\"sundmere\",standing=\"notified\"}",
    );
    assert_eq!(notified, 4.0);
    assert_eq!(value(&output, "candor_tickets{state=\"waiting\"}"), 1.0);
    held.rollback().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn s7_readyz_names_each_check_in_json_and_is_503_while_the_database_is_away() {
    let house = House::new().await;
    let valve = Valve::before(house.server());
    let through = house.in_copy(&valve.url, "");
    let site = Site::open(&through.app).await;
    let browser = site.browser();
    let ready = browser.get("/readyz");
    let fine = json!({ "ok": true, "reason": "" });
    let expected = json!({
        "status": "ready",
        "checks": { "database": fine, "migrations": fine, "keys": fine, "sending": fine },
        "build": { "version": env!("CARGO_PKG_VERSION") },
    });
    assert_eq!((ready.status, ready.json()), (200, expected));
    let alive = json!({ "status": "alive", "build": { "version": env!("CARGO_PKG_VERSION") } });
    assert_eq!(browser.get("/healthz").json(), alive);
    valve.shut();
    let away = browser.get("/readyz");
    assert_eq!(away.status, 503, "{}", away.body);
    let database = json!({ "ok": false, "reason": "the database cannot be reached" });
    let document = away.json();
    assert_eq!(
        (&document["status"], &document["checks"]["database"]),
        (&json!("not ready"), &database)
    );
    assert_eq!(browser.get("/healthz").status, 200);
    assert!(
        !away.body.contains("sock") && !away.body.contains("candor_test"),
        "{}",
        away.body
    );
}
