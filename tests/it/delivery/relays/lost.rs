//! Of two relays one loses or defers every message, and the other one accepts them.

use std::time::Duration;

use candor::actor::Actor;
use candor::campaign::{self, CampaignStatus, hold};
use candor::deployment::Why;
use candor::deployment::watch::suspect;
use candor::id::CampaignId;
use candor::mail::memory::MemoryRelay;
use candor::mail::{Relay, Reply};
use candor::staff::StaffRole::Comms;
use chrono::TimeDelta;
use serde_json::json;

use super::route;
use crate::client::Site;
use crate::house::House;
use crate::mail::scripted::{Act, serve};
use crate::sending::{Sending, csv, launched};

/// So strict that a few results of one kind would pause a campaign.
const STRICT: &str = "[breaker]\nwindow = 100\nleast = 20\nerror_pause_percent = 5\n\
    [mail]\nbatch = 20\naway_seconds = 600";

fn people(n: usize) -> impl Iterator<Item = String> {
    (0..n).map(|n| format!("p{n}@d{}.example", n % 7))
}

fn lost() -> Reply {
    Reply::Unknown {
        why: "the connection was closed before an answer to the text came".to_owned(),
    }
}

fn deferred() -> Reply {
    Reply::heard(450, "4.3.0 Error: command failed", None)
}

async fn only(house: &House) -> CampaignId {
    let raw = house.raw().await;
    let row = raw.query_one("select id from campaign", &[]).await.unwrap();
    CampaignId::from_uuid(row.get(0))
}

async fn stands(house: &House) -> (CampaignStatus, String) {
    let id = only(house).await;
    let mut conn = house.app.db.get().await.unwrap();
    let campaign = campaign::store::find(&mut conn, id).await.unwrap();
    (campaign.status, campaign.status_reason.unwrap_or_default())
}

