//! Messages of tickets go by the relay state, the rates and the policy of notices.

use std::time::{Duration, Instant};

use candor::actor::Actor;
use candor::campaign::hold;
use candor::id::CampaignId;
use candor::mail::Relay;
use candor::person::find::{Clue, find};
use candor::ticket::intake;
use candor::worker::Route;
use chrono::TimeDelta;

use crate::house::House;
use crate::mail::scripted::{Act, Server, serve};
use crate::people::Scene;
use crate::sending::{NO_BREAKER, Sending, csv, launched};

const OFFERS: &[&str] = &["PIPELINING", "8BITMIME", "SMTPUTF8"];
const BLOCKED: &str = "554 5.7.1 Service unavailable; client host blocked using dnsbl.example";
const QUEUED: &str = "select count(*) from outbox where status = 'queued'";
const SENT: &str = "select count(*) from outbox where status = 'sent'";

fn route(name: &str, server: &Server, connections: usize, standby: bool) -> Route {
    let url = format!("smtp://127.0.0.1:{}", server.port);
    Route {
        relay: Relay::from_url(name, &url).expect("a relay"),
        connections,
        rate_per_second: 0,
        standby,
    }
}

/// A server that refuses every recipient in these words, and the text that follows.
fn refuses(words: &'static str) -> impl FnMut(usize, &str) -> Act + Send + 'static {
    move |_, at| match at {
        "RCPT" => Act::Say(words),
        "DATA" => Act::Say("503 5.5.1 no valid recipients"),
        _ => Act::Usual,
    }
}

/// A house with people at these addresses and no campaign.
async fn house(people: &[&str]) -> (House, Scene) {
    let house = House::with(NO_BREAKER).await;
    let scene = Scene::new(&house).await;
    let people = people.iter().map(|address| (*address).to_owned());
    scene.import(&house, &csv(people)).await;
    (house, scene)
}

/// Person `n` of the list asks; the outbox has their receipt.
async fn asks(house: &House, scene: &Scene, n: usize) {
    let clue = Clue::Reference(format!("R-{n:05}"));
    let found = find(&house.app, scene.incident, &clue).await.unwrap();
    intake::ask(&house.app, scene.incident, found[0].id, "", "Hello?")
        .await
        .unwrap();
}

/// A relay is held for this reason, as its sender publishes it.
async fn until_held(house: &House, relay: &str, why: &str) {
    let held = format!(
        "select count(*) from sender, jsonb_array_elements(relays) r \
         where r ->> 'name' = '{relay}' and r ->> 'why' = '{why}'"
    );
    house.until("the relay is held", &held).await;
}

const FIVE: [&str; 5] = [
    "a@a.example",
    "b@b.example",
    "c@c.example",
    "d@a.example",
    "e@b.example",
];

#[tokio::test(flavor = "multi_thread")]
async fn l8_a_relay_that_refuses_us_is_held_and_the_answers_leave_once_by_the_standby() {
    let (house, scene) = house(&FIVE).await;
    for n in 0..5 {
        asks(&house, &scene, n).await;
    }
    let (bad, spare) = (
        serve(OFFERS, refuses(BLOCKED)).await,
        serve(OFFERS, |_, _| Act::Usual).await,
    );
    let routes = vec![
        route("main", &bad, 2, false),
        route("spare", &spare, 2, true),
    ];
    let sending = Sending::start(&house, routes);
    until_held(&house, "main", "blocked").await;
    assert_eq!(house.number(QUEUED).await, 5, "no answer is lost");
    assert_eq!(
        spare.texts().len(),
        0,
        "a refusal is tried again after two minutes"
    );
    house.app.clock.advance(TimeDelta::minutes(3));
    house
        .until("the standby took them", &format!("select ({SENT}) / 5"))
        .await;
    sending.end().await;
    assert_eq!((bad.texts().len(), spare.texts().len()), (0, 5));
    let tried = bad.heard();
    let tried = tried.iter().filter(|command| command.starts_with("RCPT"));
    assert_eq!(tried.count(), 5, "the held relay was not asked again");
    let condemned = "select count(*) from person_now where not reachable or not has_address";
    assert_eq!(house.number(condemned).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn l8_without_another_relay_refused_answers_wait_and_leave_once_after_the_hold() {
    let (house, scene) = house(&FIVE).await;
    for n in 0..5 {
        asks(&house, &scene, n).await;
    }
    let bad = serve(OFFERS, refuses(BLOCKED)).await;
    let sending = Sending::start(&house, vec![route("main", &bad, 2, false)]);
    until_held(&house, "main", "blocked").await;
    // They are due again, and the relay is held: nothing is claimed.
    house.app.clock.advance(TimeDelta::minutes(3));
    let free = "select count(*) from outbox where status = 'queued' and lease_until is null";
    sending.end().await;
    assert_eq!(house.number(free).await, 5);
    let tried = bad.heard();
    let tried = tried.iter().filter(|command| command.starts_with("RCPT"));
    assert_eq!(tried.count(), 5);
    // A hold lasts for half an hour of the sender's own clock; a new sender has none.
    let good = serve(OFFERS, |_, _| Act::Usual).await;
    house
        .send_through(vec![route("main", &good, 2, false)])
        .await;
    assert_eq!((house.number(SENT).await, good.texts().len()), (5, 5));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_of_the_address_bounces_the_answer_and_holds_nothing() {
    let (house, scene) = house(&FIVE).await;
    for n in 0..5 {
        asks(&house, &scene, n).await;
    }
    let server = serve(OFFERS, refuses("550 5.1.1 no such user")).await;
    let sending = Sending::start(&house, vec![route("main", &server, 2, false)]);
    let failed =
        "select count(*) / 5 from outbox where status = 'failed' and reason = 'user_unknown'";
    house.until("each failed", failed).await;
    let held =
        "select count(*) from sender, jsonb_array_elements(relays) r where r ->> 'why' is not null";
    assert_eq!(house.number(held).await, 0);
    sending.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_counts_notices_and_answers_in_one_rate_and_answers_go_first() {
    let people = (0..60).map(|n| format!("p{n}@d{n}.example"));
    let (house, scene) = launched(NO_BREAKER, people).await;
    let server = serve(OFFERS, |_, _| Act::Usual).await;
    let mut only = route("main", &server, 20, false);
    only.rate_per_second = 20;
    let begun = Instant::now();
    let sending = Sending::start(&house, vec![only]);
    house
        .until(
            "the campaign is under way",
            "select count(*) from outcome where settled",
        )
        .await;
    for n in 0..5 {
        asks(&house, &scene, n).await;
    }
    let asked = server.texts().len();
    house.until_idle().await;
    // 65 messages, one every 50 ms.
    assert!(begun.elapsed() >= Duration::from_millis(50 * 64));
    sending.end().await;
    let texts = server.texts();
    assert_eq!(texts.len(), 65);
    let ids = house.raw().await;
    let ids = ids.query("select id from outbox", &[]).await.unwrap();
    let ids = ids
        .iter()
        .map(|row| row.get::<_, uuid::Uuid>(0).simple().to_string());
    let ids: Vec<String> = ids.collect();
    let is_answer = |text: &String| ids.iter().any(|id| text.contains(id));
    let last = texts.iter().rposition(is_answer).expect("an answer");
    // The loader looks every 20 ms; a slow machine gets room.
    assert!(last < asked + 20, "{last}, asked at {asked}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_goes_before_the_notices_that_wait_for_its_provider() {
    let settings =
        format!("{NO_BREAKER}\n[providers.slow]\nper_second = 10\ndomains = [\"slow.example\"]");
    let people = (0..60).map(|n| format!("p{n}@slow.example"));
    let (house, scene) = launched(&settings, people).await;
    let sending = Sending::start(&house, house.routes(4));
    house
        .until(
            "the campaign is under way",
            "select count(*) from outcome where settled",
        )
        .await;
    asks(&house, &scene, 59).await;
    let asked = house.mail.sent().len();
    house.until("the answer left", SENT).await;
    let sent = house.mail.sent().len();
    sending.drop_all().await;
    // All the others were parked, the last for six seconds.
    assert!(sent < asked + 20, "{sent}, asked at {asked}");
    assert!(sent < 60, "{sent}");
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_use_the_connections_of_the_relay_and_leave_at_full_rate() {
    let people = (0..300).map(|n| format!("p{n}@d{n}.example"));
    let (house, scene) = launched(NO_BREAKER, people).await;
    let server = serve(OFFERS, |_, _| Act::Usual).await;
    let sending = Sending::start(&house, vec![route("main", &server, 1, false)]);
    for n in 0..3 {
        asks(&house, &scene, n).await;
    }
    house.until_idle().await;
    sending.end().await;
    assert_eq!(server.texts().len(), 303);
    assert_eq!(server.connections(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_leave_while_campaigns_are_paused() {
    let (house, scene) = launched(NO_BREAKER, ["ann@home.example".to_owned()]).await;
    let campaign = house.raw().await;
    let campaign = campaign
        .query_one("select id from campaign", &[])
        .await
        .unwrap();
    let campaign = CampaignId::from_uuid(campaign.get(0));
    let by = Actor::Staff(scene.comms);
    hold::pause(&house.app, by, campaign, Some("a mistake"))
        .await
        .unwrap();
    asks(&house, &scene, 0).await;
    let server = serve(OFFERS, |_, _| Act::Usual).await;
    house
        .send_through(vec![route("main", &server, 1, false)])
        .await;
    assert_eq!((house.number(SENT).await, server.texts().len()), (1, 1));
}
