//! What a campaign's batches wait for: the sender that has them, since when it is at work, and how often the page reads
//! it.

use std::time::{Duration, Instant};

use candor::campaign::CampaignKind;
use candor::campaign::store::{self, Waits};
use candor::notice::freeze;
use candor::web::console::speed::LastWaits;

use crate::house::House;
use crate::people::{Scene, list};
use crate::sending::Sending;

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_says_when_it_began_after_its_row_was_deleted() {
    let house = House::new().await;
    let sending = Sending::start(&house, house.routes(1));
    house.until("a sender", "select count(*) from sender").await;
    // Another sender that starts or stops deletes the rows of silent senders.
    house
        .sql("select pg_sleep(1); create table cut as select now() as at from sender; delete from sender")
        .await;
    house.until("a sender", "select count(*) from sender").await;
    let began = "select count(*) from sender, cut where sender.began_at < cut.at";
    let before = house.number(began).await;
    sending.end().await;
    assert_eq!(before, 1, "it was at work before");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_batches_wait_for_is_read_once_in_five_seconds() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(3, "name")).await;
    let campaign = scene.launched(&house, CampaignKind::Initial).await;
    while freeze::step(&house.app).await.unwrap() {}
    let mut conn = house.app.db.get().await.unwrap();
    let lease = house.app.config.mail.lease_seconds;
    let begun = Instant::now();
    let mut last = LastWaits::default();
    let mut at = async |seconds| {
        let now = begun + Duration::from_secs(seconds);
        last.get(&mut conn, (campaign, lease), now).await.unwrap()
    };
    assert_eq!(at(0).await, Waits::default());
    house
        .sql("update batch set status = 'leased', leased_by = 'gone', lease_until = now() + interval '1 second'")
        .await;
    assert_eq!(at(4).await, Waits::default(), "as it was read");
    assert_eq!(at(5).await.silent, 3, "read again");
    house
        .sql("update batch set status = 'ready', leased_by = null, lease_until = null")
        .await;
    assert_eq!(at(9).await.silent, 3);
    assert_eq!(at(10).await, Waits::default());
    let now = store::waits(&mut conn, campaign, lease).await.unwrap();
    assert_eq!(now, Waits::default());
}
