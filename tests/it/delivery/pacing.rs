//! What the program decides by itself about a running campaign: the canary, the breaker, the helpline's load, the order
//! of campaigns.

mod order;

use std::collections::BTreeMap;
use std::time::Duration;

use candor::actor::Actor;
use candor::campaign::ability::InUse;
use candor::campaign::canary::CanaryState;
use candor::campaign::store::{self, Heartbeat, Pace};
use candor::campaign::{CampaignKind, CampaignStatus, hold};
use candor::delivery::letter::message_key;
use candor::delivery::review;
use candor::id::{CampaignId, PersonId, SenderId};
use candor::mail::memory::MemoryRelay;
use candor::mail::{Relay, Reply};
use candor::notice::NoticeStatus;
use candor::person::find::{Clue, find};
use candor::seal::to_hex;
use candor::shutdown::Shutdown;
use candor::ticket::intake;
use candor::worker::{self, Route};
use chrono::TimeDelta;

use crate::house::House;
use crate::people::{Scene, list};

async fn pace(house: &House, id: CampaignId) -> Pace {
    let mut conn = house.app.db.get().await.unwrap();
    store::pace(&mut conn, id).await.unwrap().unwrap()
}

async fn stands(house: &House, id: CampaignId) -> (CampaignStatus, Option<String>) {
    let mut conn = house.app.db.get().await.unwrap();
    let campaign = store::find(&mut conn, id).await.unwrap();
    (campaign.status, campaign.status_reason)
}

