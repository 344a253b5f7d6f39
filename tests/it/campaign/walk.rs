//! Walk (a): from a row of the list to a message to a figure, and what may go wrong on the way.

mod dead_senders;

use std::collections::BTreeMap;
use std::time::Duration;

use candor::account::{account, recount};
use candor::actor::Actor;
use candor::campaign::hold;
use candor::campaign::launch::{self, CampaignError};
use candor::campaign::store::{self, Progress};
use candor::campaign::{CampaignKind, CampaignStatus, UncertainPolicy, content};
use candor::delivery;
use candor::id::CampaignId;
use candor::mail::Reply;
use candor::notice::NoticeStatus;
use candor::seal::to_hex;
use candor::shutdown::Shutdown;
use candor::worker;
use chrono::TimeDelta;

use crate::house::House;
use crate::people::{Scene, list};

async fn progress(house: &House, id: CampaignId) -> Progress {
    store::progress(&mut house.app.db.get().await.unwrap(), id)
        .await
        .unwrap()
}

async fn status(house: &House, id: CampaignId) -> CampaignStatus {
    store::find(&mut house.app.db.get().await.unwrap(), id)
        .await
        .unwrap()
        .status
}

/// Mails by recipient.
fn received(house: &House) -> BTreeMap<String, usize> {
    house
        .mail
        .sent()
        .iter()
        .fold(BTreeMap::new(), |mut all, letter| {
            *all.entry(letter.recipient.as_str().to_owned()).or_default() += 1;
            all
        })
}

fn refused(code: u16, text: &str) -> Reply {
    Reply::heard(code, text, None)
}

