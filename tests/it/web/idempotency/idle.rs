//! The number of database statements of a node: few while it is idle, and no more than before for a POST with a key.

use std::path::Path;
use std::time::{Duration, Instant};

use candor::actor::{Actor, System};
use candor::campaign::CampaignKind;
use candor::staff::StaffRole::Comms;
use candor::staff::key;
use serde_json::json;

use crate::client::Site;
use crate::house::House;
use crate::people::{Scene, list};
use crate::program::Program;
use crate::promises::storm::Postgres;

/// Statements in the server's log.
fn statements(log: &Path) -> usize {
    let text = std::fs::read_to_string(log).unwrap();
    let asked = text.lines();
    asked
        .filter(|line| line.contains(" execute ") || line.contains(" statement: "))
        .count()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_node_runs_few_statements_and_wakes_at_once() {
    let postgres = Postgres::start().await;
    let house = House::at(&postgres.cluster.url("storm"), "").await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(20, "name;ssn")).await;
    // The number of statements of a POST with a key.
    let site = Site::open(&house.app).await;
    let program = site.program(&[Comms]).await;
    let breach = |slug: &str| json!({ "slug": slug, "title": "A breach" });
    assert_eq!(program.post("/incidents", &breach("warm")).status, 201);
    let log = postgres.cluster.log();
    house.sql("alter system set log_statement = 'all'").await;
    house.sql("select pg_reload_conf()").await;
    let marked = |text: &str| std::fs::read_to_string(&log).unwrap().contains(text);
    while !marked("the mark") {
        house.sql("select 'the mark'").await;
    }
    let before = statements(&log);
    assert_eq!(program.post("/incidents", &breach("measured")).status, 201);
    let post = statements(&log) - before;
    drop(site);

    let made = key::create(&house.app, Actor::System(System::Cli), "program", &[Comms]).await;
    made.unwrap();
    let node = Program::of(&house)
        .with_relay("relay", "file:///tmp/candor-never-written", 2)
        .without("CANDOR__MAIL__POLL_MILLISECONDS")
        .with("CANDOR__HTTP__METRICS_LISTEN", "");
    let mut running = node.start("run");
    running.until_ready(&node).await;
    tokio::time::sleep(Duration::from_secs(7)).await;
    let (before, begun) = (statements(&log), Instant::now());
    tokio::time::sleep(Duration::from_secs(5)).await;
    let rate = (statements(&log) - before) as f64 / begun.elapsed().as_secs_f64();

    let launched = Instant::now();
    scene.launched(&house, CampaignKind::Initial).await;
    let launched_after = launched.elapsed();
    let tried = "select count(*) from outcome";
    while house.number(tried).await == 0 {
        assert!(
            launched.elapsed() < Duration::from_secs(10),
            "nothing was tried"
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let first = launched.elapsed() - launched_after;
    println!(
        "idle node: {rate:.1} statements a second; first attempt {first:?} after a launch; a POST: {post} statements"
    );
    assert!(post <= 12, "a POST with a key takes {post} statements");
    assert!(rate <= 9.0, "{rate} statements a second");
    assert!(first < Duration::from_secs(2), "{first:?}");
    assert_eq!(running.terminate().await.code(), Some(0));
    drop(house);
    postgres.cluster.stop().await.unwrap();
}
