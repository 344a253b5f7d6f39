//! Which notices are held after a refusal, and what a relay that is away costs.

use std::time::{Duration, Instant};

use candor::campaign::ability::RelaySeen;
use candor::campaign::store;
use candor::mail::Reply;
use chrono::TimeDelta;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::timeout;

use super::server::Server;
use crate::house::House;
use crate::mail::scripted::{Act, serve};
use crate::sending::{NO_BREAKER, Sending, launched, local, route};

async fn seen(house: &House) -> Vec<RelaySeen> {
    let mut conn = house.app.db.get().await.unwrap();
    store::relays(&mut conn).await.unwrap()
}

/// Refuses recipients at these domains with these words.
fn refuse(
    house: &House,
    domain: impl Fn(&str) -> bool + Send + 'static,
    code: u16,
    words: &'static str,
) {
    house.mail.answer_by(move |letter| {
        domain(letter.recipient.domain()).then(|| Reply::heard(code, words, None))
    });
}

async fn attempts(house: &House) -> i64 {
    house
        .number("select count(*) from outcome where settled")
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn one_mailbox_that_refuses_us_holds_no_other() {
    let people = (0..60).map(|n| match n {
        7 => "spiteful@own.example".to_owned(),
        n => format!("p{n}@d{}.example", n % 6),
    });
    let (house, _) = launched(NO_BREAKER, people).await;
    refuse(
        &house,
        |domain| domain == "own.example",
        550,
        "5.7.1 blocked by policy",
    );
    house.send_all().await;
    assert_eq!(
        (
            house.in_state("sent").await,
            house.in_state("deferred").await
        ),
        (59, 1)
    );
    assert_eq!(
        attempts(&house).await,
        60,
        "nothing waited, nothing was tried twice"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_at_one_provider_hold_it_and_mail_to_others_goes_on() {
    for (code, words) in [
        (550, "5.7.1 blocked using dnsbl.example"),
        (554, "das wird nichts, Nr. 4711"),
    ] {
        let people = (0..120).map(|n| match n % 2 {
            0 => format!("p{n}@bad.example"),
            _ => format!("p{n}@good{}.example", n % 7),
        });
        let settings = "[providers.grumpy]\nper_second = 0\ndomains = [\"bad.example\"]\n"
            .to_owned()
            + NO_BREAKER;
        let (house, _) = launched(&settings, people).await;
        refuse(&house, |domain| domain == "bad.example", code, words);
        let sending = Sending::start(&house, house.routes(4));
        house.until_idle().await;
        assert_eq!(
            (
                house.in_state("sent").await,
                house.in_state("deferred").await
            ),
            (60, 60)
        );
        // Only those that were on connections when the fifth was refused.
        let refused = attempts(&house).await - 60;
        assert!(
            (5..=5 + 2 * 4).contains(&refused),
            "{refused} of 60 were tried"
        );
        let until = Instant::now() + Duration::from_secs(10);
        loop {
            let relays = seen(&house).await;
            let held = relays.iter().flat_map(|relay| &relay.providers).next();
            if let Some(held) = held {
                assert_eq!(held.name.as_deref(), Some("grumpy"));
                assert!(relays[0].held_until.is_none(), "{relays:?}");
                break;
            }
            assert!(Instant::now() < until, "{relays:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        sending.end().await;
        // Once the server accepts, every person gets their notice: nothing was final, and those who were not tried are
        // not behind.
        house.mail.answer_by(|_| None);
        house.app.clock.advance(TimeDelta::minutes(40));
        house.send_all().await;
        assert_eq!(house.in_state("sent").await, 120);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_providers_name_is_not_kept() {
    let people = (0..20).map(|n| format!("p{n}@family-smith.example"));
    let (house, _) = launched(NO_BREAKER, people).await;
    refuse(&house, |_| true, 550, "5.7.1 blocked");
    let sending = Sending::start(&house, house.routes(2));
    house.until_idle().await;
    let until = Instant::now() + Duration::from_secs(10);
    while seen(&house)
        .await
        .iter()
        .all(|relay| relay.providers.is_empty())
    {
        assert!(Instant::now() < until);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let named = "select count(*) from sender where relays::text like '%smith%'";
    assert_eq!(house.number(named).await, 0, "a domain may be one person's");
    assert!(seen(&house).await[0].providers[0].name.is_none());
    sending.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_at_several_providers_hold_the_relay() {
    let people = (0..200).map(|n| format!("p{n}@d{}.example", n % 20));
    let (house, _) = launched(NO_BREAKER, people).await;
    refuse(&house, |_| true, 554, "5.7.1 relay access denied");
    let sending = Sending::start(&house, house.routes(4));
    let until = Instant::now() + Duration::from_secs(20);
    while seen(&house)
        .await
        .iter()
        .all(|relay| relay.held_until.is_none())
    {
        assert!(Instant::now() < until, "{:?}", seen(&house).await);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(seen(&house).await[0].why.as_deref(), Some("not_permitted"));
    let tried = attempts(&house).await;
    assert!((5..=20).contains(&tried), "{tried} of 200 were tried");
    sending.end().await;
    assert_eq!(house.in_state("bounced").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_messages_of_a_relay_that_falls_silent_go_through_another_one() {
    // The server accepts connections and says nothing more once a recipient is named.
    let silent = serve(&["PIPELINING"], |_, at| match at {
        "CONNECT" | "EHLO" => Act::Usual,
        _ => Act::Silence,
    })
    .await;
    let (house, _) = launched(NO_BREAKER, (0..60).map(|n| format!("p{n}@home.example"))).await;
    let begun = Instant::now();
    let routes = vec![local(silent.port, 4), house.routes(1).remove(0)];
    let sending = Sending::start(&house, routes);
    house.until_idle().await;
    let taken = begun.elapsed();
    sending.end().await;
    assert_eq!(
        (house.mail.sent().len(), house.in_state("sent").await),
        (60, 60)
    );
    println!("60 messages while a second relay fell silent with 4 of them: {taken:?}");
    assert!(taken < Duration::from_secs(25), "{taken:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_behind_a_slow_answer_goes_by_another_relay() {
    // The server accepts a text and never answers: it is unknown whether that message was delivered, but the next was
    // only named.
    let silent = serve(&["PIPELINING"], |_, at| match at {
        "TEXT" => Act::Silence,
        _ => Act::Usual,
    })
    .await;
    let (house, _) = launched(NO_BREAKER, (0..60).map(|n| format!("p{n}@home.example"))).await;
    let routes = vec![local(silent.port, 2), house.routes(1).remove(0)];
    let begun = Instant::now();
    let sending = Sending::start(&house, routes);
    while house.mail.sent().len() < 58 {
        assert!(
            begun.elapsed() < Duration::from_secs(25),
            "{} of 58",
            house.mail.sent().len()
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(silent.texts().len(), 2, "one on each of its connections");
    sending.drop_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_takes_no_more_connections_is_not_away() {
    let server = serve(&["PIPELINING"], |number, at| match at {
        "CONNECT" if number > 2 => Act::Farewell("421 4.3.2 too many connections"),
        _ => Act::Usual,
    })
    .await;
    let (house, _) = launched(NO_BREAKER, (0..200).map(|n| format!("p{n}@home.example"))).await;
    let begun = Instant::now();
    let sending = Sending::start(&house, vec![local(server.port, 8)]);
    house.until_idle().await;
    assert!(
        begun.elapsed() < Duration::from_secs(20),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(
        (server.texts().len(), house.in_state("sent").await),
        (200, 200)
    );
    sending.end().await;
}

/// A listener that drops further connections silently, since its queue is full.
async fn dead_address() -> (TcpListener, Vec<TcpStream>) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let dead = socket.listen(1).unwrap();
    let at = dead.local_addr().unwrap();
    let mut full = Vec::new();
    while let Ok(Ok(tcp)) = timeout(Duration::from_millis(200), TcpStream::connect(at)).await {
        full.push(tcp);
        assert!(full.len() < 50, "the queue does not fill");
    }
    (dead, full)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_whose_first_address_drops_packets_is_reached_within_seconds() {
    let (dead, _full) = dead_address().await;
    let port = dead.local_addr().unwrap().port();
    let alive = TcpListener::bind(("127.0.0.2", port)).await.unwrap();
    let server = Server::at(alive);
    let (house, _) = launched(NO_BREAKER, (0..40).map(|n| format!("p{n}@home.example"))).await;
    let url = format!("smtp://relay.test:{port}?address=127.0.0.1&address=127.0.0.2");
    let begun = Instant::now();
    let sending = Sending::start(&house, vec![route(&url, 8)]);
    server.until_accepted("p", 1).await;
    let first = begun.elapsed();
    println!("first message by the second address after {first:?}");
    assert!(first < Duration::from_secs(5), "{first:?}");
    house.until_idle().await;
    sending.end().await;
    assert_eq!((server.named(), house.in_state("sent").await), (40, 40));
}
