//! What a campaign's batches wait for: who has them, since when that sender is at work, and how often it is read.

use std::time::{Duration, Instant};

use candor::campaign::CampaignKind;
use candor::campaign::store::{self, Waits};
use candor::delivery::freeze;
use candor::web::console::speed::LastWaits;

use crate::house::House;
use crate::people::{Scene, list};
use crate::sending::Sending;

async fn until_a_sender_is_seen(house: &House) {
    for _ in 0..1_000 {
        if house.number("select count(*) from sender").await == 1 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("no sender within twenty seconds");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_whose_row_was_deleted_while_it_was_cut_off_says_when_it_began() {
    let house = House::new().await;
    let sending = Sending::start(&house, house.routes(1));
    until_a_sender_is_seen(&house).await;
    // Another sender that starts or leaves deletes the rows of those that are silent.
    house
        .sql("select pg_sleep(1); create table cut as select now() as at from sender; delete from sender")
        .await;
    until_a_sender_is_seen(&house).await;
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