#[tokio::test(flavor = "multi_thread")]
async fn p1_everybody_is_told_once_and_the_account_says_so() {
    let house = House::with("[mail]\nbatch = 50").await;
    let scene = Scene::new(&house).await;
    let mut csv = list(300, "name;ssn");
    csv.push_str("R-A,,No Mailbox,en,US-WA,name\n");
    scene.import(&house, &csv).await;
    let campaign = scene.launched(&house, CampaignKind::Initial).await;
    house.send_all().await;

    assert_eq!(status(&house, campaign).await, CampaignStatus::Completed);
    let got = progress(&house, campaign).await;
    assert_eq!(
        (got.of(NoticeStatus::Sent), got.total(), got.frozen),
        (300, 300, true)
    );
    assert_eq!(received(&house).len(), 300);
    assert!(received(&house).values().all(|n| *n == 1));

    let mut conn = house.app.db.get().await.unwrap();
    let counted = account(&mut conn, scene.incident).await.unwrap();
    assert_eq!(
        (counted.people, counted.notified, counted.needs_letter),
        (301, 300, 1)
    );
    assert_eq!((counted.unnotified_elements, counted.unexplained), (0, 0));
    assert_eq!(counted, recount(&mut conn, scene.incident).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn each_reply_leads_to_its_own_state() {
    let house = House::with("[mail]\nbatch = 10").await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(40, "name")).await;
    house
        .mail
        .answer_by(|letter| match letter.recipient.as_str() {
            "person1@example.org" => Some(refused(550, "5.1.1 no such user")),
            "person2@example.org" => Some(refused(451, "4.3.0 try later")),
            _ => None,
        });
    let campaign = scene.launched(&house, CampaignKind::Initial).await;
    house.send_all().await;
    let got = progress(&house, campaign).await;
    assert_eq!(
        (
            got.of(NoticeStatus::Sent),
            got.of(NoticeStatus::Bounced),
            got.of(NoticeStatus::Deferred)
        ),
        (38, 1, 1)
    );
    assert_eq!(status(&house, campaign).await, CampaignStatus::Sending);

    // Only the deferred notice is tried again, when it is due.
    house.mail.take_sent();
    house.mail.answer_by(|_| None);
    house.app.clock.advance(TimeDelta::hours(1));
    house.send_all().await;
    let again: Vec<_> = received(&house).into_keys().collect();
    assert_eq!(again, ["person2@example.org"]);
    assert_eq!(status(&house, campaign).await, CampaignStatus::Completed);
    let mut conn = house.app.db.get().await.unwrap();
    let counted = account(&mut conn, scene.incident).await.unwrap();
    assert_eq!(
        (counted.notified, counted.needs_letter, counted.unexplained),
        (39, 1, 0)
    );
    let bounced = delivery::store::list(&mut conn, campaign, Some(NoticeStatus::Bounced), None, 10)
        .await
        .unwrap();
    let story = delivery::store::outcome::of_notice(&mut conn, bounced[0].id)
        .await
        .unwrap();
    assert_eq!(
        story.last().unwrap().reason.as_deref(),
        Some("user_unknown")
    );
}

/// Changes of what was approved, and how each is undone.
const CHANGES: [(&str, &str); 8] = [
    (
        "incident set facts = '{\"contact_phone\": \"555-0199\"}'",
        "incident set facts = '{\"contact_phone\": \"555-0142\"}'",
    ),
    (
        "incident set title = 'Other'",
        "incident set title = 'Theft of data'",
    ),
    (
        "incident set active_scope = 2",
        "incident set active_scope = 1",
    ),
    (
        "campaign set template_version = 2",
        "campaign set template_version = 1",
    ),
    (
        "campaign set kind = 'correction'",
        "campaign set kind = 'initial'",
    ),
    (
        "campaign set on_uncertain = 'leave'",
        "campaign set on_uncertain = 'resend'",
    ),
    (
        "campaign set kept = audience, audience = jsonb_set(audience, '{jurisdictions}', '[\"US-CA\"]')",
        "campaign set audience = kept",
    ),
    (
        "campaign set kept = limits, limits = '{\"rate_per_second\": 7}'",
        "campaign set limits = kept",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn p5_any_change_after_the_approval_voids_it() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(3, "name")).await;
    let campaign = scene
        .draft(&house, CampaignKind::Initial, UncertainPolicy::Resend)
        .await;
    let hash = launch::submit(&house.app, scene.comms, campaign)
        .await
        .unwrap();
    let mine = launch::approve(&house.app, scene.comms, campaign, &hash).await;
    assert!(matches!(mine, Err(CampaignError::SamePerson)));
    let other = launch::approve(&house.app, scene.approver, campaign, &"0".repeat(64)).await;
    assert!(matches!(other, Err(CampaignError::OtherContent)));
    launch::approve(&house.app, scene.approver, campaign, &hash)
        .await
        .unwrap();
    // Another text for the same campaign, and a list that changes no person but is a new version.
    house
        .sql("insert into template_version select template_id, 2, created_by, created_at, names from template_version;
              insert into template_variant select template_id, 2, locale, subject || '!', body from template_variant")
        .await;
    assert_eq!(scene.import(&house, &list(3, "name")).await, 2);
    house.sql("update incident set active_scope = 1").await;
    for (change, undo) in CHANGES {
        house
            .sql("alter table campaign add column if not exists kept jsonb")
            .await;
        house.sql(&format!("update {change}")).await;
        let launched = launch::launch(&house.app, scene.comms, campaign).await;
        assert!(
            matches!(launched, Err(CampaignError::ApprovalVoid(_))),
            "{change}: {launched:?}"
        );
        house.sql(&format!("update {undo}")).await;
        // The launch was refused for that change alone: with the change undone, the approved content is back.
        let mut conn = house.app.db.get().await.unwrap();
        let found = store::find(&mut conn, campaign).await.unwrap();
        let present = launch::present_content(&house.app, &mut conn, &found)
            .await
            .unwrap();
        assert_eq!(
            to_hex(&content::hash(&present.to_text().unwrap())),
            hash,
            "{undo}"
        );
    }
    house.sql("update incident set active_scope = 2").await;

    // Taken back, submitted and approved again, it can be launched.
    launch::take_back(&house.app, scene.comms, campaign)
        .await
        .unwrap();
    scene.launch(&house, campaign).await;
    house.send_all().await;
    assert_eq!(received(&house).len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn p5_the_database_refuses_an_approval_by_the_author() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(1, "name")).await;
    let campaign = scene
        .draft(&house, CampaignKind::Initial, UncertainPolicy::Resend)
        .await;
    let refused = house
        .raw()
        .await
        .batch_execute(&format!(
            "update campaign set approved_by = created_by, approved_at = now(), approved_hash = '\\x00' where id = '{}'",
            campaign.uuid()
        ))
        .await
        .unwrap_err();
    assert_eq!(
        refused.as_db_error().unwrap().constraint(),
        Some("approved_by_another")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn two_senders_share_a_campaign_without_doubles() {
    let house = House::with("[mail]\nbatch = 20").await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(600, "name")).await;
    let campaign = scene.launched(&house, CampaignKind::Initial).await;
    let shutdown = Shutdown::new();
    for _ in 0..2 {
        worker::start(&house.app, house.routes(6), &shutdown);
    }
    house.until_idle().await;
    shutdown.leave();
    assert!(shutdown.wait(Duration::from_secs(20)).await);
    assert_eq!(received(&house).len(), 600);
    assert!(received(&house).values().all(|n| *n == 1));
    assert_eq!(status(&house, campaign).await, CampaignStatus::Completed);
}

async fn figures_are_of_the_sent(house: &House, scene: &Scene, campaign: CampaignId) {
    let got = progress(house, campaign).await;
    let sent = i64::try_from(house.mail.sent().len()).unwrap();
    assert_eq!(got.of(NoticeStatus::Sent), sent, "{got:?}");
    assert_eq!(
        got.of(NoticeStatus::Sent) + got.of(NoticeStatus::Cancelled),
        got.total(),
        "{got:?}"
    );
    assert!(received(house).values().all(|n| *n == 1));
    let mut conn = house.app.db.get().await.unwrap();
    let counted = account(&mut conn, scene.incident).await.unwrap();
    assert_eq!((counted.notified, counted.unexplained), (sent, 0));
    assert_eq!(counted, recount(&mut conn, scene.incident).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn pause_cancel_and_stop_reach_the_senders() {
    let house = House::with("[mail]\nbatch = 10").await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(400, "name")).await;
    let campaign = scene
        .draft(&house, CampaignKind::Initial, UncertainPolicy::Resend)
        .await;
    house
        .sql("update campaign set limits = '{\"rate_per_second\": 100}'")
        .await;
    scene.launch(&house, campaign).await;
    let shutdown = Shutdown::new();
    worker::start(&house.app, house.routes(4), &shutdown);

    let quiet = async |what: &str| {
        // From two seconds after the command, no message leaves.
        tokio::time::sleep(Duration::from_secs(2)).await;
        let then = house.mail.sent().len();
        tokio::time::sleep(Duration::from_millis(700)).await;
        assert_eq!(house.mail.sent().len(), then, "mail left after {what}");
        then
    };
    while house.mail.sent().len() < 20 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    hold::pause(&house.app, Actor::Staff(scene.comms), campaign, None)
        .await
        .unwrap();
    let paused = quiet("the pause").await;
    hold::resume(&house.app, scene.comms, campaign)
        .await
        .unwrap();
    while house.mail.sent().len() < paused + 10 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    hold::stop_everything(&house.app, Actor::Staff(scene.comms))
        .await
        .unwrap();
    let stopped = quiet("the emergency stop").await;
    assert!(stopped < 400, "too fast to see the stop");
    hold::start_again(&house.app, Actor::Staff(scene.comms))
        .await
        .unwrap();
    hold::cancel(&house.app, scene.comms, campaign)
        .await
        .unwrap();
    quiet("the end").await;
    house.until_idle().await;
    shutdown.leave();
    assert!(shutdown.wait(Duration::from_secs(20)).await);

    figures_are_of_the_sent(&house, &scene, campaign).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p2_a_supplement_goes_to_exactly_those_who_were_told_too_little() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(10, "name")).await;
    scene.launched(&house, CampaignKind::Initial).await;
    house.send_all().await;
    house.mail.take_sent();

    let mut csv = list(6, "name").replace(
        "R-00002,person2@example.org,Person 2,en,US-WA,name",
        "R-00002,person2@example.org,Person 2,en,US-WA,name;phone",
    );
    csv.push_str("R-NEW,new@example.org,New,en,US-WA,name;ssn\n");
    for i in 6..10 {
        csv.push_str(&format!(
            "R-{i:05},person{i}@example.org,Person {i},en,US-WA,name\n"
        ));
    }
    scene.import(&house, &csv).await;
    let mut conn = house.app.db.get().await.unwrap();
    let grown = account(&mut conn, scene.incident).await.unwrap();
    assert_eq!(
        (grown.people, grown.unnotified_elements, grown.unexplained),
        (11, 1, 0)
    );
    drop(conn);
    scene.launched(&house, CampaignKind::Supplement).await;
    house.send_all().await;
    let told: Vec<_> = received(&house).into_keys().collect();
    assert_eq!(told, ["person2@example.org"]);
    // A person who was told nothing gets the first notice, not a supplement.
    house.mail.take_sent();
    scene.launched(&house, CampaignKind::Initial).await;
    house.send_all().await;
    let told: Vec<_> = received(&house).into_keys().collect();
    assert_eq!(told, ["new@example.org"]);
    let mut conn = house.app.db.get().await.unwrap();
    let whole = account(&mut conn, scene.incident).await.unwrap();
    assert_eq!(
        (whole.notified, whole.unnotified_elements, whole.unexplained),
        (11, 0, 0)
    );
}
