//! Notices and messages on their way out: which relay takes which, what may still go to a slow relay, what a bounce
//! means for the address.

mod carried;
mod late;
mod load;
mod lost;
mod ruled_out_addresses;
mod standby;

use std::time::Duration;

use candor::mail::Relay;
use candor::worker::Route;

use crate::house::House;

fn route(relay: Relay, standby: bool) -> Route {
    Route {
        relay,
        connections: 2,
        rate_per_second: 0,
        standby,
    }
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
