//! A relay that accepts texts and does not answer is named, with the time since its last answer.

use std::time::Duration;

use candor::campaign::CampaignKind;
use candor::staff::StaffRole::Comms;

use super::sink::Sink;
use crate::client::Site;
use crate::house::House;
use crate::people::{Scene, list};
use crate::sending::{Sending, local};

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_hangs_after_the_text_is_named_with_how_long_it_has_not_answered() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(12, "name")).await;
    let sink = Sink::start(Duration::ZERO).await;
    // Three people have this prefix; the messages to the others make up the bar.
    sink.leave_unanswered("person1");
    let campaign = scene.launched(&house, CampaignKind::Initial).await;
    let sending = Sending::start(&house, vec![local(sink.port, 2)]);
    let site = Site::open(&house.app).await;
    let comms = site.signed_in("comms", &[Comms]).await;
    let page = |path: &str| tokio::task::block_in_place(|| comms.get(path)).body;
    let campaign = format!("/console/campaigns/{campaign}");
    let waits = "Relay relay has not answered on 2 connections, on one of them for ";
    let mut shown = page(&campaign);
    for _ in 0..600 {
        if shown.contains(waits) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        shown = page(&campaign);
    }
    // Next to the bar, because every message on a connection waits for it, and where the speed is explained.
    assert_eq!(shown.matches(waits).count(), 2, "{shown}");
    let (_, rest) = shown.split_once(waits).unwrap();
    let seconds: i64 = rest.split(' ').next().unwrap().parse().unwrap();
    assert!((5..30).contains(&seconds), "{seconds}");
    assert!(
        shown.contains("open; no answer on 2 connections"),
        "{shown}"
    );
    sink.answer();
    house.until_idle().await;
    let mut shown = page(&campaign);
    for _ in 0..200 {
        if !shown.contains("has not answered") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        shown = page(&campaign);
    }
    assert!(!shown.contains("has not answered"), "{shown}");
    sending.end().await;
    assert_eq!(
        house
            .number("select count(*) from notice where status = 'sent'")
            .await,
        12
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_has_not_answered_for_half_a_minute_needs_attention() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(2, "name")).await;
    scene.launched(&house, CampaignKind::Initial).await;
    let site = Site::open(&house.app).await;
    let comms = site.signed_in("comms", &[Comms]).await;
    let page = || tokio::task::block_in_place(|| comms.get("/console")).body;
    let sender = async |seconds: i64| {
        let since = (house.app.now() - chrono::TimeDelta::seconds(seconds)).to_rfc3339();
        let relay = |name: &str, unanswered| {
            serde_json::json!({ "name": name, "connections": 3, "held_until": null, "why": null,
                "unanswered": unanswered })
        };
        let waits = serde_json::json!({ "connections": 3, "since": since });
        let relays = serde_json::json!([
            relay("alpha", waits),
            relay("beta", serde_json::Value::Null)
        ]);
        house
            .sql(&format!(
                "delete from sender; insert into sender (id, node, seen_at, relays, campaigns) \
                 values (gen_random_uuid(), 'n', now() + interval '1 hour', '{relays}', '{{}}')"
            ))
            .await;
    };
    let needs = || {
        let page = page();
        let (needs, _) = page.split_once("On its way").unwrap();
        needs.to_owned()
    };
    sender(29).await;
    assert!(!needs().contains("Relay alpha"), "{}", needs());
    sender(42).await;
    let needs = needs();
    assert!(
        needs.contains("Relay alpha has not answered on 3 connections, on one of them for 42 s."),
        "{needs}"
    );
    assert!(!needs.contains("beta"), "{needs}");
}
