//! Senders that work in the test's own process, and their relays.

use std::time::Duration;

use candor::campaign::CampaignKind;
use candor::mail::Relay;
use candor::shutdown::Shutdown;
use candor::worker::{self, Route};

use crate::house::House;
use crate::people::Scene;

/// Settings that switch off the breaker, which would pause campaigns with many refusals.
pub const NO_BREAKER: &str = "[breaker]\nwindow = 1000\nleast = 1000";

/// A list of people with these e-mail addresses.
pub fn csv(people: impl IntoIterator<Item = String>) -> String {
    let mut csv = "reference,email,name,locale,jurisdiction,elements\n".to_owned();
    for (n, address) in people.into_iter().enumerate() {
        csv.push_str(&format!("R-{n:05},{address},Person {n},en,US-WA,name\n"));
    }
    csv
}

/// A launched first notice to these addresses, its audience frozen.
pub async fn launched(settings: &str, people: impl IntoIterator<Item = String>) -> (House, Scene) {
    let house = House::with(settings).await;
    let scene = Scene::new(&house).await;
    scene.import(&house, &csv(people)).await;
    scene.launched(&house, CampaignKind::Initial).await;
    house.freeze_all().await;
    (house, scene)
}

/// A relay called `relay`, by its URL, without a limit of its own.
pub fn route(url: &str, connections: usize) -> Route {
    Route {
        relay: Relay::from_url("relay", url).expect("a relay"),
        connections,
        rate_per_second: 0,
        standby: false,
    }
}

/// The same for a mail server on this port of 127.0.0.1.
pub fn local(port: u16, connections: usize) -> Route {
    route(&format!("smtp://127.0.0.1:{port}"), connections)
}

/// Senders at work until [`Sending::end`]. If dropped without it, they work until the test ends.
pub struct Sending(pub Shutdown);

impl Sending {
    /// Starts the senders of a house.
    pub fn start(house: &House, routes: Vec<Route>) -> Self {
        let shutdown = Shutdown::new();
        worker::start(&house.app, routes, &shutdown);
        Self(shutdown)
    }

    /// Lets them finish their work, and waits for them.
    pub async fn end(self) {
        self.0.leave();
        self.wait().await;
    }

    /// Ends them at once, with messages on their connections.
    pub async fn drop_all(self) {
        self.0.leave();
        self.0.hard().cancel();
        self.wait().await;
    }

    async fn wait(&self) {
        let left = self.0.wait(Duration::from_secs(20)).await;
        assert!(left, "the senders did not leave");
    }
}
