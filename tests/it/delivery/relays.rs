//! Notices and messages on their way out: which relay takes which, what may still go to a slow relay, what a bounce
//! means for the address.

mod carried;
mod late;
mod load;
mod lost;
mod ruled_out_addresses;
mod standby;

use candor::mail::Relay;
use candor::worker::Route;

fn route(relay: Relay, standby: bool) -> Route {
    Route {
        relay,
        connections: 2,
        rate_per_second: 0,
        standby,
    }
}
