//! A launch locks the incident for moments only, so that its people can ask questions at the same time.

use std::time::Duration;

use candor::campaign::launch;
use candor::person::find::{Clue, find};
use candor::ticket::intake;

use crate::house::House;
use crate::people::{Scene, list};
use crate::sessions::{holder, until_waiting};

#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_taken_while_a_launch_holds_the_incident() {
    let house = House::with("[database]\nlock_seconds = 30").await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(3, "name")).await;
    let id = scene.approved(&house).await;
    let found = find(
        &house.app,
        scene.incident,
        &Clue::Reference("R-00000".to_owned()),
    )
    .await;
    let person = found.unwrap()[0].id;
    // The launch has the incident's row by the time it waits for the campaign's.
    let (raw, pid) = holder(&house).await;
    raw.batch_execute("select from campaign for update")
        .await
        .unwrap();
    let app = house.app.clone();
    let launched = tokio::spawn(async move { launch::launch(&app, scene.comms, id).await });
    until_waiting(&house, pid, 1).await;
    let asks = intake::ask(&house.app, scene.incident, person, "", "What was taken?");
    let asked = tokio::time::timeout(Duration::from_secs(10), asks).await;
    asked.expect("it does not wait for the launch").unwrap();
    assert!(!launched.is_finished());
    raw.batch_execute("rollback").await.unwrap();
    launched.await.unwrap().unwrap();
    house.send_all().await;
    assert_eq!(
        house.mail.sent().len(),
        3 + 1,
        "three notices and a receipt"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_launch_looks_for_its_audience_longer_than_a_page_may_wait() {
    let house = House::with("[database]\nlock_seconds = 1\nstatement_seconds = 1").await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(3, "name")).await;
    let id = scene.approved(&house).await;
    // The query of the people lasts as long as this session locks their table.
    let (raw, pid) = holder(&house).await;
    raw.batch_execute("lock table person in access exclusive mode")
        .await
        .unwrap();
    let app = house.app.clone();
    let launched = tokio::spawn(async move { launch::launch(&app, scene.comms, id).await });
    until_waiting(&house, pid, 1).await;
    // Longer than both limits: `pg_sleep` counts in the server, where the limits do.
    raw.batch_execute("select pg_sleep(1.5)").await.unwrap();
    assert!(!launched.is_finished(), "it goes on looking");
    raw.batch_execute("rollback").await.unwrap();
    launched.await.unwrap().unwrap();
    let sending = "select count(*) from campaign where status = 'sending'";
    assert_eq!(house.number(sending).await, 1);
}
