//! Quiet hours: no notice of the campaign leaves in them; messages that are no notices do.

use candor::campaign::test_send::{self, Test};
use candor::campaign::{CampaignKind, Quiet, UncertainPolicy, draft, hold, launch, store};
use candor::delivery::review;
use candor::id::CampaignId;
use candor::shutdown::Shutdown;
use candor::staff::StaffRole::Comms;
use candor::worker;
use chrono::TimeDelta;

use crate::house::House;
use crate::html::{has, lacks};
use crate::people::{Scene, list};

/// A draft with these quiet hours.
async fn drafted(house: &House, scene: &Scene, quiet: Quiet) -> CampaignId {
    scene.import(house, &list(3, "name;ssn")).await;
    let kind = CampaignKind::Initial;
    let id = scene.draft(house, kind, UncertainPolicy::Resend).await;
    let now = store::find(&mut house.app.db.get().await.unwrap(), id)
        .await
        .unwrap();
    let mut new = draft::as_draft(&now);
    new.limits.quiet = Some(quiet);
    draft::edit_named(&house.app, scene.comms, id, None, &new)
        .await
        .unwrap();
    id
}

fn quiet(from: &str, to: &str) -> Quiet {
    let quiet = serde_json::json!({ "from": from, "to": to, "zone": "Europe/Berlin" });
    serde_json::from_value(quiet).unwrap()
}

/// A sender with a free relay, as pages see it: without one they say that no sender runs.
async fn with_a_sender(house: &House) {
    house
        .sql(
            "insert into sender (id, node, seen_at, relays) values (gen_random_uuid(), 'seen', now() + interval '1 hour',
             '[{\"name\": \"free\", \"connections\": 0, \"held_until\": null, \"why\": null}]')",
        )
        .await;
}

/// Runs senders until the messages of the outbox are sent.
async fn send_outbox(house: &House) {
    let shutdown = Shutdown::new();
    worker::start(&house.app, house.routes(2), &shutdown);
    let waits = "select (not exists (select from outbox where status = 'queued'))::int";
    house.until("the outbox is empty", waits).await;
    // In this time, a sender would claim what is not held.
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    shutdown.leave();
    assert!(shutdown.wait(std::time::Duration::from_secs(20)).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_launched_in_its_quiet_hours_is_held_until_they_end() {
    let (house, scene, site) = Scene::open("").await;
    // The clock of the house stands at 10:00 in Berlin.
    let id = drafted(&house, &scene, quiet("09:30", "12:00")).await;
    scene.launch(&house, id).await;
    let comms = site.signed_in("Comms", &[Comms]).await;
    let page = format!("/console/campaigns/{id}");
    with_a_sender(&house).await;
    let held = "Held until 12:00 Europe/Berlin: quiet hours.";
    has(&comms.page(&page), held);
    has(&comms.page("/console"), held);
    let test = Test::default();
    test_send::send(&house.app, scene.comms, id, &test)
        .await
        .unwrap();
    send_outbox(&house).await;
    let sent = house.mail.take_sent();
    assert_eq!(sent.len(), 1, "only the message that is no notice");
    // A pause and its end change nothing about it.
    hold::pause(
        &house.app,
        candor::actor::Actor::Staff(scene.comms),
        id,
        None,
    )
    .await
    .unwrap();
    hold::resume(&house.app, scene.comms, id).await.unwrap();
    has(&comms.page(&page), held);
    house.app.clock.advance(TimeDelta::hours(2));
    review::all(&house.app).await.unwrap();
    lacks(&comms.page(&page), "quiet hours.");
    house.sql("delete from sender").await;
    house.send_all().await;
    assert_eq!(house.mail.sent().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_under_way_is_held_when_its_quiet_hours_begin() {
    let (house, scene, site) = Scene::open("").await;
    let id = drafted(&house, &scene, quiet("22:00", "08:00")).await;
    scene.approve(&house, id).await;
    launch::launch(&house.app, scene.comms, id).await.unwrap();
    let page = format!("/console/campaigns/{id}");
    with_a_sender(&house).await;
    review::all(&house.app).await.unwrap();
    let comms = site.signed_in("Comms", &[Comms]).await;
    lacks(&comms.page(&page), "Held until");
    house
        .app
        .clock
        .advance(TimeDelta::hours(12) - TimeDelta::seconds(5));
    review::all(&house.app).await.unwrap();
    // The session of before ended in the meantime.
    let comms = site.signed_in("Later", &[Comms]).await;
    has(
        &comms.page(&page),
        "Held until 08:00 Europe/Berlin: quiet hours.",
    );
    let recorded = "select count(*) from audit_event where action = 'campaign.pace'
        and detail like '%quiet hours%'";
    assert_eq!(house.number(recorded).await, 1);
}
