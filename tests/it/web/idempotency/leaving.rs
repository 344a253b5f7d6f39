//! A sender is told to stop while Postgres is away: it stops in a few seconds, says what it leaves, and no notice is
//! lost.

use std::path::Path;
use std::time::{Duration, Instant};

use candor::campaign::CampaignKind;
use candor::notice::account::recount;

use crate::house::House;
use crate::mail::Scratch;
use crate::people::{Scene, list};
use crate::program::Program;
use crate::promises::storm::{Postgres, hurry};
use crate::sending::Sending;

const PEOPLE: usize = 200;
/// The longest time that the stop may take: with a database it takes a moment, and 25 seconds are the limit for a relay
/// that does not answer.
const SOON: Duration = Duration::from_secs(12);

async fn until(what: &str, mut done: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !done().await {
        assert!(Instant::now() < deadline, "{what}: not within a minute");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Another sender finishes the campaign, and every person was told.
async fn everybody_is_told(house: &House, scene: &Scene) {
    let sending = Sending::start(house, house.routes(8));
    let done = "select count(*) from campaign where status = 'completed'";
    until("the end", async || house.number(done).await == 1).await;
    sending.end().await;
    is_whole(house, scene).await;
}

async fn is_whole(house: &House, scene: &Scene) {
    let mut conn = house.app.db.get().await.unwrap();
    let all = recount(&mut conn, scene.incident).await.unwrap();
    let people = PEOPLE as i64;
    assert_eq!(
        (all.people, all.notified, all.unexplained),
        (people, people, 0)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_is_told_to_end_while_postgres_is_away_ends_soon_and_says_what_it_leaves() {
    let mut postgres = Postgres::start().await;
    let house = House::at(&postgres.cluster.url("storm"), "[mail]\nlease_seconds = 5").await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(PEOPLE, "name")).await;
    scene.launched(&house, CampaignKind::Initial).await;
    let files = Scratch::new();
    let folder = format!("file://{}", files.path().join("out").display());
    let log = files.path().join("log");
    let program = Program::of(&house)
        .with_relay("relay", &folder, 2)
        .with("CANDOR__MAIL__LEASE_SECONDS", "5")
        .with("CANDOR__MAIL__RATE_PER_SECOND", "20")
        .with("CANDOR__LOG__LEVEL", "warn");
    let running = program.start_logged("work", Path::new(&log));
    let sent = "select count(*) from outcome where settled and result = 'accepted'";
    until("sending", async || house.number(sent).await >= 5).await;
    postgres.die().await;
    let begun = Instant::now();
    let ended = running.terminate().await;
    println!("it ended {:?} after it was told to", begun.elapsed());
    assert_eq!(ended.code(), Some(0));
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    let said = std::fs::read_to_string(&log).unwrap();
    assert!(
        said.contains("this sender ends while the database is away"),
        "{said}"
    );
    postgres.start_again().await;
    // By the clock of a process; a notice that may have arrived waits before it is sent again.
    let next = Program::of(&house).with_relay("relay", &folder, 2);
    let running = next.start("work");
    let done = "select count(*) from campaign where status = 'completed'";
    until("the end", async || {
        hurry(&house).await;
        house.number(done).await == 1
    })
    .await;
    assert_eq!(running.terminate().await.code(), Some(0));
    is_whole(&house, &scene).await;
    drop(house);
    postgres.cluster.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn senders_without_their_database_stop_soon_whether_they_finish_or_drop_their_messages() {
    for drops in [false, true] {
        let mut postgres = Postgres::start().await;
        let house = House::at(&postgres.cluster.url("storm"), "[mail]\nlease_seconds = 5").await;
        let scene = Scene::new(&house).await;
        scene.import(&house, &list(PEOPLE, "name")).await;
        scene.launched(&house, CampaignKind::Initial).await;
        let mut routes = house.routes(8);
        for route in &mut routes {
            route.rate_per_second = 100;
        }
        let sending = Sending::start(&house, routes);
        let tried = "select count(*) from outcome";
        until("sending", async || house.number(tried).await >= 10).await;
        postgres.die().await;
        let begun = Instant::now();
        match drops {
            true => sending.drop_all().await,
            false => sending.end().await,
        }
        println!("dropped: {drops}; they left after {:?}", begun.elapsed());
        assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
        postgres.start_again().await;
        // The pool's connections are dead; the first statement on each finds out.
        until("the database", async || {
            let mut conn = house.app.db.get().await.unwrap();
            candor::deployment::store::doubt(&mut conn).await.is_ok()
        })
        .await;
        everybody_is_told(&house, &scene).await;
        drop(house);
        postgres.cluster.stop().await.unwrap();
    }
}
