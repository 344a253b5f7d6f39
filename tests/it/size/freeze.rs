//! Several campaigns freeze their audiences: in turn, corrections first, small ones in one go.

use std::io::{Cursor, Read};
use std::time::{Duration, Instant};

use candor::campaign::{CampaignKind, UncertainPolicy, launch};
use candor::id::CampaignId;
use candor::incident::{Facts, IncidentState, steer};
use candor::notice::freeze::{self, Freezer};
use candor::scope::consent::Consent;
use candor::scope::import::{self, Source};
use candor::scope::{ScopeMode, activate};
use candor::shutdown::Shutdown;
use candor::worker;

use super::is_full;
use crate::house::House;
use crate::people::{Scene, list, submitted};

/// Another incident with the same people, and a launched campaign.
pub(super) async fn another(house: &House, scene: &Scene, slug: &str) -> Scene {
    let facts = Facts::from([("contact_phone".to_owned(), "555-0142".to_owned())]);
    let app = &house.app;
    let open = steer::open(app, scene.comms, slug, "Another theft", &facts);
    let open = open.await.unwrap();
    let to = IncidentState::Confirmed;
    steer::move_to(app, scene.comms, open.id, open.version, to)
        .await
        .unwrap();
    Scene {
        incident: open.id,
        ..*scene
    }
}

pub(super) async fn notices(house: &House, of: CampaignId) -> i64 {
    let count = format!(
        "select count(*) from notice where campaign_id = '{}'",
        of.uuid()
    );
    house.number(&count).await
}

async fn unfrozen(house: &House, of: CampaignId) -> i64 {
    let count = format!(
        "select count(*) from campaign_freeze where not done and campaign_id = '{}'",
        of.uuid()
    );
    house.number(&count).await
}

/// Its slices end when they are full, on a slow machine too.
fn patient() -> Freezer {
    Freezer::with_turn(Duration::from_secs(600))
}

