//! Freezing and settling take locks in one order, and freezing waits for no incident.

use std::time::Duration;

use candor::campaign::CampaignKind;
use candor::delivery::freeze::Freezer;
use candor::delivery::store::unfrozen::lock_next;
use candor::id::CampaignId;
use candor::{incident, person};
use tokio::time::timeout;

use super::freeze::{another, notices};
use crate::house::House;
use crate::people::{Scene, list};

/// Enough people for slices that continue in the next buckets: more than are looked for in all buckets at once.
const PEOPLE: usize = 10_400;

/// Waits until a transaction that has read a table waits for an advisory lock.
async fn until_waits(house: &House) {
    let waits = "select count(*) from pg_stat_activity a join pg_locks l using (pid)
        where not l.granted and l.locktype = 'advisory' and a.pid in (select pid from pg_locks l
            join pg_class c on c.oid = l.relation where c.relnamespace = current_schema()::regnamespace)";
    house.until("a wait for an advisory lock", waits).await;
}

/// A launched campaign with a frozen canary.
async fn begun(house: &House) -> (Scene, CampaignId) {
    let scene = Scene::new(house).await;
    scene.import(house, &list(PEOPLE, "name;ssn")).await;
    let campaign = scene.launched(house, CampaignKind::Initial).await;
    house
        .sql("update campaign_pace set canary = 'passed', canary_left = 0, passed_at = now()")
        .await;
    (scene, campaign)
}

/// As a settler does: with the people of a bucket locked it writes the counters of the campaign.
#[tokio::test(flavor = "multi_thread")]
async fn settling_people_of_a_bucket_does_not_wait_for_a_slice_that_wants_the_same_bucket() {
    let house = House::with("[mail]\nbatch = 1000").await;
    let (scene, campaign) = begun(&house).await;
    let (mut tries, mut app) = (0, house.app.clone());
    // A slice continues in the next bucket if its turn of 150 ms is not over: on a slow machine another slice does.
    let (mut settling, freezing) = loop {
        let next = format!(
            "select coalesce(min(bucket), 0) from campaign_freeze where campaign_id = '{}' and not done",
            campaign.uuid()
        );
        let bucket = i32::try_from(house.number(&next).await).unwrap() + 1;
        let mut settling = house.app.db.begin().await.unwrap();
        person::store::lock(&mut settling, scene.incident, bucket..bucket + 1)
            .await
            .unwrap();
        let freezer = app.clone();
        let freezing = tokio::spawn(async move { Freezer::default().step(&freezer).await });
        let waits = timeout(Duration::from_secs(3), until_waits(&house)).await;
        if waits.is_ok() {
            break (settling, freezing);
        }
        tries += 1;
        assert!(tries < 20, "no slice goes on in a next bucket");
        // The slice may have reached the bucket by now, and waits for this transaction.
        settling.roll_back().await;
        freezing.await.unwrap().unwrap();
        app = house.app.clone();
    };
    let counts = [
        (candor::notice::NoticeStatus::Queued, -1),
        (candor::notice::NoticeStatus::Sent, 1),
    ]
    .into();
    let settled = candor::campaign::store::move_counts(&mut settling, campaign, &counts);
    let settled = timeout(Duration::from_millis(900), settled).await;
    settled.expect("the slice has the counters locked").unwrap();
    settling.commit().await.unwrap();
    assert!(freezing.await.unwrap().unwrap());
    let count = format!(
        "select sum(n) from campaign_count where campaign_id = '{}'",
        campaign.uuid()
    );
    assert_eq!(house.number(&count).await, notices(&house, campaign).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_that_is_changed_holds_up_no_audience_of_another() {
    let house = House::with("[mail]\nbatch = 10").await;
    let first = Scene::new(&house).await;
    let second = another(&house, &first, "second").await;
    let mut campaigns = Vec::new();
    for scene in [&first, &second] {
        scene.import(&house, &list(40, "name;ssn")).await;
        campaigns.push(scene.launched(&house, CampaignKind::Initial).await);
    }
    let raw = house.raw().await;
    raw.batch_execute("begin; select from incident where slug = 'sundmere' for no key update")
        .await
        .unwrap();
    let mut freezer = Freezer::default();
    let all = async { while freezer.step(&house.app).await.unwrap() {} };
    timeout(Duration::from_secs(20), all)
        .await
        .expect("it waits for the incident");
    assert_eq!(notices(&house, campaigns[0]).await, 0);
    assert_eq!(notices(&house, campaigns[1]).await, 40);
    raw.batch_execute("commit").await.unwrap();
    while freezer.step(&house.app).await.unwrap() {}
    assert_eq!(notices(&house, campaigns[0]).await, 40);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_an_incident_waits_for_running_slices_and_senders_begin_no_others() {
    let house = House::with("[mail]\nbatch = 10").await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(40, "name;ssn")).await;
    scene.launched(&house, CampaignKind::Initial).await;
    let begin = async || house.app.db.begin().await.unwrap();
    for alone in [true, false] {
        let mut slice = begin().await;
        assert!(lock_next(&mut slice, None).await.unwrap().is_some());
        let app = house.app.clone();
        let changing = tokio::spawn(async move {
            let mut tx = app.db.begin().await.unwrap();
            incident::store::find(&mut tx, scene.incident)
                .await
                .unwrap();
            match alone {
                true => incident::store::lock(&mut tx, scene.incident)
                    .await
                    .map(drop),
                false => incident::store::lock_scope(&mut tx, scene.incident).await,
            }
            .unwrap();
            tx
        });
        until_waits(&house).await;
        let mut another = begin().await;
        let next = lock_next(&mut another, None).await.unwrap();
        assert!(
            next.is_none(),
            "it would keep the other one waiting: {next:?}"
        );
        another.roll_back().await;
        slice.roll_back().await;
        changing.await.unwrap().commit().await.unwrap();
        let mut slice = begin().await;
        assert!(lock_next(&mut slice, None).await.unwrap().is_some());
        slice.roll_back().await;
    }
}