async fn actions(house: &House, action: &str) -> i64 {
    house
        .number(&format!(
            "select count(*) from audit_event where action = '{action}'"
        ))
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rest_follows_a_canary_that_ended_well() {
    let house = House::with("[mail]\nbatch = 50").await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(1_200, "name;ssn")).await;
    let campaign = scene.launched(&house, CampaignKind::Initial).await;
    assert_eq!(pace(&house, campaign).await.canary, CanaryState::Running);
    house.send_all().await;
    assert_eq!(house.mail.sent().len(), 1_200);
    assert_eq!(pace(&house, campaign).await.canary, CanaryState::Passed);
    assert_eq!(actions(&house, "campaign.canary").await, 1);
    // One per cent went first: no other person was sent to before the last of them.
    let first = "select count(*) from notice n join batch b on b.campaign_id = n.campaign_id
        and b.bucket = n.bucket and n.batch_no = b.batch_no where b.canary";
    assert_eq!(house.number(first).await, 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_canary_that_bounces_pauses_the_campaign_and_no_other_person_is_written_to() {
    let house = House::with("[mail]\nbatch = 50").await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(1_200, "name;ssn")).await;
    house
        .mail
        .answer_by(|_| Some(Reply::heard(550, "5.1.1 no such user", None)));
    let campaign = scene.launched(&house, CampaignKind::Initial).await;
    let shutdown = Shutdown::new();
    worker::start(&house.app, house.routes(4), &shutdown);
    house
        .until(
            "paused",
            "select count(*) from campaign where status = 'paused'",
        )
        .await;
    let (status, reason) = stands(&house, campaign).await;
    assert_eq!(status, CampaignStatus::Paused);
    assert!(
        reason
            .as_deref()
            .is_some_and(|why| why.contains("12 of the first 12 bounced")),
        "{reason:?}"
    );
    assert_eq!(
        house
            .number("select count(*) from outcome where settled")
            .await,
        12
    );

    // An operator has fixed the fault, and resumes the campaign.
    house.mail.answer_by(|_| None);
    hold::resume(&house.app, scene.comms, campaign)
        .await
        .unwrap();
    house.until_idle().await;
    shutdown.leave();
    assert!(shutdown.wait(Duration::from_secs(20)).await);
    assert_eq!(house.mail.sent().len(), 1_188);
    assert_eq!(
        stands(&house, campaign).await,
        (CampaignStatus::Completed, None)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn pausing_and_resuming_before_the_canary_was_tried_does_not_pass_it() {
    let house = House::with("[mail]\nbatch = 50").await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(1_200, "name;ssn")).await;
    let campaign = scene.launched(&house, CampaignKind::Initial).await;
    let by = Actor::Staff(scene.comms);
    hold::pause(&house.app, by, campaign, Some("no reason"))
        .await
        .unwrap();
    hold::resume(&house.app, scene.comms, campaign)
        .await
        .unwrap();
    assert_eq!(pace(&house, campaign).await.canary, CanaryState::Running);
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_bounces_pause_a_campaign_long_after_its_canary() {
    let house = House::with("[mail]\nbatch = 50\n[breaker]\nwindow = 200\nleast = 100").await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(900, "name;ssn")).await;
    let mut seen = 0;
    house.mail.answer_by(move |_| {
        seen += 1;
        (seen > 300).then(|| Reply::heard(550, "5.1.1 no such user", None))
    });
    let campaign = scene.launched(&house, CampaignKind::Initial).await;
    let shutdown = Shutdown::new();
    worker::start(&house.app, house.routes(4), &shutdown);
    house
        .until(
            "paused",
            "select count(*) from campaign where status = 'paused'",
        )
        .await;
    let (_, reason) = stands(&house, campaign).await;
    assert_eq!(
        reason.as_deref(),
        Some("21 of the last 200 bounced (relay memory)")
    );
    assert_eq!(
        (
            actions(&house, "campaign.warn").await,
            actions(&house, "campaign.pause").await
        ),
        (1, 1)
    );
    shutdown.leave();
    assert!(shutdown.wait(Duration::from_secs(20)).await);
    let bounced = "select count(*) from notice where status = 'bounced'";
    let bounced = house.number(bounced).await;
    // Messages that were on connections while the pause was decided and read: a few per connection.
    assert!((21..300).contains(&bounced), "{bounced}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_helpline_slows_then_holds_a_campaign_and_says_why() {
    let settings = "[pacing]\nslow_at_waiting = 1\nhold_at_waiting = 3";
    let house = House::with(settings).await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(5, "name;ssn")).await;
    let campaign = scene.launched(&house, CampaignKind::Initial).await;
    let ask = async |n: usize| {
        let clue = Clue::Reference(format!("R-0000{n}"));
        let person = find(&house.app, scene.incident, &clue)
            .await
            .unwrap()
            .remove(0)
            .id;
        intake::ask(&house.app, scene.incident, person, "", "What was taken?")
            .await
            .unwrap();
        review::all(&house.app).await.unwrap();
        let pace = pace(&house, campaign).await;
        (pace.percent, pace.reason.unwrap_or_default())
    };
    assert_eq!(ask(0).await.0, 100);
    let (percent, why) = ask(1).await;
    assert_eq!(percent, 50);
    assert!(
        why.contains("more than one person waits on the helpline"),
        "{why}"
    );
    assert_eq!(ask(2).await.0, 0);
    assert_eq!(
        actions(&house, "campaign.pace").await,
        2,
        "each decision once"
    );
    let shutdown = Shutdown::new();
    worker::start(&house.app, house.routes(4), &shutdown);
    let frozen = "select count(*) from campaign where not exists (select from campaign_freeze where not done)";
    house.until("frozen", frozen).await;
    assert_eq!(
        house.number("select count(*) from outcome").await,
        0,
        "held"
    );

    house
        .sql(
            "update ticket set status = 'open', assignee = (select id from staff limit 1),
                lease_until = now() + interval '1 day'",
        )
        .await;
    review::all(&house.app).await.unwrap();
    assert_eq!(pace(&house, campaign).await.percent, 100);
    house.until_idle().await;
    shutdown.leave();
    assert!(shutdown.wait(Duration::from_secs(20)).await);
    let sent = "select count(*) from notice where status = 'sent'";
    assert_eq!(house.number(sent).await, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn senders_at_work_are_known_until_they_leave_or_fall_silent() {
    let house = House::new().await;
    let [one, two] = [(); 2].map(|()| SenderId::new(house.app.now()));
    let campaign = CampaignId::new(house.app.now());
    let (idle, busy) = (
        Heartbeat::default(),
        Heartbeat {
            in_use: InUse {
                campaigns: vec![campaign],
                outbox: false,
            },
            ..Heartbeat::default()
        },
    );
    let others = async |me, says: &Heartbeat| {
        let mut conn = house.app.db.get().await.unwrap();
        let others = store::publish_heartbeat(&mut conn, me, "a.example", says).await;
        let campaigns = |in_use: InUse| in_use.campaigns;
        others
            .unwrap()
            .into_iter()
            .map(campaigns)
            .collect::<Vec<_>>()
    };
    let nobody: [Vec<CampaignId>; 0] = [];
    assert_eq!(others(one, &busy).await, nobody);
    assert_eq!(others(two, &idle).await, [[campaign]]);
    assert_eq!(others(one, &busy).await, [[]]);
    let silent = |who: SenderId| {
        let id = who.uuid();
        format!("update sender set seen_at = now() - interval '6 seconds' where id = '{id}'")
    };
    house.sql(&silent(two)).await;
    assert_eq!(others(one, &busy).await, nobody);
    // Stopped in a debugger, or cut off from the database: once back, it counts again.
    assert_eq!(others(two, &busy).await, [[campaign]]);
    assert_eq!(others(one, &busy).await, [[campaign]]);
    let mut conn = house.app.db.get().await.unwrap();
    store::leave(&mut conn, two).await.unwrap();
    assert_eq!(others(one, &busy).await, nobody);
    house.sql(&silent(one)).await;
    store::leave(&mut conn, two).await.unwrap();
    assert_eq!(house.number("select count(*) from sender").await, 0);
}
