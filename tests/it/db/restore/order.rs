//! A sender settles its leased batches while an operator decides about a copy: neither blocks the other for ever.

use candor::actor::{Actor, System};
use candor::campaign::CampaignKind;
use candor::delivery::freeze;
use candor::deployment::Why;
use candor::deployment::watch::suspect;
use candor::recovery::departed::Choice;
use candor::recovery::restored::decide;
use candor::scope::ScopeMode;

use crate::house::House;
use crate::people::{Scene, list};
use crate::sessions::{holder, until_waiting};

const WHO: Actor = Actor::System(System::Cli);

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_that_settles_and_a_decision_about_a_copy_lock_in_one_order() {
    let house = House::with("[database]\nlock_seconds = 30").await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(30, "name;ssn")).await;
    let first = scene.launched(&house, CampaignKind::Initial).await;
    while freeze::step(&house.app).await.unwrap() {}
    // A second campaign of the incident with an audience that is not frozen: a decision freezes it, and locks its
    // people.
    let more = list(60, "name;ssn");
    scene.take(&house, ScopeMode::Full, &more).await;
    let second = scene.launched(&house, CampaignKind::Initial).await;
    suspect(&house.app, WHO, &[Why::Declared]).await.unwrap();

    // The writes of `delivery::settle`, in order; a deadlock ends the other transaction.
    let (raw, pid) = holder(&house).await;
    let first = first.uuid();
    let batch = format!(
        "update batch b set ends = b.ends from (select bucket, batch_no from batch
            where campaign_id = '{first}' order by bucket desc, batch_no desc limit 1) last
         where b.campaign_id = '{first}' and b.bucket = last.bucket and b.batch_no = last.batch_no"
    );
    raw.batch_execute(&batch).await.unwrap();
    let app = house.app.clone();
    let decided = tokio::spawn(async move { decide(&app, WHO, &Choice::Unknown, None).await });
    until_waiting(&house, pid, 1).await;
    let people = scene.incident.uuid().as_u64_pair().1.rotate_left(32);
    let end = first.as_u64_pair().1.cast_signed();
    let last = 63;
    let key = people.wrapping_add(last).cast_signed();
    let rest = format!(
        "set lock_timeout = '5s';
         select pg_advisory_xact_lock({key});
         update campaign_count set n = n where campaign_id = '{first}';
         select pg_advisory_xact_lock({end});
         select from campaign where id = '{first}' for no key update;
         commit"
    );
    raw.batch_execute(&rest)
        .await
        .expect("the sender waits for no one");
    let restored = decided.await.unwrap().expect("the decision is made");
    assert_eq!(restored.campaigns, 2);
    assert!(restored.frozen > 0, "{restored:?}");
    let frozen = format!(
        "select count(*) from campaign_freeze where campaign_id = '{}' and not done",
        second.uuid()
    );
    assert_eq!(house.number(&frozen).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_locks_the_pace_of_a_campaign_before_its_people_as_freezing_does() {
    let house = House::with("[database]\nlock_seconds = 30").await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(30, "name;ssn")).await;
    let campaign = scene.launched(&house, CampaignKind::Initial).await.uuid();
    let whole = format!(
        "update campaign_pace set canary = 'running', canary_left = 5 where campaign_id = '{campaign}'"
    );
    house.sql(&whole).await;
    suspect(&house.app, WHO, &[Why::Declared]).await.unwrap();
    let (raw, pid) = holder(&house).await;
    let pace = format!("select from campaign_pace where campaign_id = '{campaign}' for update");
    raw.batch_execute(&pace).await.unwrap();
    let app = house.app.clone();
    let decided = tokio::spawn(async move { decide(&app, WHO, &Choice::Unknown, None).await });
    until_waiting(&house, pid, 1).await;
    let people = scene.incident.uuid().as_u64_pair().1.rotate_left(32);
    let rest = format!(
        "set lock_timeout = '5s'; select pg_advisory_xact_lock({}); commit",
        people.cast_signed()
    );
    raw.batch_execute(&rest)
        .await
        .expect("freezing waits for no one");
    let restored = decided.await.unwrap().expect("the decision is made");
    assert_eq!((restored.campaigns, restored.frozen), (1, 30));
}