fn two(house: &House, bad: &MemoryRelay) -> Vec<candor::worker::Route> {
    vec![
        route(Relay::Memory(house.mail.clone()), false),
        route(Relay::Memory(bad.clone()), false),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_loses_messages_after_their_text_is_held_and_no_campaign_counts_it() {
    let (house, _) = launched(STRICT, people(120)).await;
    let bad = MemoryRelay::new("second");
    bad.answer_by(|_| Some(lost()));
    let mut routes = two(&house, &bad);
    // The good relay leaves enough to the other one.
    routes[0].rate_per_second = 50;
    routes[1].connections = 8;
    let sending = Sending::start(&house, routes);
    house.until_idle().await;
    let uncertain = "select count(*) from outcome where settled and result = 'uncertain'";
    let uncertain = house.number(uncertain).await;
    sending.end().await;
    // Five in a row, and the messages on the other connections.
    assert!((5..=12).contains(&uncertain), "{uncertain}");
    let held = house.app.metrics.held_until.with_label_values(&["second"]);
    assert!(held.get() > 0, "it is away");
    assert_eq!(house.in_state("sent").await, 120 - uncertain);
    let (status, reason) = stands(&house).await;
    assert_eq!(status, CampaignStatus::Sending, "{reason}");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_only_relay_loses_every_message_after_its_text_the_campaign_is_paused() {
    let settings = "[breaker]\nwindow = 100\nleast = 12\n[mail]\nbatch = 20\naway_seconds = 1";
    let (house, _) = launched(settings, people(200)).await;
    house.mail.answer_by(|_| Some(lost()));
    let mut routes = vec![route(Relay::Memory(house.mail.clone()), false)];
    routes[0].connections = 8;
    let sending = Sending::start(&house, routes);
    let paused = "select count(*) from campaign where status = 'paused'";
    house.until("the campaign is paused", paused).await;
    sending.end().await;
    let (_, reason) = stands(&house).await;
    assert!(reason.ends_with("were deferred (relay memory)"), "{reason}");
    // Each lost message counts, also those of the other connections while the relay is held: two or three rounds.
    let uncertain = "select count(*) from outcome where settled and result = 'uncertain'";
    let uncertain = house.number(uncertain).await;
    assert!((12..=40).contains(&uncertain), "{uncertain}");
}

#[tokio::test(flavor = "multi_thread")]
async fn losses_between_answers_count_for_the_campaign() {
    let (house, _) = launched(STRICT, people(300)).await;
    let mut n = 0;
    house.mail.answer_by(move |_| {
        n += 1;
        (n % 2 == 0).then(lost)
    });
    let routes = vec![route(Relay::Memory(house.mail.clone()), false)];
    let sending = Sending::start(&house, routes);
    let paused = "select count(*) from campaign where status = 'paused'";
    house.until("the campaign is paused", paused).await;
    sending.end().await;
    let (_, reason) = stands(&house).await;
    assert!(reason.ends_with("were deferred (relay memory)"), "{reason}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_defers_everything_while_another_accepts_is_held_and_not_the_campaign() {
    let (house, _) = launched(STRICT, people(300)).await;
    let bad = MemoryRelay::new("second");
    bad.answer_by(|_| Some(deferred()));
    let sending = Sending::start(&house, two(&house, &bad));
    house.until_idle().await;
    let deferred = house.in_state("deferred").await;
    // Ten in a row, and the message on the other connection.
    assert!((10..=11).contains(&deferred), "{deferred}");
    assert_eq!(house.in_state("sent").await, 300 - deferred);
    let (status, reason) = stands(&house).await;
    assert_eq!(status, CampaignStatus::Sending, "{reason}");
    sending.end().await;
    // They are sent at their next attempt.
    house.app.clock.advance(TimeDelta::hours(1));
    house.send_all().await;
    assert_eq!(house.in_state("sent").await, 300);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_all_relays_defer_everything_the_campaign_is_paused_and_the_reason_names_them() {
    let (house, _) = launched(STRICT, people(300)).await;
    let bad = MemoryRelay::new("second");
    for relay in [&house.mail, &bad] {
        relay.answer_by(|_| Some(deferred()));
    }
    let sending = Sending::start(&house, two(&house, &bad));
    let paused = "select count(*) from campaign where status = 'paused'";
    house.until("the campaign is paused", paused).await;
    sending.end().await;
    let (_, reason) = stands(&house).await;
    assert!(
        reason.contains("were deferred (relay ") && reason.contains("second"),
        "{reason}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_have_arrived_and_waits_for_its_next_try_is_said_with_its_number() {
    let (house, _) = launched("", people(12)).await;
    let site = Site::open(&house.app).await;
    let (program, browser) = (
        site.program(&[Comms]).await,
        site.signed_in("Cora", &[Comms]).await,
    );
    house
        .mail
        .answer_by(|letter| match letter.recipient.domain() {
            "d1.example" => Some(lost()),
            "d2.example" => Some(deferred()),
            _ => None,
        });
    house.send_all().await;
    let all = program.get("/campaigns").json();
    let campaign = &all["items"][0];
    assert_eq!(campaign["counts"]["deferred"], 4);
    assert_eq!(campaign["maybe_arrived"], 2);
    let at = format!("/console/campaigns/{}", campaign["id"].as_str().unwrap());
    let page = browser.get(&at).body;
    assert!(
        page.contains("<b>2</b> of those queued or deferred may have arrived"),
        "{page}"
    );

    house.mail.answer_by(|_| None);
    house.app.clock.advance(TimeDelta::hours(1));
    house.send_all().await;
    let all = program.get("/campaigns").json();
    assert_eq!(all["items"][0]["maybe_arrived"], 0);
    assert_eq!(all["items"][0]["doubled"], json!(2));
    assert!(!browser.get(&at).body.contains("may have arrived"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_campaign_that_no_sender_settles_says_so() {
    let (house, scene) = launched("", people(12)).await;
    let site = Site::open(&house.app).await;
    let (program, browser) = (
        site.program(&[Comms]).await,
        site.signed_in("Cora", &[Comms]).await,
    );
    // A sender died with a leased batch.
    house
        .sql("update batch set status = 'leased', leased_by = 'gone', lease_until = now() + interval '1 minute'")
        .await;
    let id = only(&house).await;
    hold::cancel(&house.app, scene.comms, id).await.unwrap();
    let seen = program.get(&format!("/campaigns/{id}")).json();
    assert_eq!(seen["held"], json!({"state": "no_sender"}), "{seen}");
    let page = browser.get(&format!("/console/campaigns/{id}")).body;
    let words = "12 not settled yet. Nothing is sent: no sender is running.";
    assert!(page.contains(words), "{page}");
    // A stop does not hide that.
    let by = Actor::Staff(scene.comms);
    hold::stop_everything(&house.app, by).await.unwrap();
    let seen = program.get(&format!("/campaigns/{id}")).json();
    assert_eq!(seen["held"], json!({"state": "no_sender"}), "{seen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_campaign_is_settled_despite_a_stop_pacing_and_held_relays() {
    let (house, scene) = launched("", people(12)).await;
    let site = Site::open(&house.app).await;
    let (program, browser) = (
        site.program(&[Comms]).await,
        site.signed_in("Cora", &[Comms]).await,
    );
    let id = only(&house).await;
    house
        .sql(
            "update campaign_pace set percent = 0, reason = 'It holds.';
             insert into sender (id, node, seen_at, relays, campaigns) values (gen_random_uuid(), 'n',
                 now() + interval '1 hour', '[{\"name\": \"a\", \"connections\": 0,
                 \"held_until\": \"2999-01-01T12:34:56Z\", \"why\": \"blocked\"}]', '{}')",
        )
        .await;
    let by = Actor::Staff(scene.comms);
    hold::stop_everything(&house.app, by).await.unwrap();
    let seen = || program.get(&format!("/campaigns/{id}")).json()["held"].clone();
    assert_eq!(seen()["state"], "stopped");
    hold::cancel(&house.app, scene.comms, id).await.unwrap();
    assert_eq!(seen(), json!(null));
    let page = || browser.get(&format!("/console/campaigns/{id}")).body;
    let words = "12 not settled yet. A sender settles them in a moment.";
    assert!(page().contains(words), "{}", page());
    // While the database is in doubt no batch is settled.
    suspect(&house.app, by, &[Why::Declared]).await.unwrap();
    assert_eq!(seen()["state"], "in_doubt");
    let words = "12 not settled yet. Sending is held: the database may be an older copy.";
    assert!(page().contains(words), "{}", page());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_have_arrived_is_not_tried_again_by_a_campaign_that_cannot_go_on() {
    let (house, scene) = launched("", people(12)).await;
    let site = Site::open(&house.app).await;
    let browser = site.signed_in("Cora", &[Comms]).await;
    house.mail.answer_by(|_| Some(lost()));
    house.send_all().await;
    let id = only(&house).await;
    let page = || browser.get(&format!("/console/campaigns/{id}")).body;
    let words = |end: &str| {
        format!(
            "<b>12</b> of those queued or deferred may have arrived: the result of an attempt is not known. {end}"
        )
    };
    let again = words("They will be tried again.");
    assert!(page().contains(&again), "{}", page());
    // A new list before the audience is complete: the campaign cannot be resumed.
    house
        .sql("update campaign_freeze set done = false where bucket = 0")
        .await;
    let by = Actor::Staff(scene.comms);
    hold::pause(&house.app, by, id, None).await.unwrap();
    scene.import(&house, &csv(people(12))).await;
    let never = words("They are not sent again by this campaign.");
    assert!(page().contains(&never), "{}", page());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_behind_a_slow_answer_goes_by_another_connection_of_the_same_relay() {
    let (house, _) = launched("", people(8)).await;
    let mut texts = 0;
    let server = serve(&["PIPELINING", "8BITMIME", "SMTPUTF8"], move |_, at| {
        texts += usize::from(at == "TEXT");
        match at == "TEXT" && texts == 1 {
            true => Act::Late(Duration::from_secs(60)),
            false => Act::Usual,
        }
    })
    .await;
    let url = format!("smtp://127.0.0.1:{}", server.port);
    let relay = Relay::from_url("slow", &url).expect("a relay");
    let sending = Sending::start(&house, vec![route(relay, false)]);
    let others = "select n / 7 from (select count(*) as n from outcome where settled and result = 'accepted') o";
    house.until("the others are sent", others).await;
    let open = "select count(*) from outcome where not settled and not exists (select from outcome o \
        where o.notice_id = outcome.notice_id and o.settled)";
    assert_eq!(house.number(open).await, 1, "the first waits still");
    // Messages that still wait for their answer are dropped.
    sending.drop_all().await;
}
