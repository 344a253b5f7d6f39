//! Notices and letters on their way out: which relay takes what, what a slow relay may still be sent, what a bounce means
//! for the address.

mod carried;
mod condemned;
mod late;
mod load;
mod lost;
mod standby;

use std::time::Duration;

use candor::campaign::CampaignKind;
use candor::mail::Relay;
use candor::worker::Route;

use crate::house::House;
use crate::people::Scene;
use crate::sending::Sending;

/// The breaker judges campaigns with many refusals, and is not what is tried here.
const SETTINGS: &str = "[breaker]\nwindow = 1000\nleast = 1000";

fn csv(people: impl IntoIterator<Item = String>) -> String {
    let mut csv = "reference,email,name,locale,jurisdiction,elements\n".to_owned();
    for (n, address) in people.into_iter().enumerate() {
        csv.push_str(&format!("R-{n:05},{address},Person {n},en,US-WA,name\n"));
    }
    csv
}

/// A launched first notice to these addresses, its audience frozen.
async fn launched(settings: &str, people: impl IntoIterator<Item = String>) -> (House, Scene) {
    let house = House::with(settings).await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &csv(people)).await;
    scene.launched(&house, CampaignKind::Initial).await;
    while candor::notice::freeze::step(&house.app).await.unwrap() {}
    (house, scene)
}

fn route(relay: Relay, standby: bool) -> Route {
    Route {
        relay,
        connections: 2,
        rate_per_second: 0,
        standby,
    }
}

async fn in_state(house: &House, status: &str) -> i64 {
    let sql = format!("select count(*) from notice where status = '{status}'");
    house.number(&sql).await
}

/// Waits for a number by SQL to be more than zero.
async fn until(house: &House, what: &str, sql: &str) {
    for _ in 0..1_500 {
        if house.number(sql).await > 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("not within thirty seconds: {what}");
}