#[tokio::test(flavor = "multi_thread")]
async fn campaigns_of_a_kind_freeze_a_slice_each_in_turn() {
    let house = House::with("[mail]\nbatch = 10").await;
    let first = Scene::new(&house).await;
    let second = another(&house, &first, "second").await;
    let third = another(&house, &first, "third").await;
    let mut campaigns = Vec::new();
    for scene in [&first, &second, &third] {
        scene.import(&house, &list(200, "name;ssn")).await;
        campaigns.push(scene.launched(&house, CampaignKind::Initial).await);
    }
    let mut freezer = patient();
    for round in 1..=15 {
        for _ in 0..3 {
            assert!(freezer.step(&house.app).await.unwrap());
        }
        for campaign in &campaigns {
            assert_eq!(notices(&house, *campaign).await, round * 10, "{round}");
        }
    }
    while freezer.step(&house.app).await.unwrap() {}
    for campaign in &campaigns {
        assert_eq!(notices(&house, *campaign).await, 200);
        assert_eq!(unfrozen(&house, *campaign).await, 0);
    }
    house.send_all().await;
    assert_eq!(house.mail.take_sent().len(), 600);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slice_ends_with_its_bucket_once_its_turn_is_over() {
    let house = House::with("[mail]\nbatch = 1000").await;
    let scene = Scene::new(&house).await;
    // If the audience is large, no slice reads all buckets at once.
    scene.import(&house, &list(11_000, "name;ssn")).await;
    let campaign = scene.launched(&house, CampaignKind::Initial).await;
    let mut freezer = Freezer::with_turn(Duration::ZERO);
    let buckets = format!(
        "select count(distinct bucket) from notice where campaign_id = '{}'",
        campaign.uuid()
    );
    let mut before = 0;
    for _ in 0..5 {
        assert!(freezer.step(&house.app).await.unwrap());
        let after = house.number(&buckets).await;
        assert!(after <= before + 1, "from {before} to {after} buckets");
        before = after;
    }
    assert!(patient().step(&house.app).await.unwrap());
    let after = house.number(&buckets).await;
    assert!(
        after >= before + 4,
        "a slice goes on until it is full: from {before} to {after} buckets"
    );
}

/// An incident with `people` who were told too much, and an approved correction.
async fn to_be_corrected(house: &House, scene: &Scene, people: usize) -> CampaignId {
    scene.import(house, &list(people, "name;ssn")).await;
    scene.launched(house, CampaignKind::Initial).await;
    house.send_all().await;
    assert_eq!(house.mail.take_sent().len(), people);
    scene.import(house, &list(people, "name")).await;
    let (kind, resend) = (CampaignKind::Correction, UncertainPolicy::Resend);
    let correction = scene.draft(house, kind, resend).await;
    approved(house, scene, correction).await;
    correction
}

async fn approved(house: &House, scene: &Scene, campaign: CampaignId) {
    let hash = submitted(&house.app, scene.comms, campaign).await.unwrap();
    launch::approve(&house.app, scene.approver, campaign, &hash)
        .await
        .unwrap();
}

async fn launched(house: &House, scene: &Scene, campaign: CampaignId) {
    launch::launch(&house.app, scene.comms, campaign)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_is_frozen_before_an_earlier_campaign_of_another_kind_goes_on() {
    let house = House::with("[mail]\nbatch = 10").await;
    let wrong = Scene::new(&house).await;
    let correction = to_be_corrected(&house, &wrong, 35).await;
    let large = another(&house, &wrong, "large").await;
    large.import(&house, &list(300, "name;ssn")).await;
    let earlier = large.launched(&house, CampaignKind::Initial).await;
    let mut freezer = patient();
    assert!(freezer.step(&house.app).await.unwrap());
    launched(&house, &wrong, correction).await;
    while unfrozen(&house, correction).await > 0 {
        assert!(freezer.step(&house.app).await.unwrap());
        assert_eq!(
            notices(&house, earlier).await,
            10,
            "the earlier campaign waits"
        );
    }
    assert_eq!(notices(&house, correction).await, 35);
    assert!(freezer.step(&house.app).await.unwrap());
    assert_eq!(notices(&house, earlier).await, 20, "it goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn small_campaigns_are_frozen_in_one_transaction_each() {
    let campaigns = if is_full() { 120 } else { 6 };
    let house = House::new().await;
    let mut scene = Scene::new(&house).await;
    for n in 0..campaigns {
        if n > 0 {
            scene = another(&house, &scene, &format!("incident-{n}")).await;
        }
        scene.import(&house, &list(100, "name;ssn")).await;
        scene.launched(&house, CampaignKind::Initial).await;
    }
    let (mut transactions, begun) = (0, Instant::now());
    while freeze::step(&house.app).await.unwrap() {
        transactions += 1;
    }
    println!(
        "{campaigns} campaigns of 100 people were frozen in {transactions} transactions, {:?}",
        begun.elapsed()
    );
    assert_eq!(transactions, campaigns);
    let all = house.number("select count(*) from notice").await;
    assert_eq!(all, i64::from(campaigns) * 100);
    house.send_all().await;
    let sent = "select count(*) from notice where status = 'sent'";
    assert_eq!(house.number(sent).await, all);
}

/// A few people of many are in the audience: one transaction reads many buckets.
#[tokio::test(flavor = "multi_thread")]
async fn a_small_audience_of_a_larger_incident_does_not_take_a_transaction_for_each_bucket() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    let mut people = list(12_000, "name;ssn");
    for n in 0..20 {
        let (one, other) = (
            format!("Person {n},en,US-WA"),
            format!("Person {n},en,US-OR"),
        );
        people = people.replacen(&one, &other, 1);
    }
    scene.import(&house, &people).await;
    let audience = serde_json::json!({ "jurisdictions": ["US-OR"] });
    scene
        .launched_to(&house, CampaignKind::Initial, audience)
        .await;
    let (mut transactions, begun) = (0, Instant::now());
    while freeze::step(&house.app).await.unwrap() {
        transactions += 1;
    }
    println!("{transactions} transactions, {:?}", begun.elapsed());
    assert_eq!(house.number("select count(*) from notice").await, 20);
    assert!(transactions <= 32, "{transactions}");
}

/// A list that is generated as it is read.
struct Rows {
    people: u64,
    next: u64,
    row: Cursor<String>,
}

impl Read for Rows {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        let length = self.row.read(to)?;
        if length > 0 || self.next == self.people {
            return Ok(length);
        }
        let n = self.next;
        self.next += 1;
        self.row = Cursor::new(format!("B-{n},big{n}@example.org,Person {n},en,name;ssn\n"));
        self.row.read(to)
    }
}

async fn import_many(house: &House, scene: &Scene, people: u64) {
    let header = "reference,email,name,locale,elements\n".to_owned();
    let rows = Rows {
        people,
        next: 0,
        row: Cursor::new(header),
    };
    let (app, by, of) = (&house.app, scene.comms, scene.incident);
    let imported = import::import(app, by, of, ScopeMode::Full, Source::File(rows), |_| {});
    let version = imported.await.unwrap().version;
    activate::activate(app, by, of, version, Consent::Given)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_launched_during_a_large_campaign_is_sent_within_five_seconds() {
    let (people, wait) = match is_full() {
        true => (2_000_000, Duration::from_secs(1)),
        false => (20_000, Duration::from_millis(200)),
    };
    let house = House::with("[mail]\nbatch = 100").await;
    let wrong = Scene::new(&house).await;
    let correction = to_be_corrected(&house, &wrong, 50).await;
    let many = another(&house, &wrong, "many").await;
    import_many(&house, &many, people).await;
    let (kind, resend) = (CampaignKind::Initial, UncertainPolicy::Resend);
    let large = many.draft(&house, kind, resend).await;
    approved(&house, &many, large).await;

    let shutdown = Shutdown::new();
    worker::start(&house.app, house.routes(8), &shutdown);
    launched(&house, &many, large).await;
    tokio::time::sleep(wait).await;
    launched(&house, &wrong, correction).await;
    let begun = Instant::now();
    let mut others = 0;
    loop {
        let sent = house.mail.take_sent();
        let is_of_it =
            |letter: &candor::mail::Letter| letter.recipient.as_str().starts_with("person");
        if sent.iter().any(is_of_it) {
            break;
        }
        others += sent.len();
        assert!(begun.elapsed() < Duration::from_secs(5), "{others} others");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    println!(
        "the first message of the correction left {:?} after its launch, {} notices of {people} were frozen by then",
        begun.elapsed(),
        notices(&house, large).await
    );
    assert!(unfrozen(&house, large).await > 0, "nothing was in its way");
    shutdown.leave();
    assert!(shutdown.wait(Duration::from_secs(60)).await);
}
