//! A campaign to few people.

use candor::campaign::CampaignKind;
use candor::notice::freeze;

use crate::house::House;
use crate::people::{Scene, list};

#[tokio::test(flavor = "multi_thread")]
async fn the_audience_of_a_campaign_to_few_people_takes_as_few_transactions() {
    let house = House::new().await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &list(3, "name;ssn")).await;
    scene.launched(&house, CampaignKind::Initial).await;
    let mut transactions = 0;
    while freeze::step(&house.app).await.unwrap() {
        transactions += 1;
    }
    // One statement for each bucket with people, and the first, which finds those buckets.
    assert!(transactions <= 4, "{transactions}");
    assert_eq!(house.number("select count(*) from notice").await, 3);
    let frozen = "select count(*) from campaign_freeze where done";
    assert_eq!(house.number(frozen).await, 64);
    house.send_all().await;
    assert_eq!(house.mail.take_sent().len(), 3);
    let completed = "select count(*) from campaign where status = 'completed'";
    assert_eq!(house.number(completed).await, 1);
}
