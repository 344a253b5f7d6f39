//! A provider that the relay in use holds, and a second relay that does not accept its mail.

use candor::mail::memory::MemoryRelay;
use candor::mail::{Relay, Reply};
use chrono::TimeDelta;

use super::route;
use crate::sending::{NO_BREAKER, Sending, launched};

fn refuses_a(relay: &MemoryRelay) {
    relay.answer_by(|letter| {
        let is_a = letter.recipient.domain() == "a.example";
        is_a.then(|| Reply::heard(554, "5.7.1 blocked using dnsbl.example", None))
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_that_is_not_needed_does_not_keep_a_held_providers_notices_waiting() {
    // More than a queue has room for: the others are behind them.
    let settings = format!("{NO_BREAKER}\n[mail]\nbatch = 20");
    let people = (0..200).map(|n| match n % 5 {
        0 | 1 => format!("p{n}@a.example"),
        _ => format!("p{n}@d{n}.example"),
    });
    let (house, _) = launched(&settings, people).await;
    refuses_a(&house.mail);
    let spare = MemoryRelay::new("spare");
    let routes = vec![
        route(Relay::Memory(house.mail.clone()), false),
        route(Relay::Memory(spare.clone()), true),
    ];
    let sending = Sending::start(&house, routes);
    house.until_idle().await;
    assert_eq!(
        (
            house.in_state("sent").await,
            house.in_state("deferred").await
        ),
        (120, 80)
    );
    assert_eq!(spare.sent().len(), 0, "it is a standby");
    let tried = "select count(*) from outcome where settled and result = 'deferred'";
    assert!(house.number(tried).await < 40, "the provider was held");
    // Once the hold is over they are sent.
    house.mail.answer_by(|_| None);
    sending.end().await;
    house.app.clock.advance(TimeDelta::hours(2));
    house.send_all().await;
    assert_eq!(house.in_state("sent").await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_is_away_does_not_keep_a_held_providers_notices_waiting() {
    let settings = format!("{NO_BREAKER}\n[mail]\nbatch = 20\naway_seconds = 600");
    let people = (0..200).map(|n| match n % 5 {
        0 | 1 => format!("p{n}@a.example"),
        _ => format!("p{n}@d{n}.example"),
    });
    let (house, _) = launched(&settings, people).await;
    refuses_a(&house.mail);
    let away = MemoryRelay::new("away");
    away.set_away(true);
    let routes = vec![
        route(Relay::Memory(house.mail.clone()), false),
        route(Relay::Memory(away), false),
    ];
    let sending = Sending::start(&house, routes);
    house.until_idle().await;
    sending.end().await;
    assert_eq!(
        (
            house.in_state("sent").await,
            house.in_state("deferred").await
        ),
        (120, 80)
    );
}
