//! Acts that commit in several transactions: a later failure to answer cannot undo them, and the answer says what is
//! true of them.

use std::time::{Duration, Instant};

use candor::campaign::CampaignKind;
use candor::delivery::freeze;
use candor::scope::ScopeMode;
use candor::shutdown::Shutdown;
use candor::staff::StaffRole::{Agent, Comms};
use candor::worker;
use serde_json::json;

use super::{CUT, keyed, kind};
use crate::client::Site;
use crate::house::House;
use crate::people::{Scene, list};

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_over_the_api_stops_senders_before_its_answer_is_read() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    let program = site.program(&[Comms]).await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(6_400, "name;ssn")).await;
    let campaign = scene.launched(&house, CampaignKind::Initial).await;
    while freeze::step(&house.app).await.unwrap() {}
    // 20 a second by one connection: no batch of 100 is complete while this test runs.
    house.mail.answer_by(|_| {
        std::thread::sleep(Duration::from_millis(50));
        None
    });
    let shutdown = Shutdown::new();
    worker::start(&house.app, house.routes(1), &shutdown);
    while house.mail.sent().len() < 5 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // A table that the answer reads, and senders do not.
    let raw = house.raw().await;
    raw.batch_execute("begin; lock table campaign_freeze in access exclusive mode")
        .await
        .unwrap();
    let path = format!("/campaigns/{campaign}/pause");
    let asked = Instant::now();
    let pausing = tokio::spawn(async move { program.post(&path, &json!({})) });
    let paused = "select count(*) from campaign where status = 'paused'";
    while house.number(paused).await == 0 {
        assert!(asked.elapsed() < Duration::from_secs(2), "it is not paused");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    tokio::time::sleep(Duration::from_secs(2).saturating_sub(asked.elapsed())).await;
    let sent = house.mail.sent().len();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(house.mail.sent().len(), sent, "something left after 2 s");
    assert!(sent < 100 && !pausing.is_finished(), "{sent}");
    raw.batch_execute("commit").await.unwrap();
    let seen = pausing.await.unwrap();
    assert_eq!(
        (seen.status, &seen.json()["status"]),
        (200, &json!("paused"))
    );
    shutdown.leave();
    assert!(shutdown.wait(Duration::from_secs(20)).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_stands_although_its_whole_answer_cannot_be_stored() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    let program = site.program(&[Comms]).await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(3, "name;ssn")).await;
    for (action, state) in [("pause", "paused"), ("cancel", "cancelled")] {
        let campaign = scene.launched(&house, CampaignKind::Initial).await;
        house
            .sql(
                "create function refuse_whole() returns trigger language plpgsql as $$ begin
                    raise exception 'the answer cannot be kept'; end $$;
                 create trigger refuse_whole before update of answer on idempotency for each row
                    when (old.status is not null) execute function refuse_whole()",
            )
            .await;
        let path = format!("/campaigns/{campaign}/{action}");
        let seen = keyed(&program, &path, action, &json!({}));
        assert_eq!(seen.status, 500, "{}", seen.body);
        assert!(!seen.body.contains("nothing"), "{}", seen.body);
        let stands = format!(
            "select count(*) from campaign where id = '{}' and status = '{state}'",
            campaign.uuid()
        );
        assert_eq!(house.number(&stands).await, 1, "{action}");
        house
            .sql("drop trigger refuse_whole on idempotency; drop function refuse_whole")
            .await;
        let again = keyed(&program, &path, action, &json!({}));
        assert_eq!(again.status, 200, "{}", again.body);
        assert!(again.body.contains("this was done"), "{}", again.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_may_be_in_force_is_not_said_to_be_unchanged() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    let browser = site.signed_in("Cora", &[Comms]).await;
    let scene = Scene::new(&house).await;
    let version = scene
        .read(&house, ScopeMode::Full, &list(3, "name;ssn"))
        .await;
    // The connection is lost at the commit, in the task that continues when its client leaves.
    house
        .sql(&format!(
            "{CUT} create constraint trigger cut after update on scope_version deferrable initially deferred
             for each row when (new.status = 'active') execute function cut();"
        ))
        .await;
    let page = format!("/console/incidents/sundmere/scopes/{version}");
    let seen = browser.submit(&page, &format!("{page}/activate"), &[]);
    assert_eq!(seen.status, 503, "{}", seen.body);
    assert!(
        seen.body.contains("It is not known whether this was done"),
        "{}",
        seen.body
    );
    assert!(
        !seen.body.to_lowercase().contains("changed nothing"),
        "{}",
        seen.body
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_counted_once_it_is_committed() {
    let house = House::new().await;
    let site = Site::open(&house.app).await;
    let program = site.program(&[Comms, Agent]).await;
    Scene::new(&house).await;
    let call = json!({ "incident": "sundmere", "channel": "phone", "text": "What happened?" });
    let ticket = program.post("/tickets", &call).json();
    let path = format!("/tickets/{}/messages", ticket["id"].as_str().unwrap());
    let answer = json!({
        "kind": "reply", "text": "Somebody got in.", "version": ticket["version"], "then": "solved",
        "resolution": "answered",
    });
    house
        .sql(
            "create function refuse() returns trigger language plpgsql as $$ begin
                raise exception 'the answer cannot be kept'; end $$;
             create trigger refuse before update of answer on idempotency for each row execute function refuse()",
        )
        .await;
    let answered = &house.app.metrics.tickets_answered;
    let seen = keyed(&program, &path, "reply", &answer);
    assert_eq!((seen.status, answered.get()), (500, 0), "{}", seen.body);
    house.sql("drop trigger refuse on idempotency").await;
    let seen = keyed(&program, &path, "reply", &answer);
    assert_eq!((seen.status / 100, answered.get()), (2, 1), "{}", seen.body);
    assert_eq!(kind(&seen), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_is_told_to_look_first_if_it_is_unknown_whether_their_words_arrived() {
    let (house, scene, site) = Scene::open("").await;
    scene.import(&house, &list(1, "name;ssn")).await;
    let (_, page) = scene.status_page(&house, "R-00000").await;
    let customer = site.browser();
    let ask = || {
        customer.submit(
            &page,
            &format!("{page}/tickets"),
            &[("text", "Is my number out?")],
        )
    };
    let press = "then press “Send again”";
    // The connection is lost at the commit.
    house
        .sql(&format!(
            "{CUT} create constraint trigger cut after insert on ticket deferrable initially deferred
             for each row execute function cut();"
        ))
        .await;
    let seen = ask();
    assert!(
        seen.status == 503 && seen.body.contains("Is my number out?"),
        "{}",
        seen.body
    );
    assert!(
        seen.body.contains("Look whether what you sent is there"),
        "{}",
        seen.body
    );
    assert!(!seen.body.contains(press), "{}", seen.body);
    // The connection is lost before the commit.
    house
        .sql(
            "drop trigger cut on ticket;
             create trigger cut after insert on ticket for each row execute function cut();",
        )
        .await;
    let mut tries = 0;
    while customer.get(&page).status != 200 {
        tries += 1;
        assert!(tries < 1_000, "the page does not come back");
    }
    let seen = ask();
    assert!(
        seen.status == 503 && seen.body.contains(press),
        "{}",
        seen.body
    );
}
