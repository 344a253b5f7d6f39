//! Retry now: staff make deferred messages due at once, and nothing else changes.

use candor::actor::Actor;
use candor::campaign::error::CampaignError;
use candor::campaign::launch::Seen;
use candor::campaign::{CampaignKind, UncertainPolicy, hold};
use candor::delivery::retry_now::retry_now;
use candor::id::CampaignId;
use candor::staff::StaffRole::{Auditor, Comms};
use serde_json::json;

use crate::client::Site;
use crate::house::House;
use crate::mail::scripted::{Act, serve};
use crate::people::{Scene, list};
use crate::sending::{NO_BREAKER, local};

const OFFERS: &[&str] = &["PIPELINING", "8BITMIME"];

/// A campaign with all its messages deferred.
async fn deferred() -> (House, Scene, CampaignId) {
    let house = House::with(NO_BREAKER).await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(3, "name")).await;
    let id = scene.launched(&house, CampaignKind::Initial).await;
    let busy = serve(OFFERS, |_, at| match at {
        "RCPT" => Act::Say("450 4.2.1 mailbox busy"),
        "DATA" => Act::Say("503 5.5.1 no valid recipients"),
        _ => Act::Usual,
    })
    .await;
    house.send_through(vec![local(busy.port, 1)]).await;
    assert_eq!(house.in_state("deferred").await, 3);
    (house, scene, id)
}

#[tokio::test(flavor = "multi_thread")]
async fn deferred_messages_are_sent_at_once_and_a_pause_still_holds_them() {
    let (house, scene, id) = deferred().await;
    let good = serve(OFFERS, |_, _| Act::Usual).await;
    house.send_through(vec![local(good.port, 1)]).await;
    assert_eq!(good.texts().len(), 0, "they are not due");
    let app = &house.app;
    let stale = retry_now(app, scene.comms, Seen::at(id, Some(1))).await;
    assert!(matches!(stale, Err(CampaignError::Changed(_))), "{stale:?}");

    hold::pause(app, Actor::Staff(scene.comms), id, None)
        .await
        .unwrap();
    assert_eq!(retry_now(app, scene.comms, id).await.unwrap(), 3);
    assert_eq!(
        retry_now(app, scene.comms, id).await.unwrap(),
        0,
        "they are due"
    );
    let due = "select count(*) from notice n where n.status = 'deferred' and n.due_at = (select max(due_at) from batch)";
    assert_eq!(house.number(due).await, 3);
    hold::resume(app, scene.comms, id).await.unwrap();
    house.send_through(vec![local(good.port, 1)]).await;
    assert_eq!((good.texts().len(), house.in_state("sent").await), (3, 3));
    let attempts = "select count(*) from notice where attempts = 2";
    assert_eq!(house.number(attempts).await, 3);
    let over = retry_now(app, scene.comms, id).await;
    assert!(
        matches!(over, Err(CampaignError::NotUnderWay(_))),
        "{over:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_under_an_emergency_stop_stays_there() {
    let (house, scene, id) = deferred().await;
    hold::stop_everything(&house.app, Actor::Staff(scene.comms))
        .await
        .unwrap();
    assert_eq!(retry_now(&house.app, scene.comms, id).await.unwrap(), 3);
    let good = serve(OFFERS, |_, _| Act::Usual).await;
    let sending = crate::sending::Sending::start(&house, vec![local(good.port, 1)]);
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    sending.end().await;
    assert_eq!(
        (good.texts().len(), house.in_state("deferred").await),
        (0, 3)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_button_and_the_api_do_it_and_it_is_on_record() {
    let (house, scene, id) = deferred().await;
    let site = Site::open(&house.app).await;
    let comms = site.signed_in("ana", &[Comms]).await;
    let page = format!("/console/campaigns/{id}");
    let done = comms.submit(&page, &format!("{page}/retry"), &[]);
    let shown = comms.follow(&done).body;
    assert!(
        shown.contains("The deferred messages are due now."),
        "{shown}"
    );
    assert!(
        shown.contains("<strong>ana</strong> made its deferred messages due at once"),
        "{shown}"
    );
    let auditor = site.signed_in("olu", &[Auditor]).await;
    assert!(!auditor.get(&page).body.contains("Retry deferred now"));

    let program = site.program(&[Comms]).await;
    let at = format!("/campaigns/{id}/retry");
    let again = program.post(&at, &json!({})).json();
    assert_eq!(
        (&again["made_due"], &again["status"]),
        (&json!(0), &json!("sending"))
    );
    let draft = scene
        .draft(&house, CampaignKind::Supplement, UncertainPolicy::Resend)
        .await;
    let refused = program.post(&format!("/campaigns/{draft}/retry"), &json!({}));
    assert_eq!(refused.status, 409, "{}", refused.body);
    assert!(
        refused.body.contains("sending or paused"),
        "{}",
        refused.body
    );
}
