//! Letters that one relay cannot carry, and another can.

use candor::mail::Relay;

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
async fn a_letter_that_one_relay_cannot_carry_goes_by_another() {
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
async fn a_standby_takes_what_the_relay_in_use_cannot_carry_and_nothing_else() {
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
async fn what_no_relay_can_carry_is_final() {
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
