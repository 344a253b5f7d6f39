//! Messages that one relay cannot deliver, and another can.

use std::time::{Duration, Instant};

use candor::mail::memory::MemoryRelay;
use candor::mail::{Relay, Reply};

use super::route;
use crate::house::House;
use crate::mail::scripted::{Act, Server, serve};
use crate::sending::{NO_BREAKER, Sending, launched};

const PLAIN: &[&str] = &["PIPELINING", "8BITMIME"];
const SMALL: &[&str] = &["PIPELINING", "8BITMIME", "SMTPUTF8", "SIZE 600"];
const MODERN: &[&str] = &["PIPELINING", "8BITMIME", "SMTPUTF8"];

fn relay(name: &str, server: &Server) -> Relay {
    let url = format!("smtp://127.0.0.1:{}", server.port);
    Relay::from_url(name, &url).expect("a relay")
}

fn people(n: usize) -> impl Iterator<Item = String> {
    (0..n).map(|n| match n % 4 {
        0 => format!("\u{3b4}\u{3bf}\u{3ba}\u{3b9}{n}@d{n}.example"),
        _ => format!("p{n}@d{n}.example"),
    })
}

fn named(server: &Server) -> usize {
    let heard = server.heard();
    let named = heard.iter().filter(|word| word.starts_with("RCPT"));
    named.count()
}

async fn bounced(house: &House) -> i64 {
    let bounced =
        "select count(*) from outcome where result = 'refused' and reason = 'needs_smtputf8'";
    house.number(bounced).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_one_relay_cannot_deliver_goes_through_another() {
    for offers in [PLAIN, SMALL] {
        let (house, _) = launched(NO_BREAKER, people(40)).await;
        let lacking = serve(offers, |_, _| Act::Usual).await;
        let able = serve(MODERN, |_, _| Act::Usual).await;
        let routes = vec![
            route(relay("lacking", &lacking), false),
            route(relay("able", &able), false),
        ];
        let sending = Sending::start(&house, routes);
        house.until_idle().await;
        sending.end().await;
        assert_eq!(house.in_state("sent").await, 40, "{offers:?}");
        let texts = lacking.texts().len() + able.texts().len();
        assert_eq!(texts, 40, "each once");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_takes_what_the_relay_in_use_cannot_deliver_and_nothing_else() {
    let (house, _) = launched(NO_BREAKER, people(40)).await;
    let lacking = serve(PLAIN, |_, _| Act::Usual).await;
    let able = serve(MODERN, |_, _| Act::Usual).await;
    let routes = vec![
        route(relay("lacking", &lacking), false),
        route(relay("able", &able), true),
    ];
    let sending = Sending::start(&house, routes);
    house.until_idle().await;
    sending.end().await;
    assert_eq!(house.in_state("sent").await, 40);
    let texts = (lacking.texts().len(), able.texts().len());
    assert_eq!(
        texts,
        (30, 10),
        "named: {}, {}",
        named(&lacking),
        named(&able)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_no_relay_can_deliver_fails_for_good() {
    let (house, _) = launched(NO_BREAKER, people(8)).await;
    let servers = [
        serve(PLAIN, |_, _| Act::Usual).await,
        serve(PLAIN, |_, _| Act::Usual).await,
    ];
    let routes = vec![
        route(relay("one", &servers[0]), false),
        route(relay("other", &servers[1]), false),
    ];
    let sending = Sending::start(&house, routes);
    house.until_idle().await;
    sending.end().await;
    assert_eq!(
        (
            house.in_state("sent").await,
            house.in_state("bounced").await
        ),
        (6, 2)
    );
    assert_eq!(bounced(&house).await, 2);
    let tries = "select max(attempts)::bigint from notice where status = 'bounced'";
    assert_eq!(house.number(tries).await, 2, "each relay was asked once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_takes_what_is_parked_for_its_provider_and_no_turn_is_lost_to_the_other_relay() {
    let settings =
        format!("{NO_BREAKER}\n[providers.slow]\nper_second = 5\ndomains = [\"slow.example\"]");
    // Ten messages of the provider, which only the standby can deliver, and thirty that keep the other relay's
    // connections open.
    let people = (0..40).map(|n| match n % 4 {
        0 => format!("\u{3b4}\u{3bf}\u{3ba}\u{3b9}{n}@slow.example"),
        _ => format!("p{n}@d{n}.example"),
    });
    let (house, _) = launched(&settings, people).await;
    let lacking = serve(PLAIN, |_, _| Act::Usual).await;
    let able = serve(MODERN, |_, _| Act::Usual).await;
    let mut routes = vec![
        route(relay("lacking", &lacking), false),
        route(relay("able", &able), true),
    ];
    routes[0].connections = 8;
    routes[1].connections = 1;
    let begun = Instant::now();
    let sending = Sending::start(&house, routes);
    house.until_idle().await;
    let taken = begun.elapsed();
    sending.end().await;
    assert_eq!(house.in_state("sent").await, 40);
    assert_eq!((lacking.texts().len(), able.texts().len()), (30, 10));
    // Two rounds of turns take some four seconds; if each turn went to the relay that asks first, it would be some
    // twenty.
    assert!(taken < Duration::from_secs(10), "{taken:?}");
}

/// The relay in use lacks a capability for every message, and a standby answers like this.
async fn lacking(
    enhanced: &'static str,
    settings: &str,
    people: usize,
    answer: fn() -> Reply,
) -> (House, Sending) {
    let (house, _) = launched(settings, (0..people).map(|n| format!("p{n}@d{n}.example"))).await;
    let lacks = move || Reply::CannotCarry {
        code: 554,
        enhanced,
        text: "it lacks something".to_owned(),
    };
    house.mail.answer_by(move |_| Some(lacks()));
    let standby = MemoryRelay::new("spare");
    standby.answer_by(move |_| Some(answer()));
    let routes = vec![
        route(Relay::Memory(house.mail.clone()), false),
        route(Relay::Memory(standby), true),
    ];
    let sending = Sending::start(&house, routes);
    (house, sending)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_deferred_by_the_second_relay_waits_as_after_a_first_attempt() {
    let answer = || Reply::heard(450, "4.7.1 greylisted", None);
    let (house, sending) = lacking("5.6.7", NO_BREAKER, 8, answer).await;
    house.until_idle().await;
    sending.end().await;
    assert_eq!(house.in_state("deferred").await, 8);
    // Five minutes, with jitter of a fifth; fifteen is the wait after a second attempt.
    let soon = "select count(*) from outcome where settled and result = 'deferred' \
        and retry_at - at between interval '4 minutes' and interval '6 minutes'";
    assert_eq!(house.number(soon).await, 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_relay_can_deliver_any_message_the_campaign_is_paused_and_the_last_relay_held() {
    let settings = "[breaker]\nwindow = 100\nleast = 5\n[mail]\nbatch = 40";
    let answer = || Reply::CannotCarry {
        code: 554,
        enhanced: "5.6.3",
        text: "this letter needs a relay with 8BITMIME".to_owned(),
    };
    let (house, sending) = lacking("5.6.3", settings, 40, answer).await;
    let paused = "select count(*) from campaign where status = 'paused'";
    house.until("the campaign is paused", paused).await;
    sending.end().await;
    let because = "select count(*) from campaign where status_reason like '%were refused because of us (relay spare)'";
    assert_eq!(house.number(because).await, 1);
    let held = house.app.metrics.held_until.with_label_values(&["spare"]);
    assert!(held.get() > 0);
}
